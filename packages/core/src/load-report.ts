/**
 * What an endpoint says about itself with a response: Open Request Cost Aggregation (ORCA) over plain HTTP, in the field
 * `endpoint-load-metrics` that Envoy and gRPC know. Reports are hints from outside: whatever is not a number in range counts as not said.
 *
 * Read are `TEXT name=value, name=value` (also with `:`, as Envoy once had it) and `JSON {...}` with the names of the ORCA message in
 * either of protobuf's two spellings. `BIN` (the message in base64) is not read.
 * @see https://github.com/cncf/xds/blob/main/xds/data/orca/v3/orca_load_report.proto
 */

/** An endpoint's last report. NaN stands for what it did not say. */
export interface LoadReport {
  /** When it came, in ms on the cluster's clock. */
  readonly receivedAt: number;
  /** Requests that the endpoint is working on or has queued, this client's included. */
  readonly inflight: number;
  /** Median of its recent latencies in ms at about as many requests in flight. */
  readonly latencyMs: number;
  /** How busy it is, 0 for idle, 1 for at its limit; may be more. `application_utilization`, else `cpu_utilization`. */
  readonly utilization: number;
  readonly requestsPerSecond: number;
  readonly errorsPerSecond: number;
  /** Share of the time that its event loop was not idle, 0..1. */
  readonly loopUtilization: number;
  /** How late its event loop runs timers, in ms. */
  readonly loopDelayMs: number;
  /** How long its oldest waiting request has waited, in ms. */
  readonly queueAgeMs: number;
  /** It is about to stop. */
  readonly isDraining: boolean;
}

/** The header field that carries a report. */
export const LOAD_REPORT_FIELD = 'endpoint-load-metrics';

/** A longer value is not looked at. */
const MAX_LENGTH = 8_192;

const APPLICATION = 0;
const CPU = 1;
const RPS = 2;
const OLD_RPS = 3;
const EPS = 4;
const RIF = 5;
const LATENCY = 6;
const LOOP_UTILIZATION = 7;
const LOOP_DELAY = 8;
const QUEUE_AGE = 9;
const DRAINING = 10;

const NAMED = 'named_metrics.';
const DAY_MS = 86_400_000;
/** By the numbers above: names as in the ORCA message. A number past its maximum is no measurement but a mistake, or a trap. */
const METRICS: readonly (readonly [name: string, max: number])[] = [
  ['application_utilization', 1_000],
  ['cpu_utilization', 1_000],
  ['rps_fractional', 1e9],
  ['rps', 1e9],
  ['eps', 1e9],
  [`${NAMED}rif`, 1e9],
  [`${NAMED}latency_ms`, DAY_MS],
  [`${NAMED}loop_utilization`, 1],
  [`${NAMED}loop_delay_ms`, DAY_MS],
  [`${NAMED}queue_age_ms`, DAY_MS],
  [`${NAMED}draining`, 1],
];
const MAX: readonly number[] = METRICS.map(([, max]) => max);

/** The metrics by the length of their names, which nearly tells them apart. */
const BY_LENGTH: readonly (readonly number[] | undefined)[] = Array.from({ length: 33 }, (_, length) => {
  const metrics = METRICS.map((_metric, index) => index).filter((index) => METRICS[index]![0].length === length);
  return metrics.length === 0 ? undefined : metrics;
});

/** The names in JSON: whether among the named metrics, in the spelling of the `.proto` file, and in lowerCamelCase. */
const JSON_NAMES: readonly (readonly [isNamed: boolean, name: string, camelName: string])[] = METRICS.map(([name]) => {
  const isNamed = name.startsWith(NAMED);
  // What is a key of a map, and not a field, has one spelling.
  return isNamed ? [true, name.slice(NAMED.length), name.slice(NAMED.length)] : [false, name, camelCase(name)];
});

/** What is read before it becomes a report; shared, since nothing here waits. */
const figures = new Float64Array(METRICS.length);
/** Bits of the metrics that were said, so that one said twice is noticed. */
let said = 0;

/** Reads a value of `endpoint-load-metrics`; undefined if it says nothing that can be used. Never throws. O(length). */
export function parseLoadReport(value: string, now: number): LoadReport | undefined {
  if (value.length > MAX_LENGTH) return undefined;
  figures.fill(NaN);
  said = 0;
  const from = skipSpaces(value, 0, value.length);
  if (isWord(value, from, 'text ')) readText(value, from + 5);
  else if (isWord(value, from, 'json ')) readJson(value.slice(from + 5));
  return reportOf(now);
}

function reportOf(now: number): LoadReport | undefined {
  let isEmpty = true;
  for (let i = 0; i < figures.length; i++) if (figures[i] === figures[i]) isEmpty = false;
  if (isEmpty) return undefined;
  const utilization = figures[APPLICATION]! > 0 ? figures[APPLICATION]! : figures[CPU]!;
  const rate = figures[RPS]!;
  return {
    receivedAt: now,
    inflight: figures[RIF]!,
    latencyMs: figures[LATENCY]!,
    // Nobody who answers is at 0: that is what is sent where nothing is measured.
    utilization: utilization > 0 ? utilization : NaN,
    requestsPerSecond: rate === rate ? rate : figures[OLD_RPS]!,
    errorsPerSecond: figures[EPS]!,
    loopUtilization: figures[LOOP_UTILIZATION]!,
    loopDelayMs: figures[LOOP_DELAY]!,
    queueAgeMs: figures[QUEUE_AGE]!,
    isDraining: figures[DRAINING]! > 0,
  };
}

/** Takes in one figure. What is said twice is not said: there is no telling which of the two is meant. */
function note(metric: number, value: number): void {
  const isInRange = value >= 0 && value <= MAX[metric]! && (said & (1 << metric)) === 0;
  figures[metric] = isInRange ? value : NaN;
  said |= 1 << metric;
}

function readText(text: string, start: number): void {
  let from = start;
  while (from < text.length) {
    let end = from;
    let equals = -1;
    for (; end < text.length; end++) {
      const code = text.charCodeAt(end);
      if (code === COMMA) break;
      if (equals < 0 && (code === EQUALS || code === COLON)) equals = end;
    }
    if (equals >= 0) readEntry(text, from, equals, end);
    from = end + 1;
  }
}

function readEntry(text: string, start: number, equals: number, end: number): void {
  const from = skipSpaces(text, start, equals);
  const to = trimSpaces(text, from, equals);
  const metrics = BY_LENGTH[to - from];
  if (metrics === undefined) return;
  for (let i = 0; i < metrics.length; i++) {
    const metric = metrics[i]!;
    if (!isWord(text, from, METRICS[metric]![0])) continue;
    const valueFrom = skipSpaces(text, equals + 1, end);
    return note(metric, numberAt(text, valueFrom, trimSpaces(text, valueFrom, end)));
  }
}

function readJson(text: string): void {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return;
  }
  if (!isObject(message)) return;
  const named = fieldOf(message, 'named_metrics', 'namedMetrics');
  for (let metric = 0; metric < JSON_NAMES.length; metric++) {
    const [isNamed, name, camelName] = JSON_NAMES[metric]!;
    const value = fieldOf(isNamed ? named : message, name, camelName);
    if (typeof value === 'number') note(metric, value);
    // Protobuf's JSON has 64-bit integers in quotes, and accepts any number so.
    else if (typeof value === 'string') note(metric, numberAt(value, 0, value.length));
  }
}

/** A field of a protobuf message in JSON, in either spelling; undefined if it has both. */
function fieldOf(message: unknown, name: string, camelName: string): unknown {
  if (!isObject(message)) return undefined;
  const isSnake = Object.hasOwn(message, name);
  if (name !== camelName && Object.hasOwn(message, camelName)) return isSnake ? undefined : message[camelName];
  return isSnake ? message[name] : undefined;
}

function camelCase(name: string): string {
  return name.replaceAll(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase());
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const TAB = 0x09;
const SPACE = 0x20;
const COMMA = 0x2c;
const DOT = 0x2e;
const COLON = 0x3a;
const EQUALS = 0x3d;

/** True if `text` has `word` at `from`, in any case. @param word in lower case */
function isWord(text: string, from: number, word: string): boolean {
  for (let i = 0; i < word.length; i++) {
    if ((text.charCodeAt(from + i) | 0x20) !== (word.charCodeAt(i) | 0x20)) return false;
  }
  return true;
}

function skipSpaces(text: string, start: number, end: number): number {
  let from = start;
  while (from < end && isSpace(text.charCodeAt(from))) from++;
  return from;
}

function trimSpaces(text: string, start: number, end: number): number {
  let to = end;
  while (to > start && isSpace(text.charCodeAt(to - 1))) to--;
  return to;
}

function isSpace(code: number): boolean {
  return code === SPACE || code === TAB;
}

/** Digits that a double holds without rounding. */
const EXACT_DIGITS = 15;
const POWERS: readonly number[] = Array.from({ length: EXACT_DIGITS + 1 }, (_, power) => 10 ** power);

/** The decimal number in `from`..`to`; NaN if it is none, or negative. Plain numbers are read without a substring. */
function numberAt(text: string, from: number, to: number): number {
  let digits = 0;
  let dot = -1;
  for (let i = from; i < to; i++) {
    const code = text.charCodeAt(i);
    if (code === DOT && dot < 0) dot = i;
    else if (code >= 0x30 && code <= 0x39) digits = digits * 10 + (code - 0x30);
    else return unusualNumber(text.slice(from, to));
  }
  const length = to - from - (dot < 0 ? 0 : 1);
  if (length < 1) return NaN;
  if (length > EXACT_DIGITS) return unusualNumber(text.slice(from, to));
  return dot < 0 ? digits : digits / POWERS[to - dot - 1]!;
}

/** With an exponent, a sign, or many digits. `Number` alone would also take hexadecimal ones and the empty text. */
function unusualNumber(text: string): number {
  return /^\+?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text) ? Number(text) : NaN;
}

/** What an endpoint can say about itself. What is NaN or missing is left out. */
export type LoadFigures = Partial<Omit<LoadReport, 'receivedAt'>>;

/** The value of `endpoint-load-metrics` that says it, to three decimals; empty if they say nothing. */
export function formatLoadReport(given: LoadFigures): string {
  const text =
    entry(APPLICATION, given.utilization || NaN) +
    entry(RPS, given.requestsPerSecond) +
    entry(EPS, given.errorsPerSecond) +
    entry(RIF, given.inflight) +
    entry(LATENCY, given.latencyMs) +
    entry(LOOP_UTILIZATION, given.loopUtilization) +
    entry(LOOP_DELAY, given.loopDelayMs) +
    entry(QUEUE_AGE, given.queueAgeMs) +
    (given.isDraining === true ? entry(DRAINING, 1) : '');
  return text === '' ? '' : `TEXT ${text.slice(1)}`;
}

function entry(metric: number, value: number | undefined): string {
  if (value === undefined || !(value >= 0 && value <= MAX[metric]!)) return '';
  return `,${METRICS[metric]![0]}=${Math.round(value * 1_000) / 1_000}`;
}

/**
 * The value of `endpoint-load-metrics` among fields as they were on the wire: name, value, name, value, Buffers in latin1. The first one
 * counts. Undefined, after a comparison of lengths per field, if there is none; allocates nothing then.
 */
export function loadReportIn(rawHeaders: readonly (Buffer | string)[]): string | undefined {
  for (let i = 0; i < rawHeaders.length - 1; i += 2) {
    const name = rawHeaders[i]!;
    if (name.length !== LOAD_REPORT_FIELD.length || !isFieldName(name)) continue;
    const value = rawHeaders[i + 1]!;
    return typeof value === 'string' ? value : value.toString('latin1');
  }
  return undefined;
}

function isFieldName(name: Buffer | string): boolean {
  if (typeof name === 'string') return isWord(name, 0, LOAD_REPORT_FIELD);
  for (let i = 0; i < LOAD_REPORT_FIELD.length; i++) {
    if ((name[i]! | 0x20) !== (LOAD_REPORT_FIELD.charCodeAt(i) | 0x20)) return false;
  }
  return true;
}

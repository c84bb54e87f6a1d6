/**
 * Puts what a `LoadMeter` measures on every response of a `node:http` server, below any framework: all ways of answering end in
 * `writeHead`, so a head is stamped at the moment it is written, whoever writes it.
 */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { LOAD_REPORT_FIELD } from '../load-report.ts';
import { functionOf, objectWith, resolveOptions, v } from '../options.ts';
import { loadMeter } from './load-meter.ts';
import type { LoadMeter } from './load-meter.ts';

/** What is measured, and who is told. */
export interface LoadReporterOptions<Request> {
  /** Share one among all servers of a process. @default a meter of its own, which lives as long as the process */
  readonly meter?: LoadMeter;
  /**
   * Who may see the figures: balancers of one's own. Others are counted and told nothing. Asked once per request, when it arrives.
   * @default everybody
   */
  readonly isTrusted?: (request: Request) => boolean;
}

/** Counts a request and stamps its response; called once for each, before anything is written. */
export type LoadReporter<Request> = (request: Request, res: ServerResponse) => void;

const schema = v.strictObject({
  meter: v.optional(objectWith<LoadMeter>('a load meter', 'begin', 'headSent', 'end', 'header')),
  isTrusted: v.optional(functionOf<(request: never) => boolean>()),
});

/** On a response that is counted already, as in an app within an app. */
const COUNTED = Symbol('counted');

interface Marked extends ServerResponse {
  [COUNTED]?: boolean;
}

/**
 * What `reportLoad()` of the adapters is made of, and all that a plain `node:http` server needs.
 * @param where the public function whose argument `options` is
 * @throws INVALID_OPTIONS
 */
export function loadReporter<Request>(
  options: LoadReporterOptions<Request> = {},
  where: string = 'loadReporter',
): LoadReporter<Request> {
  const { meter: given, isTrusted } = resolveOptions(where, schema, options) as LoadReporterOptions<Request>;
  const meter = given ?? loadMeter();
  return function report(request, res) {
    // Closed: its client left before this was reached, and nothing would tell when it is over.
    if (res.closed || (res as Marked)[COUNTED] === true) return;
    const isTold = isTrusted === undefined || isTrusted(request);
    (res as Marked)[COUNTED] = true;
    const ticket = meter.begin();
    onHead(res, (parameters) => {
      meter.headSent(ticket);
      if (isTold) stamp(res, parameters, meter.header());
    });
    onOver(res, () => meter.end(ticket, res.headersSent && res.statusCode >= 500));
  };
}

/** Calls `task` with the arguments of `writeHead`, which it may change, before the head is written; again if that was refused. */
function onHead(res: ServerResponse, task: (parameters: unknown[]) => void): void {
  const { writeHead } = res;
  function hooked(...parameters: unknown[]): unknown {
    if (!res.headersSent) task(parameters);
    return Reflect.apply(writeHead, res, parameters);
  }
  res.writeHead = hooked as ServerResponse['writeHead'];
}

/** What is to be done for responses that have no socket yet, by the socket that they wait for: one listener, however many there are. */
const waiting = new WeakMap<Socket, Set<() => void>>();

/**
 * Calls `task` once when the response is over, whole or not. A response without a socket never closes if it does not get one: it is
 * behind others in a pipeline whose client leaves, or was made by hand for an upgrade. But the client's socket does.
 */
function onOver(res: ServerResponse, task: () => void): void {
  if (res.socket !== null) {
    res.once('close', task);
    return;
  }
  const tasks = tasksOf(res.req.socket);
  function over(): void {
    if (tasks.delete(over)) task();
  }
  tasks.add(over);
  res.once('close', over);
}

function tasksOf(socket: Socket): Set<() => void> {
  const known = waiting.get(socket);
  if (known !== undefined) return known;
  const tasks = new Set<() => void>();
  waiting.set(socket, tasks);
  socket.once('close', () => {
    for (const task of tasks) task();
  });
  return tasks;
}

/**
 * Adds the field where the others are: `setHeader` before a `writeHead` with fields would change what becomes of those (Node keeps
 * the repeated names of an array only if none was set before). A field that the application has set stays.
 */
function stamp(res: ServerResponse, parameters: unknown[], value: string): void {
  if (res.hasHeader(LOAD_REPORT_FIELD)) return;
  const place = typeof parameters[1] === 'string' || (parameters[2] ?? undefined) !== undefined ? 2 : 1;
  const fields = parameters[place];
  if (Array.isArray(fields)) {
    const isNested = Array.isArray(fields[0]);
    const names = isNested ? fields.map((pair: unknown[]) => pair[0]) : fields.filter((_, index) => index % 2 === 0);
    if (names.some(isReportField)) return;
    parameters[place] = isNested ? [...fields, [LOAD_REPORT_FIELD, value]] : [...fields, LOAD_REPORT_FIELD, value];
  } else if (typeof fields === 'object' && fields !== null) {
    if (!Object.keys(fields).some(isReportField)) parameters[place] = { ...fields, [LOAD_REPORT_FIELD]: value };
  } else res.setHeader(LOAD_REPORT_FIELD, value);
}

function isReportField(name: unknown): boolean {
  return (
    typeof name === 'string' && name.length === LOAD_REPORT_FIELD.length && name.toLowerCase() === LOAD_REPORT_FIELD
  );
}

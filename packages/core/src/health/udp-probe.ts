/**
 * Sends the endpoint one datagram and looks at what comes back.
 *
 * When: services that speak UDP and answer something to something: DNS, QUIC, game servers. When not: the service answers
 * nothing. Then all that can be told is that no "port unreachable" came back, and a machine that is gone, or a firewall that
 * drops, looks well.
 * Source: keepalived's UDP_CHECK (keepalived.conf, `require_reply`).
 */
import type { Endpoint } from '../endpoint.ts';
import { resolveOptions, v } from '../options.ts';
import type { Probe, ProbeIo, ProbeTiming } from './probe.ts';
import { probePort } from './probe-target.ts';
import { timingEntries, timingOf } from './probe-timing.ts';

/** What to send, what to expect, and when. */
export interface UdpProbeOptions extends Partial<ProbeTiming> {
  /** 1..65535. */
  readonly port: number;
  /** What to send; text as UTF-8; at most 65,507 bytes, and wise only up to about 1,200. @default an empty datagram */
  readonly payload?: string | Uint8Array;
  /** A part of the answer, as text or bytes, or a pattern that it matches as UTF-8 text. @default any answer */
  readonly answer?: string | RegExp | Uint8Array;
  /** False if nothing need come back; then each probe takes the whole of `timeoutMs`. @default true */
  readonly isAnswered?: boolean;
}

const MAX_PAYLOAD_BYTES = 65_507;
const PAYLOAD = `a string or bytes, at most ${MAX_PAYLOAD_BYTES} bytes`;
const UNASKED = 'left out if `isAnswered` is false';

const schema = v.pipe(
  v.strictObject({
    ...timingEntries,
    port: probePort,
    payload: v.optional(
      v.pipe(
        v.union([v.string(), v.instance(Uint8Array)], PAYLOAD),
        v.check((given) => bytesOf(given).length <= MAX_PAYLOAD_BYTES, PAYLOAD),
      ),
      '',
    ),
    answer: v.optional(
      v.union([v.string(), v.instance(RegExp), v.instance(Uint8Array)], 'a string, a regular expression or bytes'),
    ),
    isAnswered: v.optional(v.boolean('true or false'), true),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed || dataset.value.isAnswered || dataset.value.answer === undefined) return;
    const { answer } = dataset.value;
    const path: [v.ObjectPathItem] = [
      { type: 'object', origin: 'value', input: { ...dataset.value }, key: 'answer', value: answer },
    ];
    addIssue({ message: UNASKED, input: answer, path });
  }),
);

/** Passes if the expected answer comes within `timeoutMs`. @throws INVALID_OPTIONS */
export function udpProbe(options: UdpProbeOptions): Probe {
  const { port, payload, answer, isAnswered, ...given } = resolveOptions('udpProbe', schema, options);
  const timing = timingOf(given);
  const request = { port, payload: bytesOf(payload), isAnswered };
  const isExpected = answerTest(answer);
  async function check(endpoint: Endpoint, io: ProbeIo): Promise<void> {
    const bytes = await io.datagram(endpoint, request, timing.timeoutMs);
    if (!isExpected(bytes)) throw new Error(`UDP port ${port} gave ${bytes.length} bytes that are not as expected`);
  }
  return { name: 'udp', ...timing, check };
}

function bytesOf(given: string | Uint8Array): Uint8Array {
  // A copy, so that the caller may go on with the buffer.
  return typeof given === 'string' ? new TextEncoder().encode(given) : Uint8Array.from(given);
}

function answerTest(expected: string | RegExp | Uint8Array | undefined): (bytes: Uint8Array) => boolean {
  if (expected === undefined) return () => true;
  if (!(expected instanceof RegExp)) {
    const wanted = bytesOf(expected);
    return (bytes) => includesBytes(bytes, wanted);
  }
  // With the flags g or y a RegExp remembers where it stopped, and every second probe would fail.
  const pattern = new RegExp(expected.source, expected.flags.replace(/[gy]/g, ''));
  return (bytes) => pattern.test(new TextDecoder().decode(bytes));
}

function includesBytes(bytes: Uint8Array, wanted: Uint8Array): boolean {
  for (let at = 0; at + wanted.length <= bytes.length; at++) {
    if (wanted.every((byte, i) => bytes[at + i] === byte)) return true;
  }
  return false;
}

/**
 * The request fuzzer: sends what a case says through the proxy, and holds what has reached the endpoint against what Node reads from the
 * very bytes of the client. Whatever the client did, the endpoint hears requests that were really there, each once, whole and unambiguous.
 */
import { EndpointEar, serialOf } from './endpoint-ear.ts';
import type { Heard } from './endpoint-ear.ts';
import { escaped } from './fuzz.ts';
import type { Fuzzer } from './fuzz.ts';
import { check, comes, connect, Finding, inflightOf, startLane, writeCut } from './lane.ts';
import type { Client, Lane, LaneOptions } from './lane.ts';
import { masked, nodeReader } from './node-reading.ts';
import type { ReadRequest } from './node-reading.ts';
import { Malformed, readResponse, valuesOf } from './reader.ts';
import type { Message } from './reader.ts';
import { requestCase } from './request-grammar.ts';
import type { RequestCase } from './request-grammar.ts';
import { checkFields, hasFieldsOf, isSame } from './request-rules.ts';

const readByNode = nodeReader();

/** Statuses with which a proxy blames the endpoint, or itself; nothing that a client sends may bring them about. */
const BLAMES_OTHERS: ReadonlySet<number> = new Set([500, 502, 503, 504]);

export function requestFuzzer(options: LaneOptions = {}): Fuzzer<RequestCase> {
  return {
    name: 'requests',
    arbitrary: requestCase,
    async start() {
      const ear = new EndpointEar();
      const lane = await startLane(ear, options);
      return { run: (given) => runCase(lane, ear, given), close: () => lane.close() };
    },
    bytesOf: ({ bytes }) => bytes,
    plain: ({ ending }, bytes) => ({ bytes, cuts: [], ending }),
    show: ({ bytes, cuts, ending }) => `${escaped(bytes)}, cut at ${JSON.stringify(cuts)}, the client ${ending}`,
  };
}

async function runCase(lane: Lane, ear: EndpointEar, { bytes, cuts, ending }: RequestCase): Promise<string[]> {
  const reading = readByNode();
  reading.feed(masked(bytes));
  const isBroken = reading.hasError;
  await reading.finish();
  const sent = reading.requests;

  const client = await connect(lane.front);
  await writeCut(client.socket, bytes, cuts);
  const answers = new Answers(client, sent);
  if (ending === 'leaves') client.socket.resetAndDestroy();
  else if (ending === 'half-closes') client.socket.end();
  else {
    const awaited = isBroken ? Infinity : awaitedOf(sent);
    await comes(() => client.isOver || answers.read().length >= awaited, `the answer to one of ${awaited} requests`);
    client.socket.end();
  }
  await comes(() => client.isOver, 'the end of the connection to the client');
  client.socket.destroy();
  await comes(() => inflightOf(lane) === 0, 'the end of all that is in flight');

  const told = answers.read();
  if (told.length < sent.length) await lane.settle();
  const heard = await ear.take();
  for (const { status } of told) check(!BLAMES_OTHERS.has(status), () => `the client is told ${status}`);
  matchAnswers(told, sent, heard);
  return [...told.map(({ status }) => `answered ${status}`), ...heard.map(() => 'heard')];
}

/** How many answers are sure to come: behind a request for another protocol there may be none. */
function awaitedOf(sent: readonly ReadRequest[]): number {
  const end = sent.findIndex(({ isUpgrade, isWhole }) => isUpgrade || !isWhole);
  return end < 0 ? sent.length : end + (sent[end]!.isWhole ? 1 : 0);
}

/** The answers on a client's connection. */
class Answers {
  private readonly client: Client;
  private readonly sent: readonly ReadRequest[];
  private readonly whole: Message[] = [];
  private at = 0;

  constructor(client: Client, sent: readonly ReadRequest[]) {
    this.client = client;
    this.sent = sent;
  }

  /** The final ones that are there whole. @throws Finding if what comes is no answer */
  read(): readonly Message[] {
    const { client, sent, whole } = this;
    try {
      while (this.at < client.received.length) {
        const method = sent[whole.length]?.method ?? 'GET';
        const message = readResponse(client.received, this.at, method, client.isOver);
        if (message === undefined) break;
        this.at = message.end;
        if (message.status >= 200) whole.push(message);
      }
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      throw new Finding(`the client gets ${error.message}`, { cause: error });
    }
    const surplus = whole.slice(sent.length);
    check(
      surplus.length <= 1 && surplus.every(({ status }) => status >= 400),
      () => 'the client gets one answer too many',
    );
    return whole;
  }
}

/** Finds the request that the client sent for each one that was heard. @throws Finding if there is none, or not this one */
function matchAnswers(told: readonly Message[], sent: readonly ReadRequest[], heard: readonly Heard[]): void {
  const rest = new Set(sent);
  const bySerial = new Map(heard.map((request) => [request.serial, request]));
  for (const [i, answer] of told.entries()) {
    const serial = serialOf(answer);
    if (serial === undefined) {
      if (isInTurn(answer) && sent[i] !== undefined) rest.delete(sent[i]);
      // What is behind a refusal on its connection is no request.
      if (isInTurn(answer) && valuesOf(answer.fields, 'connection').includes('close')) rest.clear();
      if (answer.status < 400) throw new Finding(`the proxy made up a ${answer.status}`);
    } else {
      const request = bySerial.get(serial);
      check(request !== undefined, () => `answer ${serial} is none of this client's`);
      checkPair(request!, sent[i]);
      rest.delete(sent[i]!);
      bySerial.delete(serial);
    }
  }
  // The client has heard nothing of these: it left, or its connection was ended before.
  for (const request of bySerial.values()) {
    const alike = [...rest].filter((candidate) => isSame(request.message, candidate));
    const match = alike.find((candidate) => hasFieldsOf(request.message, candidate)) ?? alike[0];
    checkPair(request, match);
    rest.delete(match!);
  }
}

/** Node's own refusals, but for that of an expectation, come ahead of answers to earlier requests; the proxy's are not to be cached. */
function isInTurn({ status, fields }: Message): boolean {
  return status === 417 || valuesOf(fields, 'cache-control').includes('no-store');
}

function checkPair({ message }: Heard, sent: ReadRequest | undefined): void {
  check(
    sent !== undefined && isSame(message, sent),
    () =>
      `the endpoint hears ${JSON.stringify([message.start, message.body.slice(0, 200)])}, the client sent ${JSON.stringify(sent)?.slice(0, 800)}`,
  );
  checkFields(message, sent!);
}

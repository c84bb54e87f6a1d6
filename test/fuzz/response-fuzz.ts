/**
 * The response fuzzer: an endpoint says what a case tells it to, and the client gets exactly one response to its own request, the endpoint's or
 * the proxy's, or the end of its connection. Whoever asks next, on whichever connection, gets what is theirs.
 */
import { EndpointMouth } from './endpoint-mouth.ts';
import { escaped } from './fuzz.ts';
import type { Fuzzer } from './fuzz.ts';
import { check, comes, connect, Finding, inflightOf, startLane } from './lane.ts';
import type { Client, Lane, LaneOptions } from './lane.ts';
import { nodeVerdict } from './node-client.ts';
import { Malformed, readResponse, valuesOf } from './reader.ts';
import type { Message } from './reader.ts';
import { responseCase } from './response-grammar.ts';
import type { ResponseCase } from './response-grammar.ts';
import { checkTold } from './response-rules.ts';
import { turn } from '../conformance/wire.ts';

/** An endpoint that neither goes on nor ends is given this many turns. */
const PATIENCE_TURNS = 40;

export function responseFuzzer(options: LaneOptions = {}): Fuzzer<ResponseCase> {
  return {
    name: 'responses',
    arbitrary: responseCase,
    async start() {
      const mouth = new EndpointMouth();
      const lane = await startLane(mouth, options);
      const isUndici = options.cluster?.transport === 'undici';
      return { run: (given) => runCase(lane, mouth, given, isUndici), close: () => lane.close() };
    },
    bytesOf: ({ bytes }) => bytes,
    plain: (given, bytes) => ({ ...given, bytes, cuts: [] }),
    show: ({ bytes, ...rest }) => `${escaped(bytes)} and ${JSON.stringify(rest)}`,
  };
}

async function runCase(lane: Lane, mouth: EndpointMouth, given: ResponseCase, isUndici: boolean): Promise<string[]> {
  const { method, version } = given;
  mouth.script = given;
  const client = await connect(lane.front);
  const body =
    method === 'POST' ? 'Content-Length: 1\r\nConnection: keep-alive\r\n\r\nx' : 'Connection: keep-alive\r\n\r\n';
  client.socket.write(`${method} / ${version}\r\nHost: a.example\r\n${body}`);
  await hear(lane, mouth, client, method);
  const told = read(client, method);
  await mouth.add(given.late);
  await turn();
  await turn();
  // The next one on the same connection, if it goes on, and one on a connection of its own.
  if (told !== undefined && !client.isOver && !isClosing(told)) await askOwn(client, told.end);
  const other = await connect(lane.front);
  await askOwn(other, 0);
  client.socket.destroy();
  other.socket.destroy();
  await comes(() => inflightOf(lane) === 0, 'the end of all that is in flight');
  return [await checkTold(given, told, isUndici, () => nodeVerdict(given.bytes, method, given.ending !== 'keeps'))];
}

/** Waits for an answer or the end of it, and has the endpoint give up if neither comes. */
async function hear(lane: Lane, mouth: EndpointMouth, client: Client, method: string): Promise<void> {
  const isHeard = (): boolean => client.isOver || read(client, method) !== undefined;
  await comes(() => isHeard() || mouth.begun === mouth.said, 'the last word of the endpoint');
  for (let turns = 0; turns < PATIENCE_TURNS && !isHeard(); turns++) await turn();
  // Also on the connections of other attempts.
  await comes(
    () => {
      if (isHeard()) return true;
      if (mouth.begun === mouth.said && mouth.last?.writable === true) mouth.last.end();
      return false;
    },
    `an answer, or the end of the connection, behind ${JSON.stringify(client.received.slice(0, 300))}`,
  );
  check(inflightOf(lane) >= 0, () => 'more has ended than was begun');
}

/** The final response; undefined if it is not there whole. @throws Finding if there is more, or none can be read */
function read(client: Client, method: string): Message | undefined {
  const { received } = client;
  try {
    for (let at = 0; ;) {
      const message = readResponse(received, at, method, client.isOver && !client.isReset);
      if (message === undefined) return undefined;
      at = message.end;
      if (message.status < 200) continue;
      check(
        at === received.length,
        () => `the client gets more than its answer: ${JSON.stringify(received.slice(at, at + 300))}`,
      );
      return message;
    }
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw new Finding(`the client gets ${error.message}`, { cause: error });
  }
}

function isClosing({ start, fields }: Message): boolean {
  return start.startsWith('HTTP/1.0') || valuesOf(fields, 'connection').some((value) => /close/i.test(value));
}

let serial = 0;

/** A request whose answer nobody else can have given. */
async function askOwn(client: Client, from: number): Promise<void> {
  const own = String(++serial);
  client.socket.write(`GET /own?${own} HTTP/1.1\r\nHost: a.example\r\n\r\n`);
  let answer: Message | undefined;
  const isAnswered = (): boolean => (answer = readResponse(client.received, from, 'GET', client.isOver)) !== undefined;
  await comes(() => client.isOver || isAnswered(), 'the answer to the next request');
  const got = answer ?? (isAnswered() ? answer : undefined);
  check(got !== undefined, () => 'the next request gets no answer');
  check(
    got!.status === 200 && got!.body === own,
    () => `the next request gets ${got!.status} ${JSON.stringify(got!.body.slice(0, 200))}`,
  );
}

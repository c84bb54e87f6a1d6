/**
 * A real name server for tests: UDP on loopback, with the zone that the test gives it. It says what it is told to, also what no server should.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

export interface Service {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly target: string;
}

/** What a name has, all with the same time to live. */
interface Records {
  readonly ttl?: number;
  readonly A?: readonly string[];
  readonly AAAA?: readonly string[];
  readonly SRV?: readonly Service[];
}

export interface DnsServer extends AsyncDisposable {
  /** `127.0.0.1:port`. */
  readonly address: string;
  /** By name; what is not there is NXDOMAIN. */
  zone: Readonly<Record<string, Records | 'servfail' | 'garbage' | 'silence'>>;
  /** So far, such as `A api.test`. */
  readonly questions: string[];
}

const TYPES: Readonly<Record<number, 'A' | 'AAAA' | 'SRV'>> = { 1: 'A', 28: 'AAAA', 33: 'SRV' };
const RESPONSE = 0x8180;
const SERVFAIL = 2;
const NXDOMAIN = 3;

export async function dnsServer(zone: DnsServer['zone']): Promise<DnsServer> {
  const socket = createSocket('udp4');
  const server: DnsServer = {
    get address() {
      return `127.0.0.1:${socket.address().port}`;
    },
    zone,
    questions: [],
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => void socket.close(() => resolve()));
    },
  };
  socket.on('message', (message, { port, address }) => {
    const { name, type, question } = questionOf(message);
    server.questions.push(`${type} ${name}`);
    const entry = server.zone[name];
    if (entry === 'silence') return;
    socket.send(Buffer.concat([message.subarray(0, 2), answerTo(entry, type, question)]), port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return server;
}

function questionOf(message: Buffer): { name: string; type: 'A' | 'AAAA' | 'SRV'; question: Buffer } {
  const labels: string[] = [];
  let at = 12;
  for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length));
    at += length + 1;
  }
  const type = TYPES[message.readUInt16BE(at + 1)];
  if (type === undefined) throw new Error('a question that no test asks');
  return { name: labels.join('.'), type, question: message.subarray(12, at + 5) };
}

/** Everything after the id. */
function answerTo(
  entry: Records | 'servfail' | 'garbage' | undefined,
  type: 'A' | 'AAAA' | 'SRV',
  question: Buffer,
): Buffer {
  // Ten answers are announced and none is there.
  if (entry === 'garbage') return Buffer.concat([numbers(RESPONSE, 1, 10, 0, 0), question]);
  if (entry === undefined) return Buffer.concat([numbers(RESPONSE | NXDOMAIN, 1, 0, 0, 0), question]);
  if (entry === 'servfail') return Buffer.concat([numbers(RESPONSE | SERVFAIL, 1, 0, 0, 0), question]);
  const data = [
    ...(type === 'A' ? (entry.A ?? []).map((address) => Buffer.from(address.split('.').map(Number))) : []),
    ...(type === 'AAAA' ? (entry.AAAA ?? []).map((address) => Buffer.from(address, 'hex')) : []),
    ...(type === 'SRV' ? (entry.SRV ?? []).map(serviceData) : []),
  ];
  const answers = data.map((each) =>
    // 0xc00c points at the name in the question; class 1 is the Internet.
    Buffer.concat([
      numbers(0xc00c, question.readUInt16BE(question.length - 4), 1, 0, entry.ttl ?? 0, each.length),
      each,
    ]),
  );
  return Buffer.concat([numbers(RESPONSE, 1, answers.length, 0, 0), question, ...answers]);
}

function serviceData({ priority, weight, port, target }: Service): Buffer {
  const labels = target.split('.').filter((label) => label !== '');
  const name = labels.map((label) => Buffer.from(String.fromCharCode(label.length) + label, 'latin1'));
  return Buffer.concat([numbers(priority, weight, port), ...name, Buffer.from([0])]);
}

/** 16 bits each. */
function numbers(...values: number[]): Buffer {
  const buffer = Buffer.alloc(values.length * 2);
  values.forEach((value, index) => buffer.writeUInt16BE(value, index * 2));
  return buffer;
}

/**
 * An HTTP/2 endpoint as bytes: it says what the test says, frame by frame, right or wrong.
 */
import { once } from 'node:events';
import net from 'node:net';
import type { Endpoint } from '@evenkeel/core';
import { closing } from '../../../closing.ts';
import { endpointAt } from './rig.ts';

/** RFC 9113 section 6. */
export const FRAME = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, goaway: 7, continuation: 9 } as const;
export const END_STREAM = 1;
export const ACK = 1;
export const END_HEADERS = 4;
const PREFACE_BYTES = 24;
const HEAD_BYTES = 9;

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** @param length what the frame says of itself, if that is not the truth */
export function frame(type: number, flags: number, stream: number, payload: Buffer, length = payload.length): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUIntBE(length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** HPACK literals without indexing and without Huffman; names and values up to 126 bytes. */
export function literals(...fields: readonly (readonly [string, string])[]): Buffer {
  return Buffer.concat(
    fields.map(([name, value]) =>
      Buffer.concat([Buffer.of(0, name.length), latin1(name), Buffer.of(value.length), latin1(value)]),
    ),
  );
}

function latin1(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

export function headers(stream: number, fields: readonly (readonly [string, string])[], flags = END_HEADERS): Buffer {
  return frame(FRAME.headers, flags, stream, literals(...fields));
}

export function data(stream: number, bytes: string, flags = 0): Buffer {
  return frame(FRAME.data, flags, stream, latin1(bytes));
}

export function reset(stream: number, code: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(code);
  return frame(FRAME.reset, 0, stream, payload);
}

export function goaway(lastStream: number, code: number): Buffer {
  const payload = Buffer.alloc(8);
  payload.writeUInt32BE(lastStream);
  payload.writeUInt32BE(code, 4);
  return frame(FRAME.goaway, 0, 0, payload);
}

/** @param values setting and value, such as 3 for the most streams */
export function settings(...values: readonly (readonly [number, number])[]): Buffer {
  const payload = Buffer.alloc(values.length * 6);
  values.forEach(([id, value], i) => {
    payload.writeUInt16BE(id, i * 6);
    payload.writeUInt32BE(value, i * 6 + 2);
  });
  return frame(FRAME.settings, 0, 0, payload);
}

export const settingsAck: Buffer = frame(FRAME.settings, ACK, 0, Buffer.alloc(0));

export interface RawH2 extends AsyncDisposable {
  readonly endpoint: Endpoint;
  readonly port: number;
  readonly frames: Frame[];
  readonly connections: net.Socket[];
  readonly open: number;
}

/** @param greeting what it says to each connection. @param onFrame is called for each frame it hears */
export async function rawH2(
  onFrame: (frame: Frame, socket: net.Socket) => void,
  greeting: Buffer = settings(),
): Promise<RawH2> {
  const frames: Frame[] = [];
  const connections: net.Socket[] = [];
  const server = net.createServer((socket) => {
    socket.setNoDelay();
    connections.push(socket);
    socket.on('error', () => undefined);
    socket.write(greeting);
    let received = Buffer.alloc(0);
    let isGreeted = false;
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (!isGreeted && received.length >= PREFACE_BYTES) {
        isGreeted = true;
        received = received.subarray(PREFACE_BYTES);
      }
      while (isGreeted && received.length >= HEAD_BYTES) {
        const end = HEAD_BYTES + received.readUIntBE(0, 3);
        if (received.length < end) break;
        const heard = {
          type: received[3]!,
          flags: received[4]!,
          stream: received.readUInt32BE(5) & 0x7fffffff,
          payload: received.subarray(HEAD_BYTES, end),
        };
        received = received.subarray(end);
        frames.push(heard);
        if (heard.type === FRAME.settings && heard.flags === 0) socket.write(settingsAck);
        onFrame(heard, socket);
      }
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as net.AddressInfo;
  return closing({
    endpoint: endpointAt(`http://127.0.0.1:${port}`),
    port,
    frames,
    connections,
    get open() {
      return connections.filter(({ destroyed }) => !destroyed).length;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of connections) socket.destroy();
      await new Promise((resolve) => void server.close(resolve));
    },
  });
}

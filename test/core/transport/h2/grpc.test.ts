import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { Server, ServerCredentials, status } from '@grpc/grpc-js';
import type {
  ServerDuplexStream,
  ServiceDefinition,
  ServerUnaryCall,
  ServerWritableStream,
  sendUnaryData,
} from '@grpc/grpc-js';
import type { Endpoint } from '@evenkeel/core';
import { closing } from '../../../closing.ts';
import { until } from '../../../conformance/wire.ts';
import { endpointAt, rig } from './rig.ts';
import type { Answer } from './rig.ts';

const plain = {
  requestSerialize: bytes,
  requestDeserialize: bytes,
  responseSerialize: bytes,
  responseDeserialize: bytes,
};
const unary = { ...plain, requestStream: false, responseStream: false };
const SERVICE: ServiceDefinition = {
  Shout: { ...unary, path: '/shop.Cart/Shout' },
  Fail: { ...unary, path: '/shop.Cart/Fail' },
  Count: { ...unary, path: '/shop.Cart/Count', responseStream: true },
  Echo: { ...unary, path: '/shop.Cart/Echo', requestStream: true, responseStream: true },
};

function bytes(message: Buffer): Buffer {
  return message;
}

/** gRPC's frame around a message. */
function framed(message: string): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, Buffer.from(message)]);
}

function messagesIn({ body }: Answer): string[] {
  const all = Buffer.from(body, 'latin1');
  const messages: string[] = [];
  for (let at = 0; at < all.length;) {
    const end = at + 5 + all.readUInt32BE(at + 1);
    messages.push(all.subarray(at + 5, end).toString());
    at = end;
  }
  return messages;
}

function valueOf(fields: readonly string[], name: string): string | undefined {
  const at = fields.findIndex((field, i) => i % 2 === 0 && field === name);
  return at === -1 ? undefined : fields[at + 1];
}

async function grpcServer(): Promise<Endpoint> {
  const server = new Server();
  server.addService(SERVICE, {
    Shout: (call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) =>
      answer(null, Buffer.from(String(call.request).toUpperCase())),
    Fail: (_call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) =>
      answer({ code: status.NOT_FOUND, details: 'no such cart' }),
    Count: (call: ServerWritableStream<Buffer, Buffer>) => {
      for (let i = 0; i < Number(String(call.request)); i++) call.write(Buffer.from(String(i)));
      call.end();
    },
    Echo: (call: ServerDuplexStream<Buffer, Buffer>) => {
      call.on('data', (message: Buffer) => call.write(message));
      call.on('end', () => call.end());
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  closing({ [Symbol.dispose]: () => server.forceShutdown() });
  return endpointAt(`http://127.0.0.1:${port}`);
}

describe('gRPC over the HTTP/2 transport', () => {
  const headers = ['content-type', 'application/grpc', 'te', 'trailers'];
  const call = (method: string, body: Buffer | Readable): object => ({
    method: 'POST',
    path: `/shop.Cart/${method}`,
    headers,
    body,
  });

  it('answers a unary call, with its status in the trailers', async () => {
    const endpoint = await grpcServer();
    const answer = await rig()
      .ask(endpoint, call('Shout', framed('tea')))
      .over();
    assert.deepEqual(messagesIn(answer), ['TEA']);
    assert.equal(valueOf(answer.trailers, 'grpc-status'), '0');
  });

  it('fails a call as the server says', async () => {
    const endpoint = await grpcServer();
    const answer = await rig()
      .ask(endpoint, call('Fail', framed('tea')))
      .over();
    const fields = [...answer.headers, ...answer.trailers];
    assert.equal(valueOf(fields, 'grpc-status'), String(status.NOT_FOUND));
    assert.equal(valueOf(fields, 'grpc-message'), 'no%20such%20cart');
    const unknown = await rig()
      .ask(endpoint, call('Nothing', framed('')))
      .over();
    assert.equal(valueOf([...unknown.headers, ...unknown.trailers], 'grpc-status'), String(status.UNIMPLEMENTED));
  });

  it('streams from the server, from the client, and both at once', async () => {
    const endpoint = await grpcServer();
    const { ask } = rig();
    const counted = await ask(endpoint, call('Count', framed('1000'))).over();
    assert.deepEqual(
      messagesIn(counted),
      Array.from({ length: 1_000 }, (_, i) => String(i)),
    );
    assert.equal(valueOf(counted.trailers, 'grpc-status'), '0');
    const body = new Readable({ read: () => undefined });
    const echo = ask(endpoint, call('Echo', body));
    for (const word of ['one', 'two', 'three']) {
      body.push(framed(word));
      await until(() => messagesIn(echo).includes(word));
    }
    body.push(null);
    await echo.over();
    assert.deepEqual(messagesIn(echo), ['one', 'two', 'three']);
    assert.equal(valueOf(echo.trailers, 'grpc-status'), '0');
  });
});

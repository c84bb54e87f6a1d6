import assert from 'node:assert/strict';
import { grpcHealthProbe } from '@evenkeel/core';
import { endpointAt, refuses, stubIo, WRONG_TIMING } from './probe-stubs.ts';

const endpoint = endpointAt('http://10.0.0.1');
const answering = (...bytes: number[]) => ({ grpc: () => Promise.resolve(Uint8Array.from(bytes)) });

async function failure(...bytes: number[]): Promise<string | undefined> {
  return Promise.resolve(grpcHealthProbe({ service: 'a.B' }).check(endpoint, stubIo(answering(...bytes)))).then(
    () => undefined,
    (error: Error) => error.message,
  );
}

describe('grpcHealthProbe()', () => {
  it('asks for the server as a whole by default', async () => {
    const calls: unknown[][] = [];
    await grpcHealthProbe().check(endpoint, stubIo(answering(8, 1), calls));
    const call = { path: '/grpc.health.v1.Health/Check', message: new Uint8Array(), authority: undefined };
    assert.deepEqual(calls, [['grpc', endpoint, call, 2_000]]);
  });

  it('asks for the service, port and authority that it is told', async () => {
    const calls: unknown[][] = [];
    const probe = grpcHealthProbe({ service: 'a.B', port: 50_051, authority: 'shop.test:443', timeoutMs: 9 });
    await probe.check(endpoint, stubIo(answering(8, 1), calls));
    const message = Uint8Array.of(10, 3, 0x61, 0x2e, 0x42);
    const call = { path: '/grpc.health.v1.Health/Check', message, authority: 'shop.test:443', port: 50_051 };
    assert.deepEqual(calls, [['grpc', endpoint, call, 9]]);
  });

  it('writes the length of a long name in as many bytes as it takes', async () => {
    const calls: unknown[][] = [];
    await grpcHealthProbe({ service: 'x'.repeat(300) }).check(endpoint, stubIo(answering(8, 1), calls));
    const { message } = calls[0]![2] as { message: Uint8Array };
    assert.deepEqual([...message.subarray(0, 4)], [10, 0xac, 0x02, 0x78]);
    assert.equal(message.length, 303);
  });

  it('passes with SERVING and nothing else', async () => {
    assert.equal(await failure(8, 1), undefined);
    assert.equal(await failure(), 'the gRPC service "a.B" is UNKNOWN');
    assert.equal(await failure(8, 2), 'the gRPC service "a.B" is NOT_SERVING');
    assert.equal(await failure(8, 3), 'the gRPC service "a.B" is SERVICE_UNKNOWN');
    assert.equal(await failure(8, 0x81, 0x02), 'the gRPC service "a.B" is 257');
  });

  it('passes over fields that it does not know, of every wire type', async () => {
    const others = [0x10, 0x81, 0x01, 0x19, 1, 2, 3, 4, 5, 6, 7, 8, 0x22, 2, 8, 2, 0x2d, 1, 2, 3, 4];
    assert.equal(await failure(...others, 8, 1), undefined);
    assert.equal(await failure(8, 1, ...others), undefined);
  });

  it('fails with a message that is none', async () => {
    for (const bytes of [
      [8],
      [8, 0x80],
      Array.from({ length: 12 }, () => 0xff),
      [0x22, 5, 1],
      [0x22, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
      [0x0b],
      [0x0f],
      [0x19, 1],
    ]) {
      assert.equal(await failure(...bytes), 'the gRPC health service gave no HealthCheckResponse', `${bytes}`);
    }
  });

  it('refuses options that it does not know or that make no sense', () => {
    refuses(grpcHealthProbe, [
      ...WRONG_TIMING,
      [{ path: '/' }, /grpcHealthProbe: `path` is not a known option/],
      [{ service: 7 }, /`service` must be the name of a service, at most 1024 characters, got 7/],
      [{ service: 'x'.repeat(1_025) }, /`service` must be the name of a service/],
      [{ port: 0 }, /`port` must be an integer from 1 to 65535, got 0/],
      [{ authority: 'a b' }, /`authority` must be a host, with a port if need be, got "a b"/],
    ]);
  });
});

/**
 * gRPC end to end: a real client through the proxy to real servers. Nothing here is about messages; it is about streams, trailers and who
 * hears of what.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import * as grpc from '@grpc/grpc-js';
import { until } from '../conformance/wire.ts';
import { chat, download, grpcRig, metadataOf, unary, upload } from './grpc-rig.ts';
import type { CallResult, GrpcRig } from './grpc-rig.ts';

function inflight({ cluster }: GrpcRig): number {
  return cluster.endpoints.reduce((sum, endpoint) => sum + endpoint.inflight, 0);
}

/** How a streaming call ends, which for `once` would be an error. */
function statusOf(
  call: grpc.ClientDuplexStream<Buffer, Buffer> | grpc.ClientReadableStream<Buffer>,
): Promise<grpc.StatusObject> {
  call.on('error', () => undefined);
  return new Promise((resolve) => void call.on('status', resolve));
}

for (const secure of [false, true]) {
  describe(`gRPC through the proxy ${secure ? 'over TLS' : 'in the clear'}`, () => {
    it('is answered with message, metadata, trailers and status', async () => {
      const { client, servers } = await grpcRig({ secure });
      const result = await unary(client, Buffer.from('hello\xff', 'latin1'), {
        metadata: { 'x-ask': '1', 'x-two': 'a' },
      });
      assert.equal(result.message, 'hello\xff');
      assert.equal(result.status.code, grpc.status.OK);
      assert.deepEqual(result.head?.get('x-head'), ['1']);
      assert.deepEqual(result.status.metadata.get('x-trailer'), ['end']);
      const [asked] = servers.flatMap(({ calls }) => calls);
      assert.deepEqual(asked!.get('x-two'), ['a']);
      assert.match(String(asked!.get('via')[0]), /^2\.0 evenkeel-/);
      assert.deepEqual(asked!.get('x-forwarded-proto'), [secure ? 'https' : 'http']);
    });

    it('passes a failure with its details, at once or after messages', async () => {
      const rig = await grpcRig({ secure });
      const { status } = await unary(rig.client, Buffer.from('x'), { metadata: { 'x-wish': 'fail' } });
      const call = download(rig.client, metadataOf({ 'x-wish': 'half' }));
      const messages: string[] = [];
      call.on('data', (message: Buffer) => messages.push(String(message)));
      const late = await statusOf(call);
      for (const { code, details, metadata } of [status, late]) {
        assert.equal(code, grpc.status.FAILED_PRECONDITION, details);
        assert.equal(details, 'not today, caf\u00e9');
        assert.deepEqual(metadata.get('x-trailer'), ['failed']);
        assert.deepEqual(metadata.get('details-bin'), [Buffer.from([0, 255, 10])]);
      }
      assert.deepEqual(messages, ['half']);
      const { status: unknown } = await new Promise<CallResult>((resolve) => {
        const none = rig.client.makeUnaryRequest(
          '/test.Echo/None',
          Buffer.from,
          Buffer.from,
          Buffer.from(''),
          () => undefined,
        );
        none.on('status', (given) => resolve({ message: '', head: undefined, status: given }));
      });
      assert.equal(unknown.code, grpc.status.UNIMPLEMENTED);
      await until(() => inflight(rig) === 0);
    });

    it('streams from the server, from the client, and both ways while both are open', async () => {
      const rig = await grpcRig({ secure });
      const down = download(rig.client, metadataOf());
      const numbers: string[] = [];
      down.on('data', (message: Buffer) => numbers.push(String(message)));
      await once(down, 'end');
      assert.deepEqual(
        numbers,
        Array.from({ length: 100 }, (_, i) => String(i)),
      );

      const up = upload(rig.client, metadataOf());
      for (let i = 0; i < 100; i++) up.call.write(Buffer.alloc(1000));
      up.call.end();
      assert.equal((await up.over).message, '100000');

      const call = chat(rig.client, metadataOf());
      const replies: string[] = [];
      call.on('data', (message: Buffer) => replies.push(String(message)));
      await once(call, 'metadata');
      for (let i = 0; i < 20; i++) {
        call.write(Buffer.from(`${i}`));
        // Each answer before the next question: nobody on the way waits for more.
        await until(() => replies.length === i + 1);
        assert.equal(replies[i], `re: ${i}`);
      }
      call.end();
      const status = await statusOf(call);
      assert.equal(status.code, grpc.status.OK);
      await until(() => inflight(rig) === 0);
    });

    it('carries messages of 4 MiB both ways', async () => {
      const { client } = await grpcRig({ secure });
      const large = Buffer.alloc(4 * 1024 * 1024, 'abcdefg');
      const { message, status } = await unary(client, large);
      assert.equal(status.code, grpc.status.OK, status.details);
      assert.ok(Buffer.from(message, 'latin1').equals(large));
    });

    it('balances calls, not connections, a hundred at a time', async () => {
      const rig = await grpcRig({ secure });
      const results = await Promise.all(
        Array.from({ length: 100 }, (_, i) =>
          unary(rig.client, Buffer.from(`${i}`), { metadata: { 'x-wish': 'later' } }),
        ),
      );
      results.forEach(({ message, status }, i) => {
        assert.equal(status.code, grpc.status.OK, status.details);
        assert.equal(message, `${i}`);
      });
      assert.deepEqual(
        rig.servers.map(({ calls }) => calls.length),
        [50, 50],
      );
      await until(() => inflight(rig) === 0);
    });

    it('tells the server of a client that cancels or whose time is up', async () => {
      const rig = await grpcRig({ secure });
      const call = chat(rig.client, metadataOf());
      call.on('error', () => undefined);
      call.write(Buffer.from('x'));
      await once(call, 'data');
      call.cancel();
      const { status } = await unary(rig.client, Buffer.from('x'), {
        metadata: { 'x-wish': 'hang' },
        deadline: Date.now() + 300,
      });
      assert.equal(status.code, grpc.status.DEADLINE_EXCEEDED);
      await until(() => rig.servers.flatMap(({ cancelled }) => cancelled).length === 2);
      assert.deepEqual(rig.servers.flatMap(({ cancelled }) => cancelled).toSorted(), ['chat', 'unary']);
      await until(() => inflight(rig) === 0);
    });

    it('ends a client stream that its server has answered already', async () => {
      const rig = await grpcRig({ secure });
      const { call, over } = upload(rig.client, metadataOf({ 'x-wish': 'early' }));
      call.on('error', () => undefined);
      call.write(Buffer.alloc(100_000));
      const { message, status } = await over;
      assert.equal(status.code, grpc.status.OK, status.details);
      assert.equal(message, 'early');
      await until(() => inflight(rig) === 0);
    });

    it('loses no call when a server goes away for a restart', async () => {
      const rig = await grpcRig({ secure });
      const [leaving] = rig.servers;
      const results: Promise<CallResult>[] = [];
      const open = chat(rig.client, metadataOf());
      const replies: string[] = [];
      open.on('data', (message: Buffer) => replies.push(String(message)));
      open.write(Buffer.from('before'));
      await until(() => replies.length === 1);
      let isDown = false;
      for (let i = 0; i < 200; i++) {
        results.push(unary(rig.client, Buffer.from(`${i}`), { metadata: { 'x-wish': 'later' } }));
        if (i === 60) void leaving!.shutdown().then(() => (isDown = true));
        if (i % 10 === 0) await new Promise((resolve) => void setImmediate(resolve));
      }
      for (const { status } of await Promise.all(results)) assert.equal(status.code, grpc.status.OK, status.details);
      open.write(Buffer.from('after'));
      await until(() => replies.length === 2);
      open.end();
      const status = await statusOf(open);
      assert.equal(status.code, grpc.status.OK);
      await until(() => isDown && inflight(rig) === 0);
    });
  });
}

describe('gRPC through the proxy without servers', () => {
  it('is UNAVAILABLE', async () => {
    const { client } = await grpcRig({ cluster: { endpoints: ['http://127.0.0.1:1'] } });
    assert.equal((await unary(client, Buffer.from('x'))).status.code, grpc.status.UNAVAILABLE);
  });
});

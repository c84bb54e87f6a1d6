import assert from 'node:assert/strict';
import { agentProbe, grpcHealthProbe } from '@evenkeel/core';
import fc from 'fast-check';
import { endpointAt, stubIo } from '../core/health/probe-stubs.ts';

const endpoint = endpointAt('http://10.0.0.1');

describe('agentProbe() for any agent', () => {
  const word = fc.oneof(
    fc.constantFrom('up', 'DOWN', 'fail', 'stopped', 'ready', 'Drain', 'maint', '0%', '75%', '4000%', 'weight:3', '#'),
    fc.string({ unit: 'binary', maxLength: 12 }),
  );
  const line = fc.array(word, { maxLength: 8 }).map((words) => words.join(' '));

  it('resolves, with a share from 0 to 10, and says each time whether the endpoint is down', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 4 }), async (lines) => {
        const probe = agentProbe({ port: 1 });
        for (const said of lines) {
          const verdict = await probe.check(endpoint, stubIo({ readLine: () => Promise.resolve(said) }));
          assert.equal(typeof verdict?.isDown, 'boolean');
          const { weightRatio = 1, isDraining = false } = verdict ?? {};
          assert.ok(weightRatio >= 0 && weightRatio <= 10);
          assert.equal(typeof isDraining, 'boolean');
        }
      }),
    );
  });

  it('undoes all that was said before with `up ready 100%`', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 4 }), async (lines) => {
        const probe = agentProbe({ port: 1 });
        let verdict: Awaited<ReturnType<typeof probe.check>> = undefined;
        for (const said of [...lines, 'up ready 100%']) {
          verdict = await probe.check(endpoint, stubIo({ readLine: () => Promise.resolve(said) }));
        }
        assert.deepEqual(verdict, { weightRatio: 1, isDraining: false, isDown: false });
      }),
    );
  });
});

describe('grpcHealthProbe() for any answer', () => {
  it('ends, and passes only if SERVING is in it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 40 }), async (bytes) => {
        const io = stubIo({ grpc: () => Promise.resolve(bytes) });
        const isPassed = await Promise.resolve(grpcHealthProbe().check(endpoint, io)).then(
          () => true,
          (error) => error instanceof Error && false,
        );
        if (isPassed) assert.ok(Buffer.from(bytes).includes(Buffer.of(8)));
      }),
    );
  });
});

import assert from 'node:assert/strict';
import http from 'node:http';
import { createCluster, isBalancerError, loadMeter, loadProbe, loadReporter, parseLoadReport } from '@evenkeel/core';
import type { ProbeIo, ProbeResponse } from '@evenkeel/core';
import { listen } from '../../conformance/adapter-rig.ts';
import { stubEndpoints } from '../../conformance/endpoints.ts';
import { until } from '../../conformance/wire.ts';
import { closing } from '../../closing.ts';

const [endpoint] = stubEndpoints([1]);

function answering(response: Partial<ProbeResponse>, calls: unknown[][] = []): ProbeIo {
  return {
    request(...call: unknown[]) {
      calls.push(call);
      return Promise.resolve({ status: 200, body: '', ...response });
    },
  } as unknown as ProbeIo;
}

describe('loadProbe()', () => {
  it('asks for its path and hands on the report', async () => {
    const calls: unknown[][] = [];
    const probe = loadProbe({ path: '/load', timeoutMs: 50 });
    const verdict = await probe.check(endpoint!, answering({ loadReport: 'TEXT eps=1' }, calls));
    assert.deepEqual(verdict, { loadReport: 'TEXT eps=1' });
    const [asked, request, timeoutMs] = calls[0] as [unknown, { method: string; path: string }, number];
    assert.deepEqual([asked, request.method, request.path, timeoutMs], [endpoint, 'GET', '/load', 50]);
  });

  it('passes without a report too', async () => {
    assert.deepEqual(await loadProbe().check(endpoint!, answering({ status: 404 })), {});
  });

  it('fails if the endpoint does not answer, or with an error of its own', async () => {
    await assert.rejects(loadProbe().check(endpoint!, answering({ status: 503 })), /GET \/ gave status 503/);
    const dead = { request: () => Promise.reject(new Error('no answer')) } as unknown as ProbeIo;
    await assert.rejects(loadProbe().check(endpoint!, dead), /no answer/);
  });

  it('is due only while the last report is too old', () => {
    const probe = loadProbe({ maxAgeMs: 200 });
    const [known] = stubEndpoints([1]);
    assert.equal(probe.isDue!(known!, 1_000), true);
    known!.report = parseLoadReport('TEXT eps=1', 1_000);
    assert.equal(probe.isDue!(known!, 1_200), false);
    assert.equal(probe.isDue!(known!, 1_201), true);
  });

  it('looks twice in the time that a report lasts', () => {
    assert.equal(loadProbe().intervalMs, 250);
    assert.equal(loadProbe({ maxAgeMs: 4 }).intervalMs, 10);
    assert.equal(loadProbe({ intervalMs: 700 }).intervalMs, 700);
  });

  it('brings a cluster the report of an endpoint that gets no requests', async () => {
    const meter = loadMeter({ maxInflight: 4 });
    const report = loadReporter<http.IncomingMessage>({ meter });
    const server = await listen(
      http.createServer((req, res) => {
        report(req, res);
        res.end();
      }),
    );
    const cluster = closing(
      createCluster({ endpoints: [`http://127.0.0.1:${server.port}`], probe: loadProbe({ intervalMs: 10 }) }),
    );
    await until(() => cluster.endpoints[0]!.report !== undefined);
    assert.equal(cluster.endpoints[0]!.report!.inflight, 1);
    assert.ok(cluster.endpoints[0]!.report!.utilization >= 0.25);
    await cluster.close();
    await server.close();
    meter.close();
  });

  it('refuses options that it does not know or that make no sense', () => {
    for (const [options, message] of [
      [{ url: '/' }, /loadProbe: `url` is not a known option/],
      [{ path: 'up' }, /`path` must be a path that starts with "\/"/],
      [{ path: '/a\r\nx: y' }, /`path` must be a path/],
      [{ maxAgeMs: 0 }, /`maxAgeMs` must be a number of milliseconds from 1/],
      [{ intervalMs: 1 }, /`intervalMs` must be/],
    ] as const) {
      assert.throws(
        () => loadProbe(options as object),
        (error) => isBalancerError(error) && message.test(error.message),
      );
    }
  });
});

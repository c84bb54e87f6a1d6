import assert from 'node:assert/strict';
import http from 'node:http';
import { createCluster, loadMeter, loadReporter } from '@evenkeel/core';
import { createProxy } from '@evenkeel/proxy';
import { get, listen } from '../conformance/adapter-rig.ts';
import { answer, rawRequest, rawServer, valuesOf } from '../conformance/wire.ts';

describe('a proxy between load reports', () => {
  it('keeps what its endpoints report from its clients, whatever the case of the field', async () => {
    const endpoint = await rawServer(answer('ok', ['Endpoint-Load-Metrics: TEXT eps=1', 'X-Other-Load-Metrics2: 1']));
    const cluster = createCluster({ endpoints: [endpoint.url] });
    const proxy = createProxy(cluster);
    const server = await listen(http.createServer((req, res) => proxy.web(req, res)));
    const response = await rawRequest(server.port, get());
    await server.close();
    await endpoint.close();
    await cluster.close();
    assert.deepEqual(valuesOf(response, 'endpoint-load-metrics'), []);
    assert.deepEqual(valuesOf(response, 'x-other-load-metrics2'), ['1']);
  });

  it('can report its own load instead', async () => {
    const endpoint = await rawServer(answer('ok', ['endpoint-load-metrics: TEXT named_metrics.rif=99', 'X-Own: 1']));
    const cluster = createCluster({ endpoints: [endpoint.url] });
    const proxy = createProxy(cluster);
    const meter = loadMeter();
    const report = loadReporter<http.IncomingMessage>({ meter });
    const server = await listen(
      http.createServer((req, res) => {
        report(req, res);
        proxy.web(req, res);
      }),
    );
    const response = await rawRequest(server.port, get());
    await server.close();
    await endpoint.close();
    await cluster.close();
    meter.close();
    const values = valuesOf(response, 'endpoint-load-metrics');
    assert.equal(values.length, 1);
    assert.match(values[0]!, /named_metrics\.rif=1$/);
    assert.deepEqual(valuesOf(response, 'x-own'), ['1']);
  });
});

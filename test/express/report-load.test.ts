import assert from 'node:assert/strict';
import express from 'express';
import http from 'node:http';
import { loadMeter } from '@evenkeel/core';
import { reportLoad } from '@evenkeel/express';
import { get, listen } from '../conformance/adapter-rig.ts';
import { describeReportLoad } from '../conformance/report-load.ts';
import { rawRequest, valuesOf } from '../conformance/wire.ts';

describeReportLoad(
  'Express',
  (options, handler, before) => {
    // Fields that were set before would forbid some ways to write a head.
    const app = express().disable('x-powered-by').use(reportLoad(options));
    if (before !== undefined) {
      app.use((req, res, next) => {
        before(req, res);
        next();
      });
    }
    return app.use((req, res) => handler(req, res));
  },
  (options) =>
    express()
      .set('env', 'test')
      .use(reportLoad(options))
      .use(() => {
        throw new Error('on purpose');
      }),
);

describe('reportLoad() of Express', () => {
  it('tells whom it is told to, by what Express knows of the request', async () => {
    const meter = loadMeter();
    const app = express().set('trust proxy', true);
    app.use(reportLoad({ meter, isTrusted: (req) => req.ip === '10.0.0.9' })).use((_req, res) => void res.send('ok'));
    const server = await listen(http.createServer(app));
    const counts = [];
    for (const address of ['10.0.0.9', '10.0.0.1']) {
      const response = await rawRequest(server.port, get('/', `X-Forwarded-For: ${address}`));
      counts.push(valuesOf(response, 'endpoint-load-metrics').length);
    }
    await server.close();
    meter.close();
    assert.deepEqual(counts, [1, 0]);
  });

  it('refuses options that it does not know', () => {
    assert.throws(() => reportLoad({ trusted: true } as object), /reportLoad: `trusted` is not a known option/);
    assert.throws(() => reportLoad({ meter: {} as never }), /`meter` must be a load meter/);
  });
});

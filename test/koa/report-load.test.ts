import assert from 'node:assert/strict';
import http from 'node:http';
import { Readable } from 'node:stream';
import Koa from 'koa';
import { loadMeter } from '@evenkeel/core';
import { reportLoad } from '@evenkeel/koa';
import { get, listen } from '../conformance/adapter-rig.ts';
import { describeReportLoad } from '../conformance/report-load.ts';
import { rawRequest, until, valuesOf } from '../conformance/wire.ts';

function silent(): Koa {
  const app = new Koa();
  app.silent = true;
  return app;
}

describeReportLoad(
  'Koa',
  (options, handler, before) =>
    silent()
      .use(reportLoad(options))
      .use((ctx) => {
        ctx.respond = false;
        before?.(ctx.req, ctx.res);
        // Koa starts out with 404, and a handler of its own would set what it means.
        ctx.res.statusCode = 200;
        handler(ctx.req, ctx.res);
      })
      .callback(),
  (options) =>
    silent()
      .use(reportLoad(options))
      .use(() => {
        throw new Error('on purpose');
      })
      .callback(),
);

describe('reportLoad() of Koa', () => {
  it('stamps what Koa writes itself', async () => {
    const meter = loadMeter();
    const app = silent().use(reportLoad({ meter }));
    app.use((ctx) => {
      if (ctx.path === '/stream') ctx.body = Readable.from(['con', 'tent']);
      else if (ctx.path === '/object') ctx.body = { content: true };
      else if (ctx.path === '/moved') ctx.redirect('/object');
      else if (ctx.path === '/teapot') ctx.throw(418);
    });
    const server = await listen(http.createServer(app.callback()));
    for (const path of ['/stream', '/object', '/moved', '/teapot', '/missing']) {
      const response = await rawRequest(server.port, get(path));
      assert.equal(valuesOf(response, 'endpoint-load-metrics').length, 1, path);
    }
    await until(() => meter.inflight === 0);
    await server.close();
    meter.close();
  });

  it('tells whom it is told to, by what Koa knows of the request', async () => {
    const meter = loadMeter();
    const app = silent().use(reportLoad({ meter, isTrusted: (ctx) => ctx.get('X-Internal') === '1' }));
    const server = await listen(http.createServer(app.callback()));
    const told = await rawRequest(server.port, get('/', 'X-Internal: 1'));
    const untold = await rawRequest(server.port, get('/'));
    await server.close();
    meter.close();
    assert.deepEqual(
      [told, untold].map((response) => valuesOf(response, 'endpoint-load-metrics').length),
      [1, 0],
    );
  });
});

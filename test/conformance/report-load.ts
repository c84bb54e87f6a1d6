/**
 * The laws that `reportLoad()` keeps in every framework: all responses are stamped when their head is written, and every request counts
 * from its arrival to the end of its response.
 */
import assert from 'node:assert/strict';
import http from 'node:http';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import net from 'node:net';
import { once } from 'node:events';
import { createGzip } from 'node:zlib';
import { buffer } from 'node:stream/consumers';
import { loadMeter, parseLoadReport } from '@evenkeel/core';
import type { LoadMeter } from '@evenkeel/core';
import { listen } from './adapter-rig.ts';
import type { AdapterServer } from './adapter-rig.ts';
import { rawRequest, until, valuesOf } from './wire.ts';

type Handler = (req: IncomingMessage, res: ServerResponse) => void;

interface ReportingOptions {
  readonly meter: LoadMeter;
  readonly isTrusted?: () => boolean;
}

/**
 * @param serve a server of the framework with `reportLoad(options)` first, then what `before` does to the response, then `handler`, which
 *   answers past the framework
 * @param fail the same with a handler that throws, so that the framework answers
 */
export function describeReportLoad(
  name: string,
  serve: (options: ReportingOptions, handler: Handler, before?: Handler) => RequestListener,
  fail: (options: ReportingOptions) => RequestListener,
): void {
  describe(`reportLoad() of ${name}`, () => {
    let meter: LoadMeter;
    let server: AdapterServer | undefined;

    beforeEach(() => void (meter = loadMeter()));
    afterEach(async () => {
      await server?.close();
      meter.close();
    });

    async function start(listener: RequestListener): Promise<number> {
      server = await listen(http.createServer(listener));
      return server.port;
    }

    /** The one report of the answer to `GET /`, and the answer. */
    async function answer(listener: RequestListener, method = 'GET') {
      const port = await start(listener);
      const head = `${method} / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n`;
      const response = await rawRequest(port, head, { isBodiless: method === 'HEAD' });
      const values = valuesOf(response, 'endpoint-load-metrics');
      assert.equal(values.length, 1, `${response.start} with ${values.length} reports`);
      return { response, report: parseLoadReport(values[0]!, 0)! };
    }

    async function isIdle(): Promise<void> {
      await until(() => meter.inflight === 0);
    }

    const WAYS: Readonly<Record<string, Handler>> = {
      end: (_req, res) => void res.end('content'),
      'write and end': (_req, res) => {
        res.write('con');
        res.end('tent');
      },
      flushHeaders: (_req, res) => {
        res.flushHeaders();
        res.end('content');
      },
      'writeHead with an object': (_req, res) => void res.writeHead(201, { 'X-A': ['1', '2'] }).end('content'),
      'writeHead with a reason and an object': (_req, res) => void res.writeHead(201, 'Made', { 'X-A': '1' }).end(),
      'writeHead with an array': (_req, res) =>
        void res.writeHead(201, ['X-A', '1', 'X-A', '2', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2']).end('content'),
      'writeHead with a reason and an array': (_req, res) => void res.writeHead(201, 'Made', ['X-A', '1']).end(),
      'writeHead with pairs': (_req, res) =>
        void (res.writeHead as (status: number, fields: unknown) => ServerResponse)(201, [['X-A', '1']]).end(),
      'writeHead after setHeader': (_req, res) => {
        res.setHeader('X-A', '1');
        res.writeHead(201, { 'X-B': '2' }).end('content');
      },
      'writeHead with nothing': (_req, res) => void res.writeHead(201).end('content'),
      'a 304': (_req, res) => void res.writeHead(304, { ETag: '"1"' }).end(),
      'a 204': (_req, res) => {
        res.statusCode = 204;
        res.end();
      },
      'an error of its own': (_req, res) => void res.writeHead(503).end(),
    };
    for (const [way, handler] of Object.entries(WAYS)) {
      it(`stamps a response by ${way}`, async () => {
        const { response, report } = await answer(serve({ meter }, handler));
        assert.notEqual(response.status, 500);
        assert.equal(report.inflight, 1);
        await isIdle();
      });
    }

    it('stamps the answer to HEAD', async () => {
      await answer(
        serve({ meter }, (_req, res) => void res.setHeader('Content-Length', '7').end()),
        'HEAD',
      );
    });

    it('leaves the other fields as they were', async () => {
      const fields = ['X-A', '1', 'X-A', '2', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2'];
      const { response } = await answer(serve({ meter }, (_req, res) => void res.writeHead(201, 'Made', fields).end()));
      assert.equal(response.start, 'HTTP/1.1 201 Made');
      assert.deepEqual(valuesOf(response, 'x-a'), ['1', '2']);
      assert.deepEqual(valuesOf(response, 'set-cookie'), ['a=1', 'b=2']);
    });

    it('stamps the error page of a handler that throws, and counts the error', async () => {
      const { response } = await answer(fail({ meter }));
      assert.equal(response.status, 500);
      await isIdle();
      assert.ok(meter.figures().errorsPerSecond! > 0);
    });

    it('stamps the second head if the first one was refused', async () => {
      const handler: Handler = (_req, res) => {
        assert.throws(() => res.writeHead(200, { 'X-Bad': 'a\nb' }));
        res.writeHead(200).end();
      };
      await answer(serve({ meter }, handler));
    });

    it('stamps with what is so when the head is written, not when the request came', async () => {
      const heads: ServerResponse[] = [];
      const port = await start(serve({ meter }, (_req, res) => void heads.push(res)));
      const requests = [1, 2, 3].map(() => rawRequest(port, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'));
      await until(() => heads.length === 3);
      for (const res of heads) res.end();
      const inflight = (await Promise.all(requests)).map(
        (response) => parseLoadReport(valuesOf(response, 'endpoint-load-metrics')[0]!, 0)!.inflight,
      );
      assert.equal(Math.max(...inflight), 3);
    });

    it('leaves a report of the application alone', async () => {
      for (const handler of [
        (_req, res) => void res.setHeader('Endpoint-Load-Metrics', 'TEXT eps=9').end(),
        (_req, res) => void res.writeHead(200, { 'Endpoint-Load-Metrics': 'TEXT eps=9' }).end(),
        (_req, res) => void res.writeHead(200, ['Endpoint-Load-Metrics', 'TEXT eps=9']).end(),
      ] satisfies Handler[]) {
        const { report } = await answer(serve({ meter }, handler));
        assert.equal(report.errorsPerSecond, 9);
        await server?.close();
        server = undefined;
      }
    });

    it('counts those that may not see the figures, and tells them nothing', async () => {
      const port = await start(
        serve({ meter, isTrusted: () => false }, (_req, res) => void res.end(`${meter.inflight}`)),
      );
      const response = await rawRequest(port, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
      assert.deepEqual(valuesOf(response, 'endpoint-load-metrics'), []);
      assert.equal(response.body, '1');
      await isIdle();
    });

    it('counts a streamed response until it is over', async () => {
      let open: ServerResponse | undefined;
      const port = await start(
        serve({ meter }, (_req, res) => {
          res.write('piece');
          open = res;
        }),
      );
      const request = rawRequest(port, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
      await until(() => open !== undefined);
      assert.deepEqual([meter.inflight, meter.figures().queueAgeMs], [1, 0]);
      open!.end();
      await request;
      await isIdle();
    });

    for (const [when, isBegun] of [
      ['before its response', false],
      ['in the middle of its response', true],
    ] as const) {
      it(`counts a request whose client leaves ${when} once`, async () => {
        let isHere = false;
        const port = await start(
          serve({ meter }, (_req, res) => {
            isHere = true;
            if (isBegun) res.write('piece');
          }),
        );
        const socket = net.connect(port, '127.0.0.1');
        socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
        await until(() => isHere);
        assert.equal(meter.inflight, 1);
        socket.destroy();
        await isIdle();
      });
    }

    it('counts requests of a pipeline, however its client leaves', async () => {
      let count = 0;
      const port = await start(serve({ meter }, () => void count++));
      const socket = net.connect(port, '127.0.0.1');
      socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(20));
      await until(() => count === 20);
      assert.equal(meter.inflight, 20);
      socket.destroy();
      await isIdle();
    });

    it('counts a request that is upgraded, with a response made by hand, until its connection ends', async () => {
      let isHere = false;
      const listener = serve({ meter }, (req) => {
        isHere = true;
        req.socket.on('end', () => req.socket.destroy()).resume();
      });
      const upgrading = http.createServer();
      upgrading.on('upgrade', (req) => void listener(req, new http.ServerResponse(req)));
      server = await listen(upgrading);
      const socket = net.connect(server.port, '127.0.0.1');
      socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n');
      await until(() => isHere);
      assert.equal(meter.inflight, 1);
      socket.destroy();
      await isIdle();
    });

    it('counts a pipeline that is answered in full', async () => {
      const port = await start(serve({ meter }, (_req, res) => void setImmediate(() => res.end())));
      const socket = net.connect(port, '127.0.0.1');
      socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(5));
      let text = '';
      socket.on('data', (chunk: Buffer) => void (text += chunk.toString('latin1')));
      await until(() => text.split('HTTP/1.1 200').length === 6);
      await isIdle();
      socket.destroy();
    });

    it('counts once if it is used twice, as in an app within an app', async () => {
      const inner = serve({ meter }, (_req, res) => void res.end(`${meter.inflight}`));
      const { response } = await answer(serve({ meter }, (req, res) => inner(req, res)));
      assert.equal(response.body, '1');
      await isIdle();
    });

    it('works beside middleware that compresses', async () => {
      const port = await start(
        serve(
          { meter },
          (_req, res) => {
            res.setHeader('Content-Type', 'text/plain');
            res.write('con');
            res.end('tent');
          },
          (_req, res) => compress(res),
        ),
      );
      const [response] = (await once(http.get({ port, host: '127.0.0.1', agent: false }), 'response')) as [
        IncomingMessage,
      ];
      assert.equal(response.headers['content-encoding'], 'gzip');
      assert.equal(parseLoadReport(response.headers['endpoint-load-metrics'] as string, 0)!.inflight, 1);
      assert.ok((await buffer(response)).length > 0);
      await isIdle();
    });
  });
}

/** What the `compression` middleware does: it waits for the head, and the body goes through gzip. */
function compress(res: ServerResponse): void {
  const gzip = createGzip();
  const { write, end, writeHead } = res;
  gzip.on('data', (chunk: Buffer) => void Reflect.apply(write, res, [chunk]));
  gzip.on('end', () => void Reflect.apply(end, res, []));
  Object.assign(res, {
    writeHead(status: number, ...rest: unknown[]) {
      if (!res.headersSent) res.setHeader('Content-Encoding', 'gzip');
      return Reflect.apply(writeHead, res, [status, ...rest]) as unknown;
    },
    write: (chunk: Buffer | string) => gzip.write(chunk),
    end: (chunk?: Buffer | string) => void gzip.end(chunk),
  });
}

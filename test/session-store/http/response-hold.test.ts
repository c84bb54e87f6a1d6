import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { request, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate as turn } from 'node:timers/promises';
import { holdResponse, type ResponseHooks } from '@evenkeel/session-store';
import { closeServers, get, type Received, serve } from '../fixtures/serve.ts';

/** A commit that ends when the test says so. */
interface Commit {
  readonly hooks: ResponseHooks;
  done(): void;
  break(error: Error): void;
  readonly failures: unknown[];
}

function commitOf(cookie?: string): Commit {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const failures: unknown[] = [];
  let isAsked = false;
  return {
    failures,
    done: resolve,
    break: reject,
    hooks: {
      commit() {
        if (isAsked) return undefined;
        isAsked = true;
        return promise;
      },
      setCookie: () => cookie,
      fail: (error) => void failures.push(error),
    },
  };
}

/** Serves one request with `answer`, lets some turns of the event loop pass, and then commits. No byte may have been sent before. */
async function held(answer: (res: ServerResponse) => unknown, commit: Commit = commitOf()): Promise<Received> {
  let isCommitted = false;
  const early: unknown[] = [];
  const server = await serve(async (req, res) => {
    const { write } = req.socket;
    req.socket.write = ((...parameters: unknown[]) => {
      if (!isCommitted) early.push(parameters[0]);
      return Reflect.apply(write, req.socket, parameters);
    }) as typeof write;
    holdResponse(res, commit.hooks);
    void answer(res);
    for (let i = 0; i < 5; i++) await turn();
    isCommitted = true;
    commit.done();
  });
  const received = await get(server.url);
  assert.deepEqual(early, []);
  return received;
}

describe('holdResponse', () => {
  afterEach(closeServers);
  const big = 'x'.repeat(300_000);

  const ways: Record<string, { answer(res: ServerResponse): unknown; body: string }> = {
    'end()': { answer: (res) => res.end('hello'), body: 'hello' },
    'end() without a body': { answer: (res) => res.end(), body: '' },
    'write() and end()': {
      answer(res) {
        res.write('a');
        res.write(Buffer.from('b'));
        res.end('c');
      },
      body: 'abc',
    },
    'writeHead() and end()': { answer: (res) => res.writeHead(200).end('hello'), body: 'hello' },
    'flushHeaders() and end()': {
      answer(res) {
        res.flushHeaders();
        res.end('hello');
      },
      body: 'hello',
    },
    'pipe()': { answer: (res) => Readable.from([big, big]).pipe(res), body: big + big },
    'pipeline()': { answer: (res) => pipeline(Readable.from([big, big, big]), res), body: big + big + big },
  };
  for (const [way, { answer, body }] of Object.entries(ways)) {
    it(`holds ${way} until the commit, and then sends everything in order`, async () => {
      const received = await held(answer);
      assert.deepEqual([received.status, received.isWhole, received.body === body], [200, true, true]);
    });

    it(`lets ${way} pass when there is nothing to commit`, async () => {
      const server = await serve((_, res) => {
        holdResponse(res, { commit: () => undefined, setCookie: () => 'a=1', fail: assert.fail });
        void answer(res);
      });
      const received = await get(server.url);
      assert.ok(received.isWhole && received.body === body);
      assert.deepEqual(received.headers['set-cookie'], ['a=1']);
    });
  }

  it('adds the cookie to those of the application, in whatever way they are set', async () => {
    const heads: ((res: ServerResponse) => unknown)[] = [
      (res) => res.setHeader('Set-Cookie', 'own=1'),
      (res) => res.writeHead(200, { 'Set-Cookie': 'own=1' }),
      (res) => res.writeHead(200, 'Fine', { 'Set-Cookie': ['own=1'] }),
      (res) => res.writeHead(200, ['Set-Cookie', 'own=1']),
    ];
    for (const head of heads) {
      const { headers } = await held((res) => {
        head(res);
        res.end();
      }, commitOf('session=1'));
      assert.deepEqual(headers['set-cookie'], ['own=1', 'session=1']);
      assert.equal(headers['cache-control'], 'private');
    }
  });

  it('keeps status, message and fields of writeHead()', async () => {
    const { status, headers } = await held((res) => {
      res.setHeader('X-Before', '1');
      res.writeHead(201, 'Made', ['X-A', '1', 'X-B', '2', 'X-A', '3']).end();
    });
    assert.deepEqual([status, headers['x-before'], headers['x-a'], headers['x-b']], [201, '1', '1, 3', '2']);
  });

  it('makes a response with a cookie private unless the application has said how it may be cached', async () => {
    const own = await held((res) => res.setHeader('Cache-Control', 'no-store').end(), commitOf('a=1'));
    assert.equal(own.headers['cache-control'], 'no-store');
    const without = await held((res) => res.end());
    assert.equal(without.headers['cache-control'], undefined);
  });

  it('looks to the application like a response that was sent', async () => {
    const { status, headers } = await held((res) => {
      res.statusCode = 201;
      assert.equal(res.headersSent, false);
      assert.equal(res.write('a'), false);
      assert.deepEqual([res.headersSent, res.writableEnded], [true, false]);
      res.end('b');
      assert.equal(res.writableEnded, true);
      assert.throws(() => res.setHeader('X-Late', '1'), { code: 'ERR_HTTP_HEADERS_SENT' });
      assert.throws(() => res.appendHeader('X-Late', '1'), { code: 'ERR_HTTP_HEADERS_SENT' });
      assert.throws(() => res.removeHeader('X-Late'), { code: 'ERR_HTTP_HEADERS_SENT' });
      res.statusCode = 500;
      res.end('twice');
    });
    assert.deepEqual([status, headers['x-late']], [201, undefined]);
  });

  it('says drain to a writer that it told to wait, and calls its callbacks', async () => {
    const events: string[] = [];
    await held((res) => {
      res.write('a', () => events.push('written'));
      res.once('drain', () => {
        events.push('drain');
        res.end(() => events.push('ended'));
      });
    });
    assert.deepEqual(events.toSorted(), ['drain', 'ended', 'written']);
  });

  it('holds the end of a body whose head has left while there was nothing to commit', async () => {
    const commit = commitOf();
    let asked = 0;
    const server = await serve((_, res) => {
      holdResponse(res, { ...commit.hooks, commit: () => (++asked === 1 ? undefined : commit.hooks.commit()) });
      res.write('a');
      res.end('b');
      assert.equal(res.writableEnded, true);
    });
    const outgoing = request(server.url).end();
    const [incoming] = await once(outgoing, 'response');
    await once(incoming, 'data');
    assert.equal(incoming.complete, false);
    commit.done();
    incoming.resume();
    await once(incoming, 'end');
    assert.equal(asked, 2);
  });

  describe('when the commit fails', () => {
    async function failing(
      answer: (res: ServerResponse) => unknown,
      fail: (res: ServerResponse, error: unknown) => void,
    ): Promise<Received> {
      const server = await serve((_, res) => {
        const commit = commitOf();
        holdResponse(res, { ...commit.hooks, fail: (error) => fail(res, error) });
        answer(res);
        commit.break(new Error('no'));
      });
      return get(server.url);
    }

    it('hands a clean response over, of which nothing was sent', async () => {
      const received = await failing(
        (res) => {
          res.setHeader('X-Own', '1');
          res
            .writeHead(201, { 'Content-Type': 'text/html', 'Content-Length': 5, ETag: '"a"', Location: '/' })
            .end('hello');
        },
        (res, error) => {
          assert.deepEqual(
            [res.headersSent, res.writableEnded, res.statusCode, (error as Error).message],
            [false, false, 200, 'no'],
          );
          res.statusCode = 503;
          res.end('sorry');
        },
      );
      assert.deepEqual([received.status, received.body, received.isWhole], [503, 'sorry', true]);
      assert.deepEqual(
        [received.headers.etag, received.headers.location, received.headers['x-own']],
        [undefined, undefined, '1'],
      );
    });

    it('answers by itself when somebody is still writing the body, and drops what follows', async () => {
      const received = await failing(
        (res) => {
          res.write('half');
          setImmediate(() => res.write('of it', () => res.end('the rest')));
        },
        () => assert.fail('nothing to hand over'),
      );
      assert.deepEqual([received.status, received.body, received.isWhole], [500, 'Internal Server Error\n', true]);
    });

    it('answers by itself when other middleware is wrapped around the end', async () => {
      const received = await failing(
        (res) => {
          const { end } = res;
          res.end = ((...parameters: unknown[]) => Reflect.apply(end, res, parameters)) as typeof end;
          res.end();
        },
        () => assert.fail('nothing to hand over'),
      );
      assert.equal(received.status, 500);
    });

    it('breaks the connection when the head has left, so that nobody takes the response for whole', async () => {
      const commit = commitOf();
      let asked = 0;
      const server = await serve((_, res) => {
        holdResponse(res, { ...commit.hooks, commit: () => (++asked === 1 ? undefined : commit.hooks.commit()) });
        res.write('a', () => {
          res.end('b');
          commit.break(new Error('no'));
        });
      });
      const received = await get(server.url);
      assert.deepEqual([received.status, received.isWhole, commit.failures.length], [200, false, 1]);
    });
  });

  it('leaves nothing behind when the client leaves during the commit', async () => {
    const commit = commitOf();
    const { promise, resolve } = Promise.withResolvers<ServerResponse>();
    const source = Readable.from([big, big, big]);
    const server = await serve((_, res) => {
      holdResponse(res, commit.hooks);
      source.on('error', () => undefined);
      void pipeline(source, res).catch(() => undefined);
      resolve(res);
    });
    const outgoing = request(server.url)
      .on('error', () => undefined)
      .end();
    const res = await promise;
    outgoing.destroy();
    await once(res, 'close');
    commit.done();
    await turn();
    assert.deepEqual([source.destroyed, res.writableLength, commit.failures], [true, 0, []]);
  });

  it('tells whoever waits for `drain`, though a compressor in front has taken the listener for itself', async () => {
    const commit = commitOf();
    const server = await serve((_req, res) => {
      const { on } = res;
      const compressor = new EventEmitter();
      res.on = ((event: string, listener: () => void) => {
        if (event === 'drain') compressor.on(event, listener);
        else Reflect.apply(on, res, [event, listener]);
        return res;
      }) as typeof on;
      holdResponse(res, commit.hooks);
      assert.equal(res.write('a'), false);
      res.once('drain', () => void res.end('b'));
      commit.done();
    });
    assert.equal((await get(server.url)).body, 'ab');
  });
});

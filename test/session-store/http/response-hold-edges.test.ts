import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { holdResponse, type ResponseHooks } from '@evenkeel/session-store';
import { closeServers, get, serve } from '../fixtures/serve.ts';

/** A commit that ends when the test says so. */
function pending(cookie?: string): { readonly hooks: ResponseHooks; done(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  let isAsked = false;
  return {
    done: resolve,
    hooks: {
      commit() {
        if (isAsked) return undefined;
        isAsked = true;
        return promise;
      },
      setCookie: () => cookie,
      fail: assert.fail,
    },
  };
}

describe('holdResponse, at its edges', () => {
  afterEach(closeServers);

  it('holds only the end of a body whose head has left already', async () => {
    const commit = pending('late=1');
    const server = await serve((_, res) => {
      res.write('a');
      holdResponse(res, commit.hooks);
      res.end('b');
    });
    const outgoing = request(server.url, { agent: false }).end();
    const [incoming] = await once(outgoing, 'response');
    await once(incoming, 'data');
    assert.deepEqual([incoming.complete, incoming.headers['set-cookie']], [false, undefined]);
    commit.done();
    incoming.resume();
    await once(incoming, 'end');
  });

  it('sends trailers', async () => {
    const server = await serve((_, res) => {
      const commit = pending();
      holdResponse(res, commit.hooks);
      res.setHeader('Trailer', 'X-Sum');
      res.write('a');
      res.addTrailers({ 'X-Sum': '1' });
      res.end('b');
      commit.done();
    });
    const outgoing = request(server.url, { agent: false }).end();
    const [incoming] = await once(outgoing, 'response');
    incoming.resume();
    await once(incoming, 'end');
    assert.deepEqual(incoming.trailers, { 'x-sum': '1' });
  });

  it('does not hold a response twice', async () => {
    const server = await serve((_, res) => {
      const { hooks } = pending();
      holdResponse(res, { ...hooks, commit: () => undefined });
      assert.throws(() => holdResponse(res, hooks), { code: 'INVALID_OPTIONS' });
      res.end('once');
    });
    assert.equal((await get(server.url)).body, 'once');
  });

  it('gives all responses the same functions', async () => {
    const methods: unknown[][] = [];
    const server = await serve((_, res) => {
      const commit = pending();
      holdResponse(res, commit.hooks);
      methods.push([res.writeHead, res.write, res.end, res.flushHeaders]);
      res.end('held');
      commit.done();
    });
    await get(server.url);
    await get(server.url);
    assert.deepEqual(
      methods[0]!.map((method, i) => method === methods[1]![i]),
      [true, true, true, true],
    );
  });
});

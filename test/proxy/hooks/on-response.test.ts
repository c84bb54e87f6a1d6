import assert from 'node:assert/strict';
import { get, makeRig } from '../../conformance/adapter-rig.ts';
import { answer, until, valuesOf } from '../../conformance/wire.ts';
import { makeServer } from '../server.ts';

const rig = makeRig(makeServer);

describe('onResponse', () => {
  afterEach(() => rig.end());

  it('changes status, reason and fields, and leaves the body alone', async () => {
    const { request } = await rig.start({
      endpoints: [answer('body', ['X-Powered-By: PHP', 'X-Keep: 1'], '200 Fine')],
      proxy: {
        onResponse: (head, req) => {
          assert.deepEqual([head.status, head.reason], [200, 'Fine']);
          head.delete('x-powered-by');
          head.set('X-For', req.url!);
          head.append('Set-Cookie', 'a=1');
          head.status = 418;
        },
      },
    });
    const response = await request(get('/p'));
    assert.equal(response.start, "HTTP/1.1 418 I'm a Teapot");
    assert.equal(response.body, 'body');
    const names = ['x-powered-by', 'x-keep', 'x-for', 'set-cookie'];
    assert.deepEqual(
      names.map((name) => valuesOf(response, name)),
      [[], ['1'], ['/p'], ['a=1']],
    );
  });

  it('keeps stickiness whole, also where it takes the cookie of the endpoint away', async () => {
    const { request, cluster } = await rig.start({
      endpoints: [answer('', ['Set-Cookie: JSESSIONID=abc', 'Cache-Control: public'])],
      proxy: {
        sticky: true,
        onResponse: (head, req) => {
          if (req.url === '/drop') head.delete('set-cookie');
          head.delete('cache-control');
        },
      },
    });
    const { route } = cluster.endpoints[0]!;
    const kept = await request(get('/keep'));
    assert.deepEqual(valuesOf(kept, 'set-cookie'), [`JSESSIONID=abc.${route}`]);
    assert.deepEqual(valuesOf(kept, 'cache-control'), ['private']);
    const [made] = valuesOf(await request(get('/drop')), 'set-cookie');
    assert.match(made!, new RegExp(`^JSESSIONID=[\\w-]+\\.${route};`));
  });

  it('may set the session cookie itself, and it gets its route as one of the endpoint would', async () => {
    const { request, cluster } = await rig.start({
      proxy: { sticky: true, onResponse: (head) => head.set('Set-Cookie', 'JSESSIONID=mine') },
    });
    assert.deepEqual(valuesOf(await request(get()), 'set-cookie'), [`JSESSIONID=mine.${cluster.endpoints[0]!.route}`]);
  });

  it('becomes one answer where it fails, and lets the endpoint go', async () => {
    let unhandled = 0;
    const onUnhandled = (): void => void unhandled++;
    process.on('unhandledRejection', onUnhandled);
    const { request, cluster } = await rig.start({
      endpoints: [answer('body')],
      proxy: {
        onResponse: (head, req) => {
          if (req.url === '/throw') throw new Error('broken');
          if (req.url === '/split') head.set('X', 'a\r\nb: c');
          if (req.url === '/frame') head.set('Transfer-Encoding', 'chunked');
          if (req.url === '/204') head.status = 204;
          if (req.url === '/wait') return Promise.reject(new Error('broken')) as never;
        },
      },
    });
    for (const path of ['/throw', '/split', '/frame', '/204', '/wait']) {
      const response = await request(get(path));
      assert.deepEqual([path, response.status], [path, 500]);
      assert.doesNotMatch(response.body, /broken/);
      await until(() => cluster.endpoints[0]!.inflight === 0);
    }
    assert.equal((await request(get('/ok'))).body, 'body');
    process.off('unhandledRejection', onUnhandled);
    assert.equal(unhandled, 0);
  });

  it('has no part in what the proxy itself answers', async () => {
    let calls = 0;
    const proxy = { onResponse: () => void calls++ };
    const { request } = await rig.start({ proxy, cluster: { endpoints: ['http://127.0.0.1:1'] } });
    assert.equal((await request(get())).status, 502);
    assert.equal(calls, 0);
  });
});

import assert from 'node:assert/strict';
import type http from 'node:http';
import { createCluster } from '@evenkeel/core';
import type { Cluster } from '@evenkeel/core';
import type { ProxyOptions } from '@evenkeel/proxy';
import { get, makeRig, requestOf } from '../../conformance/adapter-rig.ts';
import { answer, rawServer, valuesOf } from '../../conformance/wire.ts';
import { closing } from '../../closing.ts';
import { makeServer } from '../server.ts';

const rig = makeRig(makeServer);

/** What the endpoint is asked for, by what the client asks for. */
async function targetsOf(proxy: ProxyOptions, targets: readonly string[]): Promise<string[]> {
  const { request, last, endpoint } = await rig.start({ proxy });
  const asked: string[] = [];
  for (const target of targets) {
    const before = endpoint.requests.length;
    const { status } = await request(get(target));
    asked.push(endpoint.requests.length > before ? last().start.split(' ')[1]! : String(status));
  }
  return asked;
}

async function otherCluster(body: string, ...routes: string[]): Promise<Cluster> {
  const endpoint = await rawServer(answer(body, ['Set-Cookie: JSESSIONID=abc']));
  const cluster = createCluster({
    endpoints: routes.length === 0 ? [endpoint.url] : routes.map((route) => ({ url: endpoint.url, id: route, route })),
  });
  closing({
    async [Symbol.asyncDispose]() {
      await cluster.close();
      await endpoint.close();
    },
  });
  return cluster;
}

describe('filter', () => {
  afterEach(() => rig.end());

  it('takes what is below its prefixes, and no path that leaves them', async () => {
    const targets = [
      '/api',
      '/api/x?y',
      '/apis',
      '/v2/x',
      '/',
      '/api/../admin',
      '/api/%2e%2e/admin',
      'http://a.example/api/x',
    ];
    assert.deepEqual(await targetsOf({ filter: ['/api', '/v2/'] }, targets), [
      '/api',
      '/api/x?y',
      '404',
      '/v2/x',
      '404',
      '404',
      '404',
      '/api/x',
    ]);
  });

  it('takes paths that match a pattern, every time', async () => {
    const targets = ['/a.html', '/a.html', '/a.html?x', '/a.js', '/b?x=.html'];
    assert.deepEqual(await targetsOf({ filter: /\.html$/g }, targets), [
      '/a.html',
      '/a.html',
      '/a.html?x',
      '404',
      '404',
    ]);
  });

  it('asks a function, whose failure is a 500', async () => {
    const filter = (req: http.IncomingMessage): boolean => {
      if (req.url === '/throw') throw new Error('broken');
      return req.method === 'GET' && req.url !== '/no';
    };
    assert.deepEqual(await targetsOf({ filter }, ['/yes', '/no', '/throw', '/yes']), ['/yes', '404', '500', '/yes']);
  });
});

describe('rewritePath', () => {
  afterEach(() => rig.end());

  it('puts what a pattern says in its place, and only the first that matches counts', async () => {
    const rewritePath = { '^/old(?=/|$|\\?)': '/new', '^/(\\w+)/v1/': '/$1/v2/', '^/gone/?': '', '^/new': '/never' };
    const targets = ['/old/x?y', '/shop/v1/x', '/gone', '/gone?q', '/gone/x', '/same', '/olden'];
    assert.deepEqual(await targetsOf({ rewritePath }, targets), [
      '/new/x?y',
      '/shop/v2/x',
      '/',
      '/?q',
      '/x',
      '/same',
      '/olden',
    ]);
  });

  it('takes a path from a function, now or later, and undefined for no change', async () => {
    const rewritePath = (path: string) =>
      path === '/later' ? Promise.resolve('/late') : path === '/now' ? '/n' : undefined;
    assert.deepEqual(await targetsOf({ rewritePath }, ['/later', '/now', '/same?x']), ['/late', '/n', '/same?x']);
  });

  it('refuses dot segments, which would undo it', async () => {
    const targets = ['/api/../../admin', '/api/%2E%2E/%2e%2e/admin', '/api/..%2f..%2fadmin', '/api/./x', '/api/a..b'];
    assert.deepEqual(await targetsOf({ rewritePath: { '^/api': '/v2/public' } }, targets), [
      '400',
      '400',
      '400',
      '400',
      '/v2/public/a..b',
    ]);
  });

  it('lets no target through that is none, whoever made it', async () => {
    const made: Record<string, unknown> = {
      '/1': '/a b',
      '/2': '/a\r\nX: y',
      '/3': 'http://evil.example/',
      '/4': 5,
      '/5': '',
      '/6': '/\u0100',
    };
    const rewritePath = (path: string): string => made[path] as string;
    assert.deepEqual(await targetsOf({ rewritePath }, Object.keys(made)), ['400', '400', '500', '500', '500', '400']);
  });

  it('has no part in OPTIONS *', async () => {
    const { request, last } = await rig.start({ proxy: { rewritePath: () => '/x' } });
    await request(requestOf('OPTIONS', '*'));
    assert.equal(last().start, 'OPTIONS * HTTP/1.1');
  });
});

describe('router', () => {
  afterEach(() => rig.end());

  it('chooses by host and path, the first that fits', async () => {
    const [beta, api, host] = [await otherCluster('beta'), await otherCluster('api'), await otherCluster('host')];
    const router = { 'a.example/beta': beta, '/api': api, 'B.example:81': host };
    const { request } = await rig.start({ proxy: { router }, endpoints: [answer('default')] });
    const bodies: string[] = [];
    for (const target of ['/beta/x', '/api', '/betas', '/']) bodies.push((await request(get(target))).body);
    bodies.push((await request('GET / HTTP/1.1\r\nHost: b.EXAMPLE:81\r\n\r\n')).body);
    assert.deepEqual(bodies, ['beta', 'api', 'default', 'default', 'host']);
    assert.equal((await request(get('/beta/../api'))).status, 400);
  });

  it('asks a function, now or later, which gives a cluster or nothing', async () => {
    const other = await otherCluster('other');
    const router = ({ url }: http.IncomingMessage): Cluster | undefined | Promise<Cluster> => {
      if (url === '/later') return Promise.resolve(other);
      if (url === '/reject') return Promise.reject(new Error('no'));
      return url === '/now' ? other : url === '/wrong' ? ('http://x' as never) : undefined;
    };
    const { request } = await rig.start({ proxy: { router }, endpoints: [answer('default')] });
    const bodies: string[] = [];
    for (const target of ['/later', '/now', '/']) bodies.push((await request(get(target))).body);
    assert.deepEqual(bodies, ['other', 'other', 'default']);
    assert.equal((await request(get('/reject'))).status, 500);
    assert.equal((await request(get('/wrong'))).status, 500);
  });

  it('finds routes in the cluster that it chose, and in no other', async () => {
    const other = await otherCluster('other', 'a', 'b', 'c');
    const { request } = await rig.start({ proxy: { sticky: true, router: { '/other': other } } });
    for (const route of ['a', 'b', 'c', 'c', 'b']) {
      const response = await request(get('/other', `Cookie: JSESSIONID=abc.${route}`));
      // The endpoint says `abc` each time, and gets the route of the cookie behind it.
      assert.deepEqual(valuesOf(response, 'set-cookie'), [`JSESSIONID=abc.${route}`]);
    }
  });

  it('has sticky cookies count in the cluster that it chose', async () => {
    const other = await otherCluster('other');
    const { request, last, cluster } = await rig.start({
      proxy: { sticky: true, router: { '/other': other } },
      endpoints: [answer('default', ['Set-Cookie: JSESSIONID=own'])],
    });
    const [cookie] = valuesOf(await request(get('/other')), 'set-cookie');
    assert.equal(cookie, `JSESSIONID=abc.${other.endpoints[0]!.route}`);
    const [ours] = valuesOf(await request(get('/')), 'set-cookie');
    assert.equal(ours, `JSESSIONID=own.${cluster.endpoints[0]!.route}`);
    await request(get('/', `Cookie: ${ours}`));
    assert.deepEqual(valuesOf(last(), 'cookie'), ['JSESSIONID=own']);
  });
});

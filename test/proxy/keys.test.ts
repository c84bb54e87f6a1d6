import assert from 'node:assert/strict';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import net from 'node:net';
import express from 'express';
import Koa from 'koa';
import { createCluster, hash32, maglev, rendezvousHash } from '@evenkeel/core';
import type { Cluster, ClusterOptions } from '@evenkeel/core';
import { balance as expressBalance } from '@evenkeel/express';
import { balance as koaBalance } from '@evenkeel/koa';
import { cookieKey, createProxy, firstKey, headerKey, queryKey, sourceIp } from '@evenkeel/proxy';
import type { ProxyOptions, RequestKey } from '@evenkeel/proxy';
import { hashOfKey } from '../../packages/proxy/src/keys.ts';
import type { MakeServer } from '../conformance/adapter.ts';
import { get, listen, makeRig } from '../conformance/adapter-rig.ts';
import { answer, valuesOf } from '../conformance/wire.ts';
import { makeServer } from './server.ts';

const SERVERS: Readonly<Record<string, MakeServer>> = {
  'node:http': makeServer,
  Express: (cluster, options) => listen(http.createServer(express().use('/api', expressBalance(cluster, options)))),
  Koa(cluster, options) {
    const app = new Koa();
    app.silent = true;
    app.use(koaBalance(cluster, options));
    const handle = app.callback();
    return listen(http.createServer((req, res) => void handle(req, res)));
  },
};

const FOUR = Array.from({ length: 4 }, (_, i) => answer(`${i}`));
const HASHED: Partial<ClusterOptions> = { strategy: rendezvousHash() };

for (const [name, make] of Object.entries(SERVERS)) {
  describe(`key of a request, under ${name}`, () => {
    const rig = makeRig(make);
    afterEach(() => rig.end());

    async function start(key: RequestKey, more: ProxyOptions = {}) {
      const { request } = await rig.start({ endpoints: FOUR, cluster: HASHED, proxy: { key, ...more } });
      return async (path: string, ...fields: string[]) => (await request(get(`/api${path}`, ...fields))).body;
    }

    it('sends equal keys to one endpoint and different ones to all', async () => {
      for (const [key, of] of [
        [headerKey('X-User'), (value: string) => ['/', `x-user: ${value}`]],
        [cookieKey('user'), (value: string) => ['/', `Cookie: a=b; user=${value}; user=other`]],
        [queryKey('user'), (value: string) => [`/?a=b&user=${value}&user=other`]],
        [firstKey(headerKey('X-None'), queryKey('user')), (value: string) => [`/?user=${value}`]],
        [
          (req: http.IncomingMessage) => String(req.headers['x-user']).slice(0, 3),
          (value: string) => ['/', `X-User: ${value}`],
        ],
      ] as const) {
        const ask = await start(key);
        const bodies = new Set<string>();
        for (let i = 0; i < 24; i++) {
          const [path, ...fields] = of(`u${i}x`) as [string, ...string[]];
          const body = await ask(path, ...fields);
          assert.equal(await ask(path, ...fields), body);
          bodies.add(body);
        }
        assert.equal(bodies.size, 4);
      }
    });

    it('goes by the address of the client, as far as the peer is trusted', async () => {
      const trusting = await start(sourceIp(), { trustedProxies: ['127.0.0.1'] });
      const bodies = new Set<string>();
      for (let i = 0; i < 24; i++) {
        const body = await trusting('/', `X-Forwarded-For: 1.1.1.1, 198.51.100.${i}`);
        assert.equal(await trusting('/', `X-Forwarded-For: 2.2.2.2, 198.51.100.${i}`), body);
        bodies.add(body);
      }
      assert.equal(bodies.size, 4);
      const wary = await start(sourceIp());
      const all = await Promise.all(
        Array.from({ length: 12 }, (_, i) => wary('/', `X-Forwarded-For: 198.51.100.${i}`)),
      );
      assert.equal(new Set(all).size, 1);
    });

    it('hangs on nothing where there is no key, so that it goes anywhere', async () => {
      for (const key of [headerKey('x-user'), cookieKey('user'), queryKey('user'), () => undefined, () => '']) {
        const ask = await start(key);
        const bodies = new Set<string>();
        for (let i = 0; i < 40; i++) bodies.add(await ask('/?user=', 'Cookie: user=; user', 'X-User:'));
        assert.equal(bodies.size, 4);
      }
    });
  });
}

describe('key of a request', () => {
  const rig = makeRig(makeServer);
  afterEach(() => rig.end());

  it('comes after a sticky cookie', async () => {
    const key = headerKey('X-User');
    const { request } = await rig.start({ endpoints: FOUR, cluster: HASHED, proxy: { key, sticky: true } });
    const first = await request(get('/', 'X-User: a'));
    const cookie = valuesOf(first, 'set-cookie')[0]!.split(';', 1)[0]!;
    for (let i = 0; i < 20; i++)
      assert.equal((await request(get('/', `X-User: u${i}`, `Cookie: ${cookie}`))).body, first.body);
  });

  it('decides where a session begins, and the session where it goes when its endpoint is gone', async () => {
    const key = headerKey('X-User');
    const options = { endpoints: FOUR, cluster: HASHED, proxy: { key, sticky: true } };
    const { request, cluster, endpoints } = await rig.start(options);
    const beginnings = new Set<string>();
    for (let i = 0; i < 5; i++) beginnings.add((await request(get('/', 'X-User: same'))).body);
    assert.equal(beginnings.size, 1);
    const [home] = [...beginnings];
    const session = 'A'.repeat(32);
    const gone = cluster.endpoints.find(({ origin }) => origin === endpoints[Number(home)]!.url)!;
    cluster.disable(gone.id);
    const successors = new Set<string>();
    for (let i = 0; i < 20; i++) {
      const cookie = `Cookie: JSESSIONID=${session}.${gone.route}`;
      successors.add((await request(get('/', `X-User: u${i}`, cookie))).body);
    }
    assert.equal(successors.size, 1, 'whatever the key says');
  });

  it('places a cookie without a route by the key, and by the cookie if there is none', async () => {
    const seen: number[] = [];
    const strategy: ClusterOptions['strategy'] = {
      name: 'watching',
      build: (endpoints) => ({
        pick(context) {
          seen.push(context.key);
          return endpoints[0];
        },
      }),
    };
    const proxy = { key: headerKey('X-User'), sticky: true };
    const { request } = await rig.start({ cluster: { strategy }, proxy });
    await request(get('/', 'Cookie: JSESSIONID=abc', 'X-User: me'));
    await request(get('/', 'Cookie: JSESSIONID=abc'));
    await request(get('/'));
    assert.deepEqual(seen, [hash32('me'), hash32('abc'), 0]);
  });

  it('survives hostile values', async () => {
    const key = firstKey(
      cookieKey('user'),
      queryKey('user'),
      headerKey('x-user'),
      sourceIp({ trustedProxies: ['127.0.0.1'] }),
    );
    const { request } = await rig.start({ endpoints: FOUR, cluster: HASHED, proxy: { key, maxHeadBytes: 65_536 } });
    const paths = [
      '/?user=%',
      '/?user=%ff%fe%',
      '/?%=%&user',
      `/?${'user&'.repeat(1_000)}`,
      '/?user=%00%0d%0a',
      '/??user=?#user',
    ];
    const fields = [
      `Cookie: ${'user=;'.repeat(1_500)}`,
      `Cookie: ${'user=x;'.repeat(1_500)}`,
      'Cookie: =;;;user;user==;"user="',
      `X-User: ${'x'.repeat(12_000)}`,
      'X-User: \xff\xfe',
      `X-Forwarded-For: ${','.repeat(12_000)}`,
      `Forwarded: ${'for="'.repeat(2_000)}`,
    ];
    for (const path of paths) assert.equal((await request(get(path))).status, 200, path);
    for (const field of fields) assert.equal((await request(get('/', field))).status, 200, field.slice(0, 40));
  });

  it('takes an IPv4 client on a dual-stack socket for the same as on an IPv4 one', async function () {
    const cluster = createCluster({ endpoints: ['http://127.0.0.1:9'] });
    const keys: (string | undefined)[] = [];
    const address = sourceIp({ ipv4Prefix: 24 });
    const proxy = createProxy(cluster, {
      key(request, client) {
        keys.push(address(request, client), client.address);
        return undefined;
      },
    });
    for (const host of ['127.0.0.1', '::']) {
      const server = http.createServer((req, res) => proxy.web(req, res));
      const isUp = await new Promise<boolean>((resolve) => {
        server.once('error', () => resolve(false)).listen(0, host, () => resolve(true));
      });
      if (!isUp) this.skip();
      const socket = net.connect((server.address() as AddressInfo).port, '127.0.0.1');
      socket.end(get('/', 'Connection: close')).resume();
      await new Promise((resolve) => socket.on('close', resolve));
      await new Promise((resolve) => server.close(resolve));
    }
    assert.deepEqual(keys, ['127.0.0.0', '127.0.0.1', '127.0.0.0', '127.0.0.1']);
    await Promise.all([proxy.close(), cluster.close()]);
  });

  it("is the application's mistake if it throws or gives no text: next(error), or a 500", async () => {
    const broken = [
      () => 5,
      () => null,
      () => Promise.resolve('x'),
      () => assert.fail('no'),
    ] as unknown as RequestKey[];
    const messages = ['it gave a number', 'it gave null', 'it gave an object', 'no'];
    for (const [i, key] of broken.entries()) {
      const errors: Error[] = [];
      const withNext = async (cluster: Cluster, options?: ProxyOptions) => {
        const proxy = createProxy(cluster, options);
        return listen(
          http.createServer((req, res) =>
            proxy.web(req, res, (error) => {
              errors.push(error as Error);
              res.writeHead(599).end();
            }),
          ),
        );
      };
      const nextRig = makeRig(withNext);
      const one = await nextRig.start({ proxy: { key } });
      assert.equal((await one.request(get())).status, 599);
      assert.ok(errors[0]!.message.includes(messages[i]!), errors[0]!.message);
      await nextRig.end();
      const two = await rig.start({ proxy: { key } });
      assert.equal((await two.request(get())).status, 500);
      assert.equal(two.endpoint.requests.length, 0);
    }
  });

  it('moves hardly any client when an endpoint goes, with any hashing strategy', async () => {
    for (const strategy of [rendezvousHash(), maglev({ tableSize: 251 })]) {
      const key = headerKey('X-User');
      const { request, cluster, endpoints } = await rig.start({
        endpoints: FOUR,
        cluster: { strategy },
        proxy: { key },
      });
      // By names of their own: ports differ from run to run, and with some of them a small table moves a tenth of the keys.
      cluster.update(endpoints.map(({ url }, i) => ({ url, id: `endpoint-${i}` })));
      const ask = async () => {
        const bodies: string[] = [];
        for (let i = 0; i < 40; i++) bodies.push((await request(get('/', `X-User: u${i}`))).body);
        return bodies;
      };
      const before = await ask();
      cluster.disable('endpoint-0');
      const after = await ask();
      const moved = before.filter((body, i) => body !== '0' && body !== after[i]).length;
      assert.ok(moved <= 3, `${moved} of 40`);
      assert.ok(!after.includes('0'));
    }
  });
});

describe('hashOfKey', () => {
  const client = { address: undefined };
  const hashOf = (key: string) => hashOfKey(() => key, new http.IncomingMessage(new net.Socket()), client);

  it('never takes a key for none, even one whose hash is zero', () => {
    const text = textOfHashZero();
    assert.equal(hash32(text), 0);
    assert.equal(hashOf(text), 1);
    assert.equal(hashOf('a'), hash32('a'));
    assert.equal(hashOf(''), 0);
  });
});

/** The hash is zero if its state before the last character is that character. */
function textOfHashZero(): string {
  for (let i = 0; ; i++) {
    let state = 0x811c9dc5;
    for (const character of `k${i}`) state = Math.imul(state ^ character.charCodeAt(0), 0x01000193);
    if (state >= 0 && state < 65_536) return `k${i}${String.fromCharCode(state)}`;
  }
}

describe('options of keys', () => {
  it('are refused by path, expectation and value', () => {
    const cluster = createCluster({ endpoints: ['http://127.0.0.1:9'] });
    const cases: [() => unknown, RegExp][] = [
      [() => createProxy(cluster, { key: 'ip' as never }), /createProxy: `key` must be a function, got "ip"/],
      [() => sourceIp({ ipv4Prefix: 33 }), /sourceIp: `ipv4Prefix` must be an integer from 1 to 32, got 33/],
      [() => sourceIp({ ipv6Prefix: 0 }), /`ipv6Prefix` must be an integer from 1 to 128, got 0/],
      [() => sourceIp({ trustedProxies: ['x'] }), /`trustedProxies\[0\]` must be an address or network .*, got "x"/],
      [() => sourceIp({ prefix: 24 } as never), /`prefix` is not a known option/],
      [() => headerKey('a b'), /headerKey: `name` must be the name of a header field, got "a b"/],
      [() => cookieKey('a=b'), /cookieKey: `name` must be the name of a cookie, got "a=b"/],
      [() => queryKey(''), /queryKey: `name` must be the name of a query parameter, got ""/],
      [() => firstKey(), /firstKey: `keys` must be at least one function, got an empty array/],
      [() => firstKey(sourceIp(), 'x' as never), /firstKey: `keys\[1\]` must be a function, got "x"/],
    ];
    for (const [make, message] of cases) assert.throws(make, { code: 'INVALID_OPTIONS', message });
  });
});

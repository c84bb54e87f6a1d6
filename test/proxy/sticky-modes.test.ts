import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { headerKey, sourceIp } from '@evenkeel/proxy';
import type { StickyOptions } from '@evenkeel/proxy';
import { get, makeRig } from '../conformance/adapter-rig.ts';
import type { Arrangement } from '../conformance/adapter-rig.ts';
import { rawRequest, until, valuesOf } from '../conformance/wire.ts';
import type { RawHandler, RawMessage } from '../conformance/wire.ts';
import { makeServer } from './server.ts';

/** Says its own number, and whatever else. */
function numbered(number: number, ...fields: string[]): RawHandler {
  const head = ['HTTP/1.1 200 OK', ...fields, 'Content-Length: 1'].join('\r\n');
  return (_request, socket) => void socket.write(`${head}\r\n\r\n${number}`);
}

const three = [numbered(0), numbered(1), numbered(2)];

function from(address: string): string {
  return get('/', `X-Forwarded-For: ${address}`);
}

/** The last request that reached the endpoint which gave that answer. */
function heard({ endpoints }: Arrangement, { body }: RawMessage): RawMessage {
  return endpoints[Number(body)]!.requests.at(-1)!;
}

const rig = makeRig(makeServer);
const start = (sticky: StickyOptions, cluster = {}): Promise<Arrangement> =>
  rig.start({ proxy: { sticky, trustedProxies: ['127.0.0.1'] }, endpoints: three, cluster });

describe('stickiness by a cookie of the proxy alone', () => {
  afterEach(() => rig.end());

  async function session(arrangement: Arrangement) {
    const first = await arrangement.request(get());
    const [cookie] = valuesOf(first, 'set-cookie');
    return { home: Number(first.body), cookie: cookie!.split(';')[0]!, whole: cookie! };
  }

  it('keeps a session, tells its place once, and shows the endpoint only what is its own', async () => {
    const arrangement = await start({ mode: 'insert' });
    const { home, cookie, whole } = await session(arrangement);
    const { route } = arrangement.cluster.endpoints[home]!;
    assert.equal(whole, `EVENKEEL_ROUTE=${route}; Path=/; HttpOnly; SameSite=Lax`);
    for (let i = 0; i < 6; i++) {
      const response = await arrangement.request(
        get('/', 'Cookie: a="1;', `Cookie: ${cookie};JSESSIONID=x.y.z`, `Cookie: ${cookie}`),
      );
      assert.equal(response.body, String(home));
      assert.deepEqual(valuesOf(response, 'set-cookie'), []);
      assert.deepEqual(valuesOf(heard(arrangement, response), 'cookie'), ['a="1;', 'JSESSIONID=x.y.z']);
    }
  });

  it('moves a session in the response that its successor gives, the same for all who ask, and not back', async () => {
    const arrangement = await start({ mode: 'insert', sessionCookie: 'SID', cookie: 'R' });
    const { home, cookie } = await session(arrangement);
    arrangement.cluster.disable(arrangement.cluster.endpoints[home]!.id);
    const request = (): Promise<RawMessage> => arrangement.request(get('/', `Cookie: ${cookie}; SID=abc`));
    const moved = await Promise.all(Array.from({ length: 6 }, request));
    assert.equal(new Set(moved.map(({ body }) => body)).size, 1);
    const next = Number(moved[0]!.body);
    assert.notEqual(next, home);
    const told = moved.map((response) => valuesOf(response, 'set-cookie')[0]!.split(';')[0]);
    assert.deepEqual(new Set(told), new Set([`R=${arrangement.cluster.endpoints[next]!.route}`]));
    arrangement.cluster.enable(arrangement.cluster.endpoints[home]!.id);
    const later = await arrangement.request(get('/', `Cookie: ${told[0]}; SID=abc`));
    assert.equal(later.body, String(next));
  });

  it('spreads the sessions of an endpoint that is gone, also those without a session cookie', async () => {
    const arrangement = await start({ mode: 'insert' });
    const { home, cookie } = await session(arrangement);
    arrangement.cluster.disable(arrangement.cluster.endpoints[home]!.id);
    const bodies = new Set<string>();
    for (let i = 0; i < 16; i++) {
      bodies.add((await arrangement.request(get('/', `Cookie: ${cookie}`, `X-Forwarded-For: 10.0.0.${i}`))).body);
    }
    assert.deepEqual(
      [...bodies].toSorted(),
      ['0', '1', '2'].filter((body) => body !== String(home)),
    );
  });

  it('answers 503 if it is strict', async () => {
    const arrangement = await start({ mode: 'insert', strict: true });
    const { home, cookie } = await session(arrangement);
    arrangement.cluster.disable(arrangement.cluster.endpoints[home]!.id);
    assert.equal((await arrangement.request(get('/', `Cookie: ${cookie}`))).status, 503);
    assert.equal((await arrangement.request(get())).status, 200);
  });
});

describe('stickiness by a key alone', () => {
  afterEach(() => rig.end());

  const byUser: StickyOptions = { mode: 'hash', key: headerKey('x-user') };
  const user = (name: string): string => get('/', `X-User: ${name}`);

  it('has each key at one place, by whatever strategy and balancer, and sets no cookie', async () => {
    const one = await start(byUser);
    const other = await makeServer(one.cluster, { sticky: byUser });
    const places = new Set<string>();
    for (let i = 0; i < 24; i++) {
      const responses = [
        await one.request(user(`u${i}`)),
        await rawRequest(other.port, user(`u${i}`)),
        await one.request(user(`u${i}`)),
      ];
      assert.equal(new Set(responses.map(({ body }) => body)).size, 1);
      assert.deepEqual(valuesOf(responses[0]!, 'set-cookie'), []);
      places.add(responses[0]!.body);
    }
    await other.close();
    assert.equal(places.size, 3);
  });

  it('moves the keys of an endpoint that is gone and no others, and gives them back', async () => {
    const { request, cluster } = await start(byUser);
    const users = Array.from({ length: 20 }, (_, i) => user(`u${i}`));
    const ask = (): Promise<string[]> => Promise.all(users.map(async (bytes) => (await request(bytes)).body));
    const before = await ask();
    cluster.disable(cluster.endpoints[1]!.id);
    const without = await ask();
    for (const [i, body] of before.entries()) {
      if (body === '1') assert.notEqual(without[i], '1');
      else assert.equal(without[i], body);
    }
    cluster.enable(cluster.endpoints[1]!.id);
    assert.deepEqual(await ask(), before);
  });

  it("goes by the session id, or the client's address, if nothing else is said", async () => {
    const { request } = await start({ mode: 'hash' });
    for (let i = 0; i < 8; i++) {
      const ids = ['x', 'x.tomcat1', 'x.tomcat2'].map((id) =>
        get('/', `Cookie: JSESSIONID=${i}${id}`, `X-Forwarded-For: 10.9.9.${i}`),
      );
      assert.equal(new Set(await Promise.all(ids.map(async (bytes) => (await request(bytes)).body))).size, 1);
    }
    const places = await Promise.all(
      Array.from({ length: 12 }, async (_, i) => (await request(from(`10.0.${i}.1`))).body),
    );
    assert.equal(new Set(places).size, 3);
    assert.equal((await request(from('10.0.5.1'))).body, places[5]);
  });

  it('leaves requests without a key to the strategy', async () => {
    const { request } = await start(byUser);
    const bodies = [await request(get()), await request(get()), await request(get())].map(({ body }) => body);
    assert.deepEqual(bodies.toSorted(), ['0', '1', '2']);
  });

  it('answers 503 if it is strict, to the keys of that endpoint', async () => {
    const { request, cluster } = await start({ mode: 'hash', key: sourceIp(), strict: true });
    cluster.disable(cluster.endpoints[0]!.id);
    const clients = Array.from({ length: 12 }, (_, i) => from(`10.0.${i}.1`));
    const statuses = new Set(await Promise.all(clients.map(async (bytes) => (await request(bytes)).status)));
    assert.deepEqual([...statuses].toSorted(), [200, 503]);
  });

  it("answers 500 to an application's key that is no text", async () => {
    const { request } = await start({ mode: 'hash', key: (() => 7) as never });
    assert.equal((await request(get())).status, 500);
  });
});

describe('stickiness by a table of addresses', () => {
  afterEach(() => rig.end());

  it('keeps clients where the strategy has put them, and spreads them', async () => {
    const { request } = await start({ mode: 'sourceIp', ipv4Prefix: 24 });
    const bodies = [];
    for (const net of [1, 2, 3]) bodies.push((await request(from(`10.0.${net}.1`))).body);
    assert.deepEqual(bodies.toSorted(), ['0', '1', '2']);
    for (let i = 0; i < 4; i++) {
      for (const net of [1, 2, 3]) {
        const response = await request(from(`10.0.${net}.${i}`));
        assert.equal(response.body, bodies[net - 1]);
        assert.deepEqual(valuesOf(response, 'set-cookie'), []);
      }
    }
  });

  it('moves a client whose endpoint is gone, once', async () => {
    const { request, cluster } = await start({ mode: 'sourceIp' });
    const home = Number((await request(from('10.0.0.1'))).body);
    cluster.disable(cluster.endpoints[home]!.id);
    const { body } = await request(from('10.0.0.1'));
    assert.notEqual(body, String(home));
    cluster.enable(cluster.endpoints[home]!.id);
    for (let i = 0; i < 4; i++) assert.equal((await request(from('10.0.0.1'))).body, body);
  });

  it('answers 503 to a client whose endpoint is gone if it is strict', async () => {
    const { request, cluster } = await start({ mode: 'sourceIp', strict: true });
    const home = Number((await request(from('10.0.0.1'))).body);
    cluster.disable(cluster.endpoints[home]!.id);
    assert.equal((await request(from('10.0.0.1'))).status, 503);
    assert.equal((await request(from('10.0.0.2'))).status, 200);
  });
});

describe('stickiness with a bound on the load', () => {
  afterEach(() => rig.end());

  it('sends single requests elsewhere while their endpoint has too much, without a word to the client', async () => {
    const arrangement = await start({ maxLoadRatio: 1.25 });
    const { request, endpoints } = arrangement;
    const first = await request(get());
    const cookie = `Cookie: ${valuesOf(first, 'set-cookie')[0]!.split(';')[0]}`;
    const server = endpoints[Number(first.body)]!;
    const answer = server.onRequest;
    const held: Socket[] = [];
    server.onRequest = (_request, socket) => void held.push(socket);
    const waiting = Array.from({ length: 8 }, () => request(get('/', cookie)));
    await until(() => held.length === 8);
    const detour = await request(get('/', cookie));
    assert.notEqual(detour.body, first.body);
    assert.deepEqual(valuesOf(detour, 'set-cookie'), []);
    server.onRequest = answer;
    for (const socket of held) answer(server.requests[0]!, socket);
    for (const response of await Promise.all(waiting)) assert.equal(response.body, first.body);
    assert.equal((await request(get('/', cookie))).body, first.body);
  });
});

describe('stickiness by the path', () => {
  afterEach(() => rig.end());

  it('takes the route off the target, and nothing else', async () => {
    const arrangement = await start({ pathParameter: true });
    for (const { route, id } of arrangement.cluster.endpoints) {
      const response = await arrangement.request(get(`/a//..;jsessionid=X%2e.${route};b/c;d?e=;jsessionid=Y.${route}`));
      assert.equal(arrangement.cluster.endpoints[Number(response.body)]!.id, id);
      assert.equal(
        heard(arrangement, response).start,
        `GET /a//..;jsessionid=X%2e;b/c;d?e=;jsessionid=Y.${route} HTTP/1.1`,
      );
      assert.deepEqual(valuesOf(response, 'set-cookie'), []);
    }
  });
});

import assert from 'node:assert/strict';
import { createCluster } from '@evenkeel/core';
import type { Cluster, Endpoint } from '@evenkeel/core';
import { get, inOrder, makeRig } from '../conformance/adapter-rig.ts';
import type { Arrangement } from '../conformance/adapter-rig.ts';
import { rawRequest, rawServer, until, valuesOf } from '../conformance/wire.ts';
import type { RawHandler, RawMessage } from '../conformance/wire.ts';
import { makeServer } from './server.ts';

/** Says its own number, and whatever else. */
function numbered(number: number, ...fields: string[]): RawHandler {
  const head = ['HTTP/1.1 200 OK', ...fields, 'Content-Length: 1'].join('\r\n');
  return (_request, socket) => void socket.write(`${head}\r\n\r\n${number}`);
}

/** The session cookie that a response sets, if any. */
function cookieOf(response: RawMessage): string | undefined {
  return valuesOf(response, 'set-cookie')
    .find((cookie) => cookie.startsWith('JSESSIONID='))
    ?.split(';')[0];
}

function routeOf(cookie: string | undefined): string | undefined {
  return cookie?.slice(cookie.lastIndexOf('.') + 1);
}

describe('stickiness', () => {
  const rig = makeRig(makeServer);
  afterEach(() => rig.end());

  const three = [numbered(0), numbered(1), numbered(2)];
  const sticky = { proxy: { sticky: true } };

  /** A session, and the endpoint that has it. */
  async function session({ request, cluster, endpoints }: Arrangement) {
    const first = await request(get());
    const cookie = cookieOf(first)!;
    const home = Number(first.body);
    return { cookie, home, endpoint: cluster.endpoints[home]!, server: endpoints[home]! };
  }

  it('keeps a session on its endpoint', async () => {
    const arrangement = await rig.start({ ...sticky, endpoints: three });
    const { cookie, home, endpoint } = await session(arrangement);
    assert.equal(routeOf(cookie), endpoint.route);
    for (let i = 0; i < 12; i++) {
      const { body, fields } = await arrangement.request(get('/', `Cookie: ${cookie}`));
      assert.equal(body, String(home));
      assert.ok(!fields.some(([name]) => /^(set-cookie|cache-control)$/i.test(name)));
    }
  });

  it('spreads clients that have no session yet', async () => {
    const { request } = await rig.start({ ...sticky, endpoints: three });
    const bodies = await Promise.all(Array.from({ length: 12 }, async () => (await request(get())).body));
    assert.deepEqual(new Set(bodies), new Set(['0', '1', '2']));
  });

  it('keeps a cookie of the application however long it is', async () => {
    const value = 'z'.repeat(600);
    const { request, last } = await rig.start({
      ...sticky,
      endpoints: [numbered(0, `Set-Cookie: JSESSIONID=${value}`)],
    });
    const cookie = cookieOf(await request(get('/')))!;
    await request(get('/', `Cookie: ${cookie}`));
    assert.deepEqual(valuesOf(last(), 'cookie'), [`JSESSIONID=${value}`]);
  });

  it('does nothing to cookies without sticky', async () => {
    const { request, last } = await rig.start({ endpoints: [numbered(0, 'Set-Cookie: JSESSIONID=abc')] });
    const { fields } = await request(get('/', 'Cookie: JSESSIONID=abc.abcdefghijkl'));
    assert.deepEqual(valuesOf(last(), 'cookie'), ['JSESSIONID=abc.abcdefghijkl']);
    assert.ok(fields.some(([name, value]) => name === 'Set-Cookie' && value === 'JSESSIONID=abc'));
  });

  it('shows an application its own session cookie, as it made it', async () => {
    const own = 's%3Aabc.def/ghi+jkl=';
    const { request, last, cluster } = await rig.start({
      ...sticky,
      endpoints: [numbered(0, `Set-Cookie: JSESSIONID=${own}; Path=/`)],
    });
    const cookie = cookieOf(await request(get()))!;
    assert.equal(cookie, `JSESSIONID=${own}.${cluster.endpoints[0]!.route}`);
    await request(get('/', `Cookie: a=b; ${cookie}; c=d`));
    assert.deepEqual(valuesOf(last(), 'cookie'), [`a=b; JSESSIONID=${own}; c=d`]);
  });

  it('marks responses that set the cookie as private', async () => {
    const { request } = await rig.start({ ...sticky, endpoints: [numbered(0)] });
    assert.deepEqual(valuesOf(await request(get()), 'cache-control'), ['private']);
    const cached = await rig.start({ ...sticky, endpoints: [numbered(0, 'Cache-Control: public, max-age=60')] });
    assert.deepEqual(valuesOf(await cached.request(get()), 'cache-control'), ['public, max-age=60']);
  });

  it('moves a session in the response that its successor gives, and to the same one for all who ask', async () => {
    const arrangement = await rig.start({ ...sticky, endpoints: three });
    const { cookie, home, server } = await session(arrangement);
    await server.close();
    const request = (): Promise<RawMessage> => arrangement.request(get('/', `Cookie: ${cookie}`));
    const responses = await Promise.all(Array.from({ length: 10 }, request));
    const homes = new Set(responses.map(({ body }) => body));
    assert.equal(homes.size, 1);
    assert.ok(!homes.has(String(home)));
    for (const response of responses) {
      assert.equal(routeOf(cookieOf(response)), arrangement.cluster.endpoints[Number(response.body)]!.route);
      assert.equal(cookieOf(response)!.split('.')[0], cookie.split('.')[0]);
    }
  });

  it('finds the same successor behind every balancer', async () => {
    const servers = await Promise.all([0, 1, 2, 3].map((i) => rawServer(numbered(i))));
    const gone = createCluster({ endpoints: ['http://127.0.0.1:1'] }).endpoints[0] as Endpoint;
    const clusters: Cluster[] = [servers, servers.toReversed()].map((order) =>
      createCluster({ endpoints: order.map(({ url }) => url) }),
    );
    const fronts = await Promise.all(clusters.map((cluster) => makeServer(cluster, { sticky: true })));
    for (let i = 0; i < 20; i++) {
      const bytes = get('/', `Cookie: JSESSIONID=${i}.${gone.route}`);
      const [one, other] = await Promise.all(fronts.map(({ port }) => rawRequest(port, bytes)));
      assert.equal(one!.body, other!.body);
    }
    await Promise.all([...fronts, ...servers, ...clusters].map((each) => each.close()));
  });

  it('does not go back when the old endpoint returns', async () => {
    const arrangement = await rig.start({ ...sticky, endpoints: three });
    const { cookie, endpoint, home } = await session(arrangement);
    arrangement.cluster.disable(endpoint.id);
    const moved = await arrangement.request(get('/', `Cookie: ${cookie}`));
    assert.notEqual(moved.body, String(home));
    arrangement.cluster.enable(endpoint.id);
    for (let i = 0; i < 6; i++) {
      const later = await arrangement.request(get('/', `Cookie: ${cookieOf(moved)!}`));
      assert.equal(later.body, moved.body);
      assert.equal(cookieOf(later), undefined);
    }
  });

  it('stays with an endpoint that drains, and leaves one that is removed', async () => {
    const arrangement = await rig.start({ ...sticky, endpoints: three });
    const { cookie, endpoint, home } = await session(arrangement);
    const bytes = get('/', `Cookie: ${cookie}`);
    await arrangement.request(bytes);
    void arrangement.cluster.drain(endpoint.id);
    assert.equal((await arrangement.request(bytes)).body, String(home));
    const others = arrangement.cluster.endpoints.filter(({ id }) => id !== endpoint.id);
    arrangement.cluster.update(others.map(({ origin }) => origin));
    const moved = await arrangement.request(bytes);
    assert.notEqual(moved.body, String(home));
    assert.equal(cookieOf(moved)!.split('.')[0], cookie.split('.')[0]);
  });

  it('sends a retry of a stuck request to the successor, and says so', async () => {
    const arrangement = await rig.start({
      ...sticky,
      cluster: { strategy: inOrder },
      endpoints: [(_request, socket) => socket.destroy(), numbered(1)],
    });
    const [broken, other] = arrangement.cluster.endpoints as [Endpoint, Endpoint];
    const response = await arrangement.request(get('/', `Cookie: JSESSIONID=abc.${broken.route}`));
    assert.equal(response.body, '1');
    assert.equal(cookieOf(response), `JSESSIONID=abc.${other.route}`);
  });

  it('comes back to an endpoint that declined one request, and to one that was full', async () => {
    const arrangement = await rig.start({ ...sticky, cluster: { maxInflight: 1 }, endpoints: three });
    const { cookie, home, server } = await session(arrangement);
    const bytes = get('/', `Cookie: ${cookie}`);
    const answer = server.onRequest;
    server.onRequest = (_request, socket) => {
      socket.write('HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n');
    };
    const declined = await arrangement.request(bytes);
    assert.notEqual(declined.body, String(home));
    assert.equal(cookieOf(declined), undefined);
    let finish = (): void => undefined;
    server.onRequest = (request, socket) => (finish = () => answer(request, socket));
    const before = server.requests.length;
    const held = arrangement.request(bytes);
    await until(() => server.requests.length > before);
    const detoured = await arrangement.request(bytes);
    assert.notEqual(detoured.body, String(home));
    assert.equal(cookieOf(detoured), undefined);
    finish();
    assert.equal((await held).body, String(home));
  });

  it('answers 503 for a session whose endpoint is gone if it is strict, and touches no other endpoint', async () => {
    const arrangement = await rig.start({ proxy: { sticky: { strict: true } }, endpoints: three });
    const { cookie, endpoint, server } = await session(arrangement);
    const bytes = get('/', `Cookie: ${cookie}`);
    const before = arrangement.endpoints.map(({ requests }) => requests.length);
    await server.close();
    assert.equal((await arrangement.request(bytes)).status, 503);
    arrangement.cluster.update(
      arrangement.cluster.endpoints.filter((other) => other !== endpoint).map(({ origin }) => origin),
    );
    assert.equal((await arrangement.request(bytes)).status, 503);
    assert.deepEqual(
      arrangement.endpoints.map(({ requests }) => requests.length),
      before,
    );
    assert.equal((await arrangement.request(get())).status, 200);
  });

  it('lets a deletion of the cookie through and starts afresh after it', async () => {
    const { request, endpoint } = await rig.start({
      ...sticky,
      endpoints: [numbered(0, 'Set-Cookie: JSESSIONID=; Max-Age=0')],
    });
    const response = await request(get('/', 'Cookie: JSESSIONID=abc'));
    assert.deepEqual(valuesOf(response, 'set-cookie'), ['JSESSIONID=; Max-Age=0']);
    endpoint.onRequest = numbered(0);
    assert.match(cookieOf(await request(get()))!, /^JSESSIONID=[0-9A-F]{32}\./);
  });

  it('makes a cookie with another name and attributes if told to', async () => {
    const options = { cookie: 'SID', path: '/app', domain: 'a.example', sameSite: 'none', secure: true } as const;
    const { request } = await rig.start({ proxy: { sticky: options }, endpoints: [numbered(0)] });
    const [cookie] = valuesOf(await request(get()), 'set-cookie');
    assert.match(cookie!, /^SID=[0-9A-F]{32}\.\w+; Domain=a\.example; Path=\/app; HttpOnly; Secure; SameSite=None$/);
  });

  it('makes the cookie Secure for a client whose TLS ends at a trusted proxy', async () => {
    const proxy = { sticky: true, trustedProxies: ['127.0.0.1'] };
    const { request } = await rig.start({ proxy, endpoints: [numbered(0)] });
    assert.match(valuesOf(await request(get('/', 'X-Forwarded-Proto: https')), 'set-cookie')[0]!, /; Secure/);
    assert.doesNotMatch(valuesOf(await request(get()), 'set-cookie')[0]!, /; Secure/);
  });

  it('counts nothing in flight afterwards', async () => {
    const { request, cluster } = await rig.start({ ...sticky, endpoints: three });
    await Promise.all(Array.from({ length: 30 }, () => request(get())));
    await until(() => cluster.endpoints.every(({ inflight }) => inflight === 0));
  });
});

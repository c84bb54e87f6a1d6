/**
 * Behind the proxy: two real Tomcats with `jvmRoute` that replicate their sessions. Needs `tomcat10-common` and a `java`.
 */
import assert from 'node:assert/strict';
import type { ProxyOptions } from '@evenkeel/proxy';
import type { AdapterServer } from '../conformance/adapter-rig.ts';
import { installTomcat, startTomcats } from './tomcat.ts';
import type { Tomcat } from './tomcat.ts';
import { startProxy, visitor } from './visiting.ts';
import type { Visit, Visitor } from './visiting.ts';

/** What the page says. */
function said({ status, body }: Visit) {
  assert.equal(status, 200, body);
  const [instance, id, count, link, cookie] = body.split('|') as [string, string, string, string, string];
  return { instance, id, count: Number(count), link, cookie };
}

describe('Tomcat behind the proxy', () => {
  let tomcats: Tomcat[] = [];
  const fronts: AdapterServer[] = [];

  before(async function () {
    this.timeout(60_000);
    tomcats = await startTomcats(installTomcat(this), ['tomcat1', 'tomcat2']);
    // So that no test waits for the compiler of the page.
    const pages = ['/index.jsp', '/shared/index.jsp'];
    await Promise.all(tomcats.flatMap(({ port }) => pages.map((page) => visitor(port).get(page))));
  });

  after(async () => {
    for (const front of fronts) await front.close();
    for (const tomcat of tomcats) await tomcat[Symbol.asyncDispose]();
  });

  async function proxyWith(sticky: ProxyOptions['sticky'], isNamed = true): Promise<number> {
    const endpoints = tomcats.map(({ port, route }) => ({
      url: `http://127.0.0.1:${port}`,
      ...(isNamed && { route }),
    }));
    const server = await startProxy({ endpoints }, { sticky: sticky! });
    fronts.push(server);
    return server.port;
  }

  it('keeps its session, under the cookie that it has made itself', async () => {
    const client = visitor(await proxyWith(true));
    const first = await client.get('/index.jsp');
    const { instance, id } = said(first);
    assert.deepEqual(first.setCookies, [`JSESSIONID=${id}; Path=/; HttpOnly`]);
    assert.ok(id.endsWith(`.${instance}`));
    for (let count = 2; count < 8; count++) {
      const next = await client.get('/index.jsp');
      assert.deepEqual(said(next), { ...said(next), instance, id, count });
      assert.deepEqual(next.setCookies, []);
    }
  });

  it('spreads its clients over both', async () => {
    const port = await proxyWith(true);
    const visits = await Promise.all(Array.from({ length: 10 }, () => visitor(port).get('/index.jsp')));
    assert.deepEqual([...new Set(visits.map((visit) => said(visit).instance))].toSorted(), ['tomcat1', 'tomcat2']);
  });

  it('keeps the session of a client without cookies by the path, in whatever segment, and gives it none', async () => {
    const client = visitor(await proxyWith({ pathParameter: true }), false);
    const { instance, id, link } = said(await client.get('/index.jsp'));
    assert.equal(link, `/index.jsp;jsessionid=${id}`);
    let count = 1;
    for (const path of [link, `/;jsessionid=${id}/index.jsp`, `/index.jsp;a=b;jsessionid=${id}?c=d`, link]) {
      const visit = await client.get(path);
      count++;
      assert.deepEqual(said(visit), { ...said(visit), instance, id, count });
      assert.deepEqual(visit.setCookies, []);
    }
  });

  it('gets its cookie as it made it where the proxy knows no names and puts a route behind it', async () => {
    const client = visitor(await proxyWith(true, false));
    const { instance, id } = said(await client.get('/index.jsp'));
    assert.match(client.cookies.get('JSESSIONID')!, new RegExp(`^${id.replace('.', '\\.')}\\.[0-9a-z]{8,14}$`));
    client.cookies.set('other', '"a b"%41');
    for (let count = 2; count < 6; count++) {
      const next = said(await client.get('/index.jsp'));
      assert.deepEqual(next, { ...next, instance, id, count, cookie: `JSESSIONID=${id}; other="a b"%41` });
    }
  });

  it("is not shown the proxy's own cookie in mode `insert`", async () => {
    const client = visitor(await proxyWith({ mode: 'insert' }));
    const { instance, id } = said(await client.get('/index.jsp'));
    assert.deepEqual(
      [...client.cookies],
      [
        ['JSESSIONID', id],
        ['EVENKEEL_ROUTE', instance],
      ],
    );
    for (let count = 2; count < 6; count++) {
      const next = said(await client.get('/index.jsp'));
      assert.deepEqual(next, { ...next, instance, id, count, cookie: `JSESSIONID=${id}` });
    }
  });

  describe('that is killed', () => {
    const modes = [true, { mode: 'insert' }, { pathParameter: true }] as const;

    interface Session {
      readonly client: Visitor;
      readonly page: string;
      readonly home: ReturnType<typeof said>;
    }

    const sessions: Session[] = [];

    /** A session at the first one, which has had two visits. */
    async function begin(page: string, sticky: (typeof modes)[number]): Promise<Session> {
      const client = visitor(await proxyWith(sticky));
      for (let i = 0; i < 50; i++) {
        client.cookies.clear();
        if (said(await client.get(page)).instance === 'tomcat1') break;
      }
      const home = said(await client.get(page));
      assert.deepEqual([home.instance, home.count], ['tomcat1', 2]);
      return { client, page, home };
    }

    before(async () => {
      for (const page of ['/index.jsp', '/shared/index.jsp']) {
        for (const sticky of modes) sessions.push(await begin(page, sticky));
      }
      await tomcats[0]!.kill();
    });

    it('hands its sessions over once, with a new route and the old id and content, if they are replicated', async () => {
      for (const { client, page, home } of sessions.filter((session) => session.page === '/index.jsp')) {
        const id = home.id.replace('.tomcat1', '.tomcat2');
        const moved = await client.get(page);
        assert.deepEqual(said(moved), { ...said(moved), instance: 'tomcat2', id, count: 3 });
        assert.equal(client.cookies.get('JSESSIONID'), id);
        assert.equal(moved.setCookies.filter((cookie) => cookie.startsWith('JSESSIONID')).length, 1);
        const next = await client.get(page);
        assert.deepEqual([said(next).count, next.setCookies], [4, []]);
      }
    });

    it('leaves its sessions under their ids, route included, if they are in a store', async () => {
      for (const { client, page, home } of sessions.filter((session) => session.page === '/shared/index.jsp')) {
        for (let count = 3; count < 6; count++) {
          const visit = await client.get(page);
          assert.deepEqual(said(visit), { ...said(visit), instance: 'tomcat2', id: home.id, count });
          assert.equal(client.cookies.get('JSESSIONID'), home.id);
        }
      }
    });
  });
});

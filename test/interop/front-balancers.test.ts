/**
 * In front of us: a real Apache httpd and a real HAProxy, over two instances of an application with our sessions, and over two of our
 * proxies. Needs `apache2-bin` and `haproxy`.
 */
import assert from 'node:assert/strict';
import http from 'node:http';
import { session } from '@evenkeel/express';
import { memorySessionStore } from '@evenkeel/session-store';
import type { SessionStore } from '@evenkeel/session-store';
import express from 'express';
import { listen } from '../conformance/adapter-rig.ts';
import type { AdapterServer } from '../conformance/adapter-rig.ts';
import { startHaproxy, startHttpd } from './balancers.ts';
import type { Member } from './balancers.ts';
import type { Program } from './program.ts';
import { startProxy, visitor } from './visiting.ts';
import type { Visit, Visitor } from './visiting.ts';

const SECRET = 'a secret that is long enough for a test';
const OTHER = '"a b"%41=\xe9';

type Instance = Member & AdapterServer;

/** Counts the visits of a session, and says who it is and what it was told. */
async function startApp(name: string, store: SessionStore, route?: string): Promise<Instance> {
  const app = express();
  app.use(session({ store, secret: SECRET, ...(route !== undefined && { route }) }));
  app.get('/visit', (req, res) => {
    const visits = (req.session['visits'] ?? 0) + 1;
    req.session['visits'] = visits;
    res.send([name, req.session.id, visits, req.headers.cookie ?? ''].join('|'));
  });
  return { name, ...(await listen(http.createServer(app))) };
}

function said({ status, body }: Visit) {
  assert.equal(status, 200, body);
  const [instance, id, visits, cookie] = body.split('|') as [string, string, string, string];
  return { instance, id, visits: Number(visits), cookie };
}

/** Visits until one of many clients is at each member, and checks that none leaves its place. */
async function assertStays(clients: readonly Visitor[], names: readonly string[]): Promise<string[]> {
  const firsts = await Promise.all(clients.map(async (client) => said(await client.get('/visit'))));
  assert.deepEqual([...new Set(firsts.map(({ instance }) => instance))].toSorted(), names);
  for (let visits = 2; visits < 5; visits++) {
    for (const [i, client] of clients.entries()) {
      const next = said(await client.get('/visit'));
      assert.deepEqual([next.instance, next.id, next.visits], [firsts[i]!.instance, firsts[i]!.id, visits]);
      assert.ok(next.cookie.includes(`other=${OTHER}`), next.cookie);
    }
  }
  return firsts.map(({ instance }) => instance);
}

function clientsOf(port: number, count: number): Visitor[] {
  return Array.from({ length: count }, () => {
    const client = visitor(port);
    client.cookies.set('other', OTHER);
    return client;
  });
}

describe('in front of two instances of an application with our sessions', () => {
  const open: AdapterServer[] = [];
  let balancer: Program | undefined;

  afterEach(async () => {
    await balancer?.[Symbol.asyncDispose]();
    for (const server of open.splice(0)) await server.close();
  });

  async function startApps(): Promise<Instance[]> {
    const store = memorySessionStore();
    const apps = await Promise.all(['one', 'two'].map((name) => startApp(name, store, name)));
    open.push(...apps);
    return apps;
  }

  /** Kills the first client's instance: its session moves once, with its id and its content. */
  async function assertMoves(apps: Instance[], clients: readonly Visitor[], homes: readonly string[]): Promise<void> {
    const client = clients[0]!;
    const before = said(await client.get('/visit'));
    const dead = apps.find(({ name }) => name === homes[0])!;
    await dead.close();
    open.splice(open.indexOf(dead), 1);
    const moved = said(await client.get('/visit'));
    assert.notEqual(moved.instance, before.instance);
    assert.deepEqual([moved.id, moved.visits], [before.id, before.visits + 1]);
    const later = await client.get('/visit');
    assert.deepEqual(said(later), { ...moved, cookie: said(later).cookie, visits: before.visits + 2 });
    assert.deepEqual(later.setCookies, []);
  }

  it('httpd finds the route in the cookie that the instance made', async function () {
    const apps = await startApps();
    balancer = await startHttpd(this, apps, true);
    const clients = clientsOf(balancer.port, 6);
    const homes = await assertStays(clients, ['one', 'two']);
    for (const [i, { cookies }] of clients.entries()) assert.ok(cookies.get('JSESSIONID')!.endsWith(`.${homes[i]}`));
    await assertMoves(apps, clients, homes);
  });

  it('HAProxy puts its own name before the cookie and takes it off again', async function () {
    const apps = await startApps();
    balancer = await startHaproxy(this, apps, 'JSESSIONID prefix');
    const clients = clientsOf(balancer.port, 6);
    const homes = await assertStays(clients, ['one', 'two']);
    for (const [i, { cookies }] of clients.entries()) {
      assert.match(cookies.get('JSESSIONID')!, new RegExp(`^${homes[i]}~[0-9A-F]{32}[\\w-]*\\.${homes[i]}$`));
    }
    await assertMoves(apps, clients, homes);
  });

  it('HAProxy inserts a cookie of its own', async function () {
    const apps = await startApps();
    balancer = await startHaproxy(this, apps, 'SERVERID insert indirect nocache');
    const clients = clientsOf(balancer.port, 6);
    const homes = await assertStays(clients, ['one', 'two']);
    for (const [i, { cookies }] of clients.entries()) assert.equal(cookies.get('SERVERID'), homes[i]);
    await assertMoves(apps, clients, homes);
  });
});

describe('in front of two of our proxies over the same endpoints', () => {
  const open: AdapterServer[] = [];
  let balancer: Program | undefined;

  afterEach(async () => {
    await balancer?.[Symbol.asyncDispose]();
    for (const server of open.splice(0)) await server.close();
  });

  async function startTwoTiers(sticky: true | { mode: 'insert' }) {
    const store = memorySessionStore();
    const apps = await Promise.all(['a', 'b', 'c'].map((name) => startApp(name, store)));
    const endpoints = apps.map(({ port }) => `http://127.0.0.1:${port}`);
    const fronts = await Promise.all(
      ['one', 'two'].map(async (name) => ({ name, ...(await startProxy({ endpoints }, { sticky })) })),
    );
    open.push(...apps, ...fronts);
    return { apps, fronts };
  }

  async function close(server: AdapterServer): Promise<void> {
    open.splice(open.indexOf(server), 1);
    await server.close();
  }

  /** Without the instance that its session is at, and then without one of the proxies. */
  async function assertOutlives(
    apps: Instance[],
    fronts: readonly AdapterServer[],
    clients: readonly Visitor[],
    homes: readonly string[],
  ) {
    await close(apps.find(({ name }) => name === homes[0])!);
    const lost = clients.filter((_, i) => homes[i] === homes[0]);
    const moved = await Promise.all(lost.map(async (client) => said(await client.get('/visit'))));
    await close(fronts[0]!);
    for (const [i, client] of lost.entries()) {
      const { instance, id, visits } = moved[i]!;
      assert.notEqual(instance, homes[0]);
      assert.equal(visits, 5);
      const next = said(await client.get('/visit'));
      assert.deepEqual([next.instance, next.id, next.visits], [instance, id, 6]);
    }
  }

  it('httpd takes turns, and the session stays at its endpoint through both', async function () {
    const { apps, fronts } = await startTwoTiers(true);
    balancer = await startHttpd(this, fronts, false);
    const clients = clientsOf(balancer.port, 9);
    const homes = await assertStays(clients, ['a', 'b', 'c']);
    await assertOutlives(apps, fronts, clients, homes);
  });

  it('HAProxy with `cookie JSESSIONID prefix` leaves the route where it is', async function () {
    const { apps, fronts } = await startTwoTiers(true);
    balancer = await startHaproxy(this, fronts, 'JSESSIONID prefix');
    const clients = clientsOf(balancer.port, 9);
    const homes = await assertStays(clients, ['a', 'b', 'c']);
    for (const { cookies } of clients)
      assert.match(cookies.get('JSESSIONID')!, /^(one|two)~[0-9A-F]{32}[\w-]*\.[0-9a-z]{8,14}$/);
    await assertOutlives(apps, fronts, clients, homes);
  });

  it('HAProxy without a cookie of its own, and ours inserted', async function () {
    const { apps, fronts } = await startTwoTiers({ mode: 'insert' });
    balancer = await startHaproxy(this, fronts, undefined);
    const clients = clientsOf(balancer.port, 9);
    const homes = await assertStays(clients, ['a', 'b', 'c']);
    const { cookie } = said(await clients[0]!.get('/visit'));
    assert.ok(!cookie.includes('EVENKEEL_ROUTE') && cookie.includes('JSESSIONID'), cookie);
    for (const client of clients.slice(1)) await client.get('/visit');
    await close(apps.find(({ name }) => name === homes[0])!);
    const moved = said(await clients[0]!.get('/visit'));
    assert.notEqual(moved.instance, homes[0]);
    assert.equal(said(await clients[0]!.get('/visit')).instance, moved.instance);
  });
});

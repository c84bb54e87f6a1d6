import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { newSessionId, sessionIdSigner } from '@evenkeel/core/session-cookie';
import { redisSessionStore, type SessionStore } from '@evenkeel/session-store';
import { sessionKey } from '../../../packages/session-store/src/session-key.ts';
import { patchOf } from '../../conformance/session-store-model.ts';
import { REDIS_URL, testRedis, type TestRedis } from '../fixtures/redis.ts';

const CLI = join(import.meta.dirname, '../../../packages/session-store/src/tools/cli.ts');

interface Outcome {
  readonly code: number;
  readonly lines: readonly Record<string, unknown>[];
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line with the Redis of the tests in its environment, unless `url` says otherwise. */
function run(args: readonly string[], { input = '', url = REDIS_URL } = {}): Promise<Outcome> {
  const node = ['--conditions=source', '--disable-warning=ExperimentalWarning', CLI, ...args];
  return new Promise((resolve) => {
    const env = { ...process.env, REDIS_URL: url };
    const child = execFile(process.execPath, node, { env, timeout: 30_000 }, (error, stdout, stderr) => {
      const lines = stdout.startsWith('{')
        ? stdout
            .trimEnd()
            .split('\n')
            .map((line) => JSON.parse(line))
        : [];
      resolve({ code: error === null ? 0 : Number(error.code), lines, stdout, stderr });
    });
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}

describe('evenkeel-sessions', function () {
  // Each run starts a process.
  this.timeout(60_000);
  let redis: TestRedis;
  let store: SessionStore;
  let prefix: string[];
  beforeEach(() => {
    redis = testRedis();
    store = redisSessionStore(redis.connect(), { prefix: redis.prefix, deadlineMs: 5_000 });
    prefix = ['--prefix', redis.prefix];
  });
  afterEach(() => redis.close());

  async function stored(principal: string, fields: Record<string, string> = {}): Promise<string> {
    const id = newSessionId();
    const now = Date.now();
    const set = new Map(Object.entries(fields));
    await store.commit(id, patchOf({ createdAt: now, expiresAt: now + 3_600_000, set, principal }), now);
    return id;
  }

  it('lists the sessions of a principal, without their values', async () => {
    const [one, two] = [await stored('ada', { note: '"hidden"' }), await stored('ada')];
    await stored('eve');
    const { code, lines, stdout } = await run([...prefix, 'list', 'ada']);
    assert.deepEqual([code, lines.map(({ key }) => key)], [0, [one, two].map(sessionKey)]);
    assert.deepEqual(lines[0]?.['fields'], { note: '<text, 8 characters>' });
    assert.ok(![one, two, 'hidden'].some((secret) => stdout.includes(secret)));
  });

  it('shows a session by its key, and by a cookie that no list of processes shows', async () => {
    const id = await stored('ada', { note: '"here\u202e"' });
    const byKey = await run(['--redis', REDIS_URL, ...prefix, 'show', sessionKey(id), '--values'], { url: '' });
    assert.equal(byKey.stderr, '');
    assert.deepEqual([byKey.code, byKey.lines[0]?.['fields']], [0, { note: 'here\u202e' }]);
    assert.ok(byKey.stdout.includes('here\\u202e'), 'what turns the text of a terminal round is escaped');
    const cookie = `JSESSIONID=${sessionIdSigner(['a secret of the cookies']).sign(id)}.node-1\n`;
    const byCookie = await run([...prefix, 'show', '-'], { input: cookie });
    assert.equal(byCookie.lines[0]?.['key'], sessionKey(id));
  });

  it('ends a session', async () => {
    const id = await stored('ada');
    const first = await run([...prefix, 'end', sessionKey(id)]);
    assert.deepEqual([first.code, first.lines], [0, [{ key: sessionKey(id), isEnded: true }]]);
    assert.equal(await store.load(id, Date.now()), undefined);
    const second = await run([...prefix, 'end', sessionKey(id)]);
    assert.deepEqual([second.code, second.lines], [1, [{ key: sessionKey(id), isEnded: false }]]);
  });

  it('ends all sessions of a principal, and says which', async () => {
    const ids = [await stored('--ada'), await stored('--ada')];
    const other = await stored('eve');
    const { code, lines } = await run([...prefix, 'revoke', '--', '--ada']);
    assert.deepEqual([code, lines.map(({ key }) => key)], [0, ids.map(sessionKey)]);
    const left = await Promise.all([...ids, other].map(async (id) => (await store.load(id, Date.now())) !== undefined));
    assert.deepEqual(left, [false, false, true]);
  });

  it('does not show a session that a revocation has ended and left for Redis to remove', async () => {
    const id = await stored('ada');
    const [hash] = await redis.admin.keys(`${redis.prefix}{*`);
    const dump = await redis.admin.dumpBuffer(hash!);
    await store.revoke('ada', Date.now());
    await redis.admin.restore(hash!, 3_600_000, dump);
    const { code, stderr } = await run([...prefix, 'show', sessionKey(id)]);
    assert.deepEqual([code, stderr], [1, '']);
  });

  it('takes a key that begins with a hyphen for a key', async () => {
    let id = newSessionId();
    while (!sessionKey(id).startsWith('-')) id = newSessionId();
    const now = Date.now();
    await store.commit(id, patchOf({ createdAt: now, expiresAt: now + 3_600_000 }), now);
    const { code, lines, stderr } = await run(['show', sessionKey(id), '--values', ...prefix]);
    assert.deepEqual([code, lines[0]?.['key'], stderr], [0, sessionKey(id), '']);
  });

  it('says with exit code 1 that there is nothing', async () => {
    for (const args of [
      ['list', 'nobody'],
      ['show', newSessionId()],
      ['show', sessionKey('x')],
    ])
      assert.deepEqual(await run([...prefix, ...args]), { code: 1, lines: [], stdout: '', stderr: '' });
  });

  it('says with exit code 2 what is wrong, and repeats neither cookie nor password', async () => {
    const id = newSessionId();
    const wrong: [args: string[], message: RegExp][] = [
      [[], /^evenkeel-sessions: no such command\n\nusage:/],
      [['toString', 'x'], /no such command/],
      [['show'], /no such command/],
      [['show', id, 'more'], /no such command/],
      [['--colour', 'list', 'ada'], /Unknown option '--colour'/],
      [['--redis', 'localhost,secret', 'show', id], /--redis \(or REDIS_URL\) must be a URL such as redis:/],
      [['--redis', 'redis://:secret@127.0.0.1:1', 'show', id], /no connection to Redis: connect ECONNREFUSED/],
      [['--prefix', '{}', 'show', id], /INVALID_OPTIONS: redisSessionStore: `prefix` must be/],
    ];
    const outcomes = await Promise.all(wrong.map(([args]) => run(args)));
    for (const [i, { code, stdout, stderr }] of outcomes.entries()) {
      assert.deepEqual([code, stdout], [2, ''], stderr);
      assert.match(stderr, wrong[i]![1]);
      assert.ok(![id, 'secret'].some((secret) => stderr.includes(secret)));
    }
  });

  it('refuses what lies under the key and is no session', async () => {
    const key = sessionKey('x');
    await redis.admin.hset(`${redis.prefix}{${key}}`, { note: 'x' });
    assert.deepEqual(await run([...prefix, 'show', key]).then(({ code }) => code), 2);
    const { code, stderr } = await run([...prefix, 'end', key]);
    assert.equal(code, 2);
    assert.match(stderr, /^evenkeel-sessions: SESSION_CORRUPT: /);
  });

  it('tells how it is used', async () => {
    const { code, stdout } = await run(['--help']);
    assert.deepEqual([code, stdout.split('\n')[0]], [0, 'usage: evenkeel-sessions [options] <command>']);
  });
});

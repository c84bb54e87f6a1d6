import assert from 'node:assert/strict';
import { createCluster } from '@evenkeel/core';
import { createProxy, sourceIp } from '@evenkeel/proxy';
import type { StickyOptions } from '@evenkeel/proxy';

const cluster = createCluster({ endpoints: ['http://127.0.0.1:9'] });

function create(sticky: unknown): void {
  createProxy(cluster, { sticky: sticky as StickyOptions });
}

describe('options of `sticky`', () => {
  it('are those of their mode', () => {
    create({ pathParameter: true, strict: true, maxLoadRatio: Infinity });
    create({ mode: 'auto', cookie: 'SID', path: '/app', domain: 'a.example', sameSite: 'none', httpOnly: false });
    create({ mode: 'insert', cookie: 'R', sessionCookie: 'SID', secure: true, maxLoadRatio: 1.25 });
    create({ mode: 'hash', key: sourceIp({ ipv4Prefix: 24 }), strict: true });
    create({ mode: 'sourceIp', idleMs: 3_600_000, maxEntries: 1, ipv4Prefix: 24, ipv6Prefix: 48, maxLoadRatio: 2 });
  });

  it('are refused by path, expectation and value', () => {
    const cases: [unknown, RegExp][] = [
      [{ mode: '__proto__' }, /`sticky\.mode` must be "auto", "insert", "hash" or "sourceIp", got "__proto__"/],
      [{ mode: 1 }, /`sticky\.mode` must be "auto".*, got 1/],
      [{ mode: 'hash', cookie: 'x' }, /`sticky\.cookie` is not a known option/],
      [{ mode: 'insert', pathParameter: true }, /`sticky\.pathParameter` is not a known option/],
      [{ mode: 'insert', sessionCookie: 'a b' }, /`sticky\.sessionCookie` must be a cookie name, got "a b"/],
      [{ mode: 'hash', key: 'id' }, /`sticky\.key` must be a function, got "id"/],
      [{ mode: 'sourceIp', idleMs: 59_999 }, /`sticky\.idleMs` must be a number of milliseconds from 60000 to 3600000/],
      [{ mode: 'sourceIp', maxEntries: 0 }, /`sticky\.maxEntries` must be an integer from 1 to/],
      [{ mode: 'sourceIp', ipv6Prefix: 129 }, /`sticky\.ipv6Prefix` must be an integer from 1 to 128/],
      [{ maxLoadRatio: 1.2 }, /`sticky\.maxLoadRatio` must be a number from 1\.25 to 2, or Infinity, got 1\.2/],
      [{ maxLoadRatio: Number.NaN }, /`sticky\.maxLoadRatio` must be/],
      [{ strict: true, maxLoadRatio: 2 }, /`sticky` must be either `strict` or with a `maxLoadRatio`, got an object/],
      [{ strict: 1 }, /`sticky\.strict` must be true or false, got 1/],
    ];
    for (const [sticky, message] of cases) assert.throws(() => create(sticky), { code: 'INVALID_OPTIONS', message });
  });
});

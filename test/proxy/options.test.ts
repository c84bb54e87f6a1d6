import assert from 'node:assert/strict';
import { createCluster } from '@evenkeel/core';
import { createProxy } from '@evenkeel/proxy';
import type { ProxyOptions } from '@evenkeel/proxy';

const cluster = createCluster({ endpoints: ['http://127.0.0.1:9'] });

function create(options: unknown): void {
  createProxy(cluster, options as ProxyOptions);
}

describe('options of createProxy', () => {
  it('are all optional', () => {
    create(undefined);
    create({});
    create({ sticky: true });
    create({ sticky: {}, trustedProxies: ['10.0.0.0/8', '::1', 'fd00::/8', '127.0.0.1'] });
  });

  it('are refused by path, expectation and value', () => {
    const cases: [unknown, RegExp][] = [
      [{ stiky: true }, /createProxy: `stiky` is not a known option/],
      [{ sticky: 'yes' }, /`sticky` must be true, false or an object of options, got "yes"/],
      [{ sticky: { cokie: 'x' } }, /`sticky\.cokie` is not a known option/],
      [{ sticky: { cookie: 'a b' } }, /`sticky\.cookie` must be a cookie name, got "a b"/],
      [{ sticky: { path: 'x' } }, /`sticky\.path` must be a path/],
      [{ sticky: { path: '/;x' } }, /`sticky\.path` must be a path/],
      [{ sticky: { mode: 'table' } }, /`sticky\.mode` must be "auto", "insert", "hash" or "sourceIp", got "table"/],
      [{ sticky: { sameSite: 'maybe' } }, /`sticky\.sameSite` must be "strict", "lax" or "none", got "maybe"/],
      [{ trustedProxies: '10.0.0.1' }, /`trustedProxies` must be an array/],
      [
        { trustedProxies: ['10.0.0.0/33'] },
        /`trustedProxies\[0\]` must be an address or network .*, got "10\.0\.0\.0\/33"/,
      ],
      [{ trustedProxies: ['localhost'] }, /`trustedProxies\[0\]`/],
      [{ maxBodyBytes: 0 }, /`maxBodyBytes` must be an integer/],
      [{ maxHeldBytes: -1 }, /`maxHeldBytes` must be an integer from 0 to 1048576, got -1/],
      [{ headTimeoutMs: '1s' }, /`headTimeoutMs` must be a number of milliseconds/],
      [{ onError: {} }, /`onError` must be a function, got an object/],
      [{ via: 1 }, /`via` must be true or false, got 1/],
      [null, /`options` must be an object, got null/],
    ];
    for (const [options, message] of cases) assert.throws(() => create(options), { code: 'INVALID_OPTIONS', message });
  });
});

import assert from 'node:assert/strict';
import { createCluster } from '@evenkeel/core';
import { createProxy } from '@evenkeel/proxy';
import type { ProxyOptions } from '@evenkeel/proxy';

const cluster = createCluster({ endpoints: ['http://127.0.0.1:9'] });

function create(options: unknown): void {
  createProxy(cluster, options as ProxyOptions);
}

describe('hooks among the options', () => {
  it('may have all their shapes', () => {
    const nothing = (): void => undefined;
    create({ filter: '/', rewritePath: {}, router: {}, headers: {}, rewriteLocation: true, rewriteCookies: {} });
    create({
      filter: ['/a', '/b'],
      rewritePath: { '^/a': '' },
      router: { 'a.example/b': cluster },
      rewriteLocation: false,
    });
    create({
      filter: /x/,
      rewritePath: nothing,
      router: nothing,
      rewriteLocation: nothing,
      interceptResponse: nothing,
    });
    create({ filter: nothing, onRequest: nothing, onResponse: nothing, body: nothing, selfHandle: nothing });
    create({
      headers: { Host: 'a.example', X: ['1', '2'] },
      interceptResponse: { transform: nothing, when: nothing, maxBytes: 1 },
    });
    create({ rewriteCookies: { domain: '', path: true, secure: false } });
    create({ rewriteCookies: { domain: { '*': 'a.example' }, path: { '/a': '/b', '*': '' } } });
  });

  it('are refused by path and expectation', () => {
    const f = (): void => undefined;
    const cases: [unknown, RegExp][] = [
      [
        { filter: 'api' },
        /`filter` must be a path that starts with "\/", an array of such, a RegExp or a function, got "api"/,
      ],
      [{ filter: ['/a', 'b'] }, /`filter/],
      [{ filter: [] }, /`filter/],
      [{ filter: '/a?b' }, /`filter` must be/],
      [{ rewritePath: '/a' }, /`rewritePath` must be a function, or an object of regular expressions .*, got "\/a"/],
      [{ rewritePath: { '(': 'x' } }, /`rewritePath/],
      [{ rewritePath: { a: 5 } }, /`rewritePath/],
      [{ router: { 'a.example': 'http://b' } }, /`router/],
      [{ router: 'http://b' }, /`router` must be a function, or an object of clusters/],
      [
        { headers: { Connection: 'x' } },
        /`headers` must be an object of header fields, without those that belong to the connection/,
      ],
      [{ headers: { 'Content-Length': '1' } }, /`headers`/],
      [{ headers: { 'a b': '1' } }, /`headers`/],
      [{ headers: { a: '1\r\n' } }, /`headers`/],
      [{ headers: { host: ['a', 'b'] } }, /`headers`/],
      [{ headers: [] }, /`headers`/],
      [{ onRequest: 'x' }, /`onRequest` must be a function, got "x"/],
      [{ onResponse: {} }, /`onResponse` must be a function/],
      [{ body: 'x' }, /`body` must be a function/],
      [{ rewriteLocation: 'x' }, /`rewriteLocation` must be true, false or a function/],
      [{ rewriteCookies: { domains: '' } }, /`rewriteCookies\.domains` is not a known option/],
      [{ rewriteCookies: { domain: 'a;b' } }, /`rewriteCookies\.domain` must be/],
      [{ rewriteCookies: { path: 'x' } }, /`rewriteCookies\.path` must be/],
      [{ rewriteCookies: { path: '/a;HttpOnly' } }, /`rewriteCookies\.path` must be/],
      [{ interceptResponse: {} }, /`interceptResponse\.transform` is missing/],
      [
        { interceptResponse: { transform: f, maxBytes: 0 } },
        /`interceptResponse\.maxBytes` must be an integer from 1 to 1073741824/,
      ],
      [{ interceptResponse: f, selfHandle: f }, /without `interceptResponse` where it has `selfHandle`/],
    ];
    for (const [options, message] of cases) assert.throws(() => create(options), { code: 'INVALID_OPTIONS', message });
  });
});

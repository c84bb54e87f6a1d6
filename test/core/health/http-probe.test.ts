import assert from 'node:assert/strict';
import { httpProbe } from '@evenkeel/core';
import type { HttpProbeOptions, ProbeIo } from '@evenkeel/core';
import { endpointAt, refuses, stubIo, WRONG_TIMING } from './probe-stubs.ts';

const endpoint = endpointAt('http://10.0.0.1');

function answering(status: number, body = '', calls: unknown[][] = []): ProbeIo {
  return stubIo({ request: () => Promise.resolve({ status, body }) }, calls);
}

async function passes(options: HttpProbeOptions, status: number, body?: string): Promise<boolean> {
  return Promise.resolve(httpProbe(options).check(endpoint, answering(status, body))).then(
    () => true,
    () => false,
  );
}

describe('httpProbe()', () => {
  it("asks for / with GET under the endpoint's own name by default", async () => {
    const calls: unknown[][] = [];
    await httpProbe().check(endpoint, answering(200, '', calls));
    assert.deepEqual(calls, [
      ['request', endpoint, { method: 'GET', path: '/', host: undefined, maxBodyBytes: 16_384 }, 2_000],
    ]);
  });

  it('asks for what it is told to', async () => {
    const calls: unknown[][] = [];
    const options = {
      method: 'HEAD',
      path: '/up?deep=1',
      host: 'shop.test:81',
      maxBodyBytes: 0,
      timeoutMs: 50,
      port: 8_081,
      headers: { 'X-Probe': 'yes' },
    } as const;
    await httpProbe(options).check(endpoint, answering(204, '', calls));
    assert.deepEqual(calls, [
      [
        'request',
        endpoint,
        {
          method: 'HEAD',
          path: '/up?deep=1',
          host: 'shop.test:81',
          maxBodyBytes: 0,
          port: 8_081,
          headers: { 'X-Probe': 'yes' },
        },
        50,
      ],
    ]);
  });

  it('passes with any status from 200 to 399 by default', async () => {
    for (const [status, isPassed] of [
      [199, false],
      [200, true],
      [302, true],
      [399, true],
      [400, false],
      [503, false],
    ] as const) {
      assert.equal(await passes({}, status), isPassed, `${status}`);
    }
  });

  it('passes with the statuses and ranges that it is given, ends included', async () => {
    const statuses = [204, [300, 302]] as const;
    const passed = [];
    for (const status of [200, 204, 299, 300, 302, 303]) if (await passes({ statuses }, status)) passed.push(status);
    assert.deepEqual(passed, [204, 300, 302]);
  });

  it('says what it expected and what it got', async () => {
    const probe = httpProbe({ path: '/up', statuses: [200, [300, 302]], body: 'ready' });
    await assert.rejects(
      async () => probe.check(endpoint, answering(503)),
      /GET \/up gave status 503, expected 200, 300-302/,
    );
    await assert.rejects(async () => probe.check(endpoint, answering(200, 'no')), /GET \/up gave a body without ready/);
  });

  it('looks for a part of the body or a pattern', async () => {
    assert.equal(await passes({ body: 'ready' }, 200, 'all ready.'), true);
    assert.equal(await passes({ body: 'ready' }, 200, 'warming up'), false);
    assert.equal(await passes({ body: /^ok\b/i }, 200, 'OK then'), true);
    assert.equal(await passes({ body: /^ok\b/i }, 200, 'not OK'), false);
  });

  it('matches a global pattern every time', async () => {
    const probe = httpProbe({ body: /ready/g });
    for (let i = 0; i < 3; i++) await probe.check(endpoint, answering(200, 'ready'));
  });

  it('fails if the request fails', async () => {
    const io = stubIo({ request: () => Promise.reject(new Error('timed out')) });
    await assert.rejects(async () => httpProbe().check(endpoint, io), /timed out/);
  });

  it('passes on what the endpoint says about its load', async () => {
    const io = stubIo({ request: () => Promise.resolve({ status: 200, body: '', loadReport: 'TEXT cpu=1' }) });
    assert.deepEqual(await httpProbe().check(endpoint, io), { loadReport: 'TEXT cpu=1' });
  });

  it('refuses options that it does not know or that make no sense', () => {
    refuses(httpProbe, [
      ...WRONG_TIMING,
      [{ url: '/' }, /httpProbe: `url` is not a known option/],
      [{ path: 'up' }, /`path` must be a path that starts with "\/"/],
      [{ path: '/a b' }, /`path` must be a path/],
      [{ path: '/a\r\nx: y' }, /`path` must be a path/],
      [{ method: 'POST' }, /`method` must be "GET", "HEAD" or "OPTIONS", got "POST"/],
      [{ host: 'a\r\nb' }, /`host` must be a host/],
      [{ port: 70_000 }, /`port` must be an integer from 1 to 65535, got 70000/],
      [{ headers: 'x: y' }, /`headers` must be an object of header fields, without those .* got "x: y"/],
      [{ headers: { 'x y': 'z' } }, /`headers/],
      [{ headers: { x: 'a\r\nb: c' } }, /`headers\.x` must be an object of header fields/],
      [{ headers: { 'Content-Length': '7' } }, /`headers/],
      [{ headers: { host: 'a' } }, /`headers/],
      [{ statuses: [] }, /`statuses` must be at least one status/],
      [{ statuses: [[200, 99]] }, /`statuses/],
      [{ statuses: [[300, 200]] }, /`statuses/],
      [{ body: 7 }, /`body` must be a string or a regular expression, got 7/],
      [{ maxBodyBytes: -1 }, /`maxBodyBytes` must be an integer from 0 to 1048576, got -1/],
    ]);
  });
});

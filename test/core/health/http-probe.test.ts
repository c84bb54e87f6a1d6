import assert from 'node:assert/strict';
import { httpProbe, isBalancerError } from '@evenkeel/core';
import type { HttpProbeOptions, ProbeIo } from '@evenkeel/core';
import { stubEndpoints } from '../../conformance/endpoints.ts';

const [endpoint] = stubEndpoints([1]);

function answering(status: number, body = '', calls: unknown[][] = []): ProbeIo {
  return {
    connect: () => assert.fail('an HTTP probe makes a request'),
    request(...call) {
      calls.push(call);
      return Promise.resolve({ status, body });
    },
  };
}

async function passes(options: HttpProbeOptions, status: number, body?: string): Promise<boolean> {
  return httpProbe(options)
    .check(endpoint!, answering(status, body))
    .then(
      () => true,
      () => false,
    );
}

describe('httpProbe()', () => {
  it("asks for / with GET under the endpoint's own name by default", async () => {
    const calls: unknown[][] = [];
    await httpProbe().check(endpoint!, answering(200, '', calls));
    assert.deepEqual(calls, [[endpoint, { method: 'GET', path: '/', host: undefined, maxBodyBytes: 16_384 }, 2_000]]);
  });

  it('asks for what it is told to', async () => {
    const calls: unknown[][] = [];
    const options = {
      method: 'HEAD',
      path: '/up?deep=1',
      host: 'shop.test:81',
      maxBodyBytes: 0,
      timeoutMs: 50,
    } as const;
    await httpProbe(options).check(endpoint!, answering(204, '', calls));
    assert.deepEqual(calls, [
      [endpoint, { method: 'HEAD', path: '/up?deep=1', host: 'shop.test:81', maxBodyBytes: 0 }, 50],
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
    await assert.rejects(probe.check(endpoint!, answering(503)), /GET \/up gave status 503, expected 200, 300-302/);
    await assert.rejects(probe.check(endpoint!, answering(200, 'no')), /GET \/up gave a body without ready/);
  });

  it('looks for a part of the body or a pattern', async () => {
    assert.equal(await passes({ body: 'ready' }, 200, 'all ready.'), true);
    assert.equal(await passes({ body: 'ready' }, 200, 'warming up'), false);
    assert.equal(await passes({ body: /^ok\b/i }, 200, 'OK then'), true);
    assert.equal(await passes({ body: /^ok\b/i }, 200, 'not OK'), false);
  });

  it('matches a global pattern every time', async () => {
    const probe = httpProbe({ body: /ready/g });
    for (let i = 0; i < 3; i++) await probe.check(endpoint!, answering(200, 'ready'));
  });

  it('fails if the request fails', async () => {
    const io: ProbeIo = { connect: () => Promise.reject(), request: () => Promise.reject(new Error('timed out')) };
    await assert.rejects(httpProbe().check(endpoint!, io), /timed out/);
  });

  it('refuses options that it does not know or that make no sense', () => {
    for (const [options, message] of [
      [{ url: '/' }, /httpProbe: `url` is not a known option/],
      [{ path: 'up' }, /`path` must be a path that starts with "\/"/],
      [{ path: '/a b' }, /`path` must be a path/],
      [{ path: '/a\r\nx: y' }, /`path` must be a path/],
      [{ method: 'POST' }, /`method` must be "GET", "HEAD" or "OPTIONS", got "POST"/],
      [{ host: 'a\r\nb' }, /`host` must be a host/],
      [{ statuses: [] }, /`statuses` must be at least one status/],
      [{ statuses: [[200, 99]] }, /`statuses/],
      [{ statuses: [[300, 200]] }, /`statuses/],
      [{ body: 7 }, /`body` must be a string or a regular expression, got 7/],
      [{ timeoutMs: 0 }, /`timeoutMs` must be/],
    ] as const) {
      assert.throws(
        () => httpProbe(options as object),
        (error) => isBalancerError(error) && message.test(error.message),
        JSON.stringify(options),
      );
    }
  });
});

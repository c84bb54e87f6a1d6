/**
 * Time limits, on a clock that the test turns. They are kept by a coarse timer: never early, and up to 50 ms late.
 */
import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { manualClock } from '@evenkeel/core/testing';
import { until } from '../../../conformance/wire.ts';
import type { Hearing } from './hearing.ts';
import { cooled, rig, server } from './rig.ts';

const LATE_MS = 50;
const LIMITS = { connectTimeoutMs: 1_000, headTimeoutMs: 2_000, bodyTimeoutMs: 3_000 };

/** The time is up after so many ms, and not before. */
function assertUp(clock: ReturnType<typeof manualClock>, hearing: Hearing, ms: number, ending: string): void {
  clock.advance(ms - 1);
  assert.equal(hearing.ending, 'open', `not after ${ms - 1} ms`);
  clock.advance(LATE_MS + 1);
  assert.equal(hearing.ending, ending);
}

describe('the time for', () => {
  it('a connection includes TLS', async () => {
    const { url, peers } = await server();
    const clock = manualClock();
    const hearing = rig(url.replace('http:', 'https:'), { ...LIMITS, clock }).send();
    await until(() => peers[0]?.received !== undefined && peers[0].received !== '');
    assertUp(clock, hearing, 1_000, 'connect-timeout');
    assert.ok(!hearing.isStarted);
    await until(() => peers[0]!.isEnded);
    assert.equal(clock.pending, 0);
  });

  it('a response head counts from the request, and anew from each interim response', async () => {
    const { url, heard } = await server();
    const clock = manualClock();
    const hearing = rig(url, { ...LIMITS, clock }).send();
    const peer = await heard(0, /GET/);
    clock.advance(1_999);
    peer.say('HTTP/1.1 102 Processing\r\n\r\n');
    await until(() => hearing.interims.length === 1);
    assertUp(clock, hearing, 2_000, 'head-timeout');
    await until(() => peer.isEnded);
  });

  it('a response head counts from the end of the upload, and not while the upload waits for its source', async () => {
    const { url, heard } = await server();
    const clock = manualClock();
    const body = new PassThrough();
    const hearing = rig(url, { ...LIMITS, clock }).send({ method: 'POST', body });
    body.write('first');
    await heard(0, /first/);
    clock.advance(10_000);
    body.end('second');
    await heard(0, /second/);
    await cooled();
    assertUp(clock, hearing, 2_000, 'head-timeout');
  });

  it('a response head counts while the endpoint takes none of the upload', async () => {
    const { url, peers } = await server();
    const clock = manualClock();
    const hearing = rig(url, { ...LIMITS, clock }).send({ method: 'POST', body: Buffer.alloc(60_000_000) });
    await until(() => peers.length === 1);
    peers[0]!.socket.pause();
    for (let i = 0; i < 200; i++) await cooled();
    assertUp(clock, hearing, 2_000, 'head-timeout');
  });

  it('the body counts from piece to piece', async () => {
    const { url, heard } = await server();
    const clock = manualClock();
    const hearing = rig(url, { ...LIMITS, clock }).send();
    const peer = await heard(0, /GET/);
    peer.say('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n');
    await until(() => hearing.status === 200);
    clock.advance(2_999);
    peer.say('abc');
    await until(() => hearing.body === 'abc');
    assertUp(clock, hearing, 3_000, 'body-timeout');
  });

  it('the body stands still while its reader has paused', async () => {
    const { url, heard } = await server();
    const clock = manualClock();
    const hearing = rig(url, { ...LIMITS, clock }).send();
    const peer = await heard(0, /GET/);
    peer.say('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc');
    await until(() => hearing.body === 'abc');
    hearing.controller!.pause();
    clock.advance(100_000);
    assert.equal(hearing.ending, 'open');
    hearing.controller!.resume();
    assertUp(clock, hearing, 3_000, 'body-timeout');
  });

  it('the body stands still from within the call that paused', async () => {
    const { url, heard } = await server();
    const clock = manualClock();
    const hearing = rig(url, { ...LIMITS, clock }).send();
    hearing.onChunk = () => hearing.controller!.pause();
    (await heard(0, /GET/)).say('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc');
    await until(() => hearing.body === 'abc');
    clock.advance(100_000);
    assert.equal(hearing.ending, 'open');
  });

  it('head and body can be set for each request', async () => {
    const { url, heard } = await server();
    const clock = manualClock();
    const { send } = rig(url, { ...LIMITS, clock });
    const own = { headTimeoutMs: 300, bodyTimeoutMs: 500 };
    const first = send(own);
    await heard(0, /GET/);
    assertUp(clock, first, 300, 'head-timeout');
    const second = send(own);
    (await heard(1, /GET/)).say('HTTP/1.1 200 OK\r\n\r\nabc');
    await until(() => second.body === 'abc');
    assertUp(clock, second, 500, 'body-timeout');
  });

  it('100 Continue is a second; then the body is sent all the same', async () => {
    const { url, heard } = await server();
    const clock = manualClock();
    const hearing = rig(url, { ...LIMITS, clock }).send({
      method: 'POST',
      body: Buffer.from('hello'),
      isContinueExpected: true,
    });
    const peer = await heard(0, /Expect/);
    clock.advance(999);
    await cooled();
    assert.doesNotMatch(peer.received, /hello/);
    clock.advance(1 + LATE_MS);
    await heard(0, /hello/);
    assertUp(clock, hearing, 2_000, 'head-timeout');
  });
});

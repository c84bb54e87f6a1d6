import assert from 'node:assert/strict';
import { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { assertUnread, bodyPlan, passingBody } from '../../packages/proxy/src/body-plan.ts';

const KIB = 1024;

function planOf(contentLength: number, isChunked = false, isIdempotent = true, maxBodyBytes = Infinity): string {
  return bodyPlan({ ...plain, contentLength, isChunked, isIdempotent }, 64 * KIB, maxBodyBytes);
}

const plain = { contentLength: -1, isChunked: true, isIdempotent: true, trailer: undefined, isContinueExpected: false };

/** A request body that the test writes. */
function source(): PassThrough & IncomingMessage {
  return new PassThrough() as unknown as PassThrough & IncomingMessage;
}

describe('bodyPlan', () => {
  it('streams what has fields behind it, and what the client keeps until it is wanted', () => {
    assert.equal(bodyPlan(plain, 64 * KIB, Infinity), 'hold');
    assert.equal(bodyPlan({ ...plain, trailer: 'x-sum' }, 64 * KIB, Infinity), 'stream');
    const small = { ...plain, contentLength: 1, isChunked: false, isContinueExpected: true };
    assert.equal(bodyPlan(small, 64 * KIB, Infinity), 'stream');
  });

  it('holds what is small enough to be sent again and streams the rest', () => {
    assert.equal(planOf(-1), 'none');
    assert.equal(planOf(0), 'none');
    assert.equal(planOf(1), 'hold');
    assert.equal(planOf(64 * KIB), 'hold');
    assert.equal(planOf(64 * KIB + 1), 'stream');
  });

  it('waits for a body of unknown length only where it could be sent again', () => {
    assert.equal(planOf(-1, true, true), 'hold');
    assert.equal(planOf(-1, true, false), 'stream');
    assert.equal(planOf(1, false, false), 'hold');
  });

  it('refuses an announced length over the limit', () => {
    assert.equal(planOf(10, false, true, 10), 'hold');
    assert.throws(() => planOf(11, false, true, 10), { code: 'BODY_TOO_LARGE' });
  });
});

describe('assertUnread', () => {
  it('refuses a body that somebody has read, and names the fix', () => {
    const req = new IncomingMessage(null as never);
    assertUnread(req);
    req.push('{}');
    req.push(null);
    req.read();
    assert.throws(() => assertUnread(req), /mount balance\(\) before express\.json\(\)/);
  });
});

describe('passingBody', () => {
  it('passes what was read before and what comes', async () => {
    const req = source();
    const body = passingBody(req, [Buffer.from('a'), Buffer.from('b')], Infinity, assert.fail);
    req.write('c');
    req.end('d');
    assert.equal(Buffer.concat(await body.toArray()).toString(), 'abcd');
  });

  it('pulls no more than its reader takes', async () => {
    const req = source();
    const body = passingBody(req, undefined, Infinity, assert.fail);
    body.read(0);
    let written = 0;
    while (written < 10_000 * KIB && req.write(Buffer.alloc(16 * KIB))) written += 16 * KIB;
    for (let i = 0; i < 100; i++) await new Promise((resolve) => setImmediate(resolve));
    assert.ok(body.readableLength <= body.readableHighWaterMark + 64 * KIB, `${body.readableLength} bytes are held`);
    assert.equal(req.isPaused(), true);
    body.destroy();
  });

  it('says when it gets too long, and leaves the request itself alone when destroyed', () => {
    const req = source();
    let isTooLarge = false;
    const body = passingBody(req, [Buffer.alloc(11)], 10, () => (isTooLarge = true));
    body.read(0);
    assert.equal(isTooLarge, true);
    body.destroy(new Error('gone'));
    assert.equal(req.destroyed, false);
    assert.equal(req.listenerCount('data'), 0);
  });
});

import assert from 'node:assert/strict';
import { BalancerError } from '@evenkeel/core';
import { errorAnswer } from '../../packages/proxy/src/error-answer.ts';

const INTERNAL = new BalancerError('CONNECT_FAILED', 'GET: no connection to http://10.1.2.3:8080', {
  cause: new Error('connect ECONNREFUSED 10.1.2.3:8080'),
  attempts: [{ endpoint: 'http://10.1.2.3:8080', code: 'CONNECT_FAILED', status: undefined }],
});

describe('errorAnswer', () => {
  it('is problem details for programs', () => {
    for (const accept of [undefined, '*/*', 'application/json', 'application/problem+json, text/html;q=0.1']) {
      const { status, contentType, body } = errorAnswer(INTERNAL, accept);
      assert.equal(status, 502);
      assert.equal(contentType, 'application/problem+json');
      const { type, title, code } = JSON.parse(body) as Record<string, unknown>;
      assert.deepEqual([type, title, code], ['about:blank', 'Bad Gateway', 'CONNECT_FAILED']);
    }
  });

  it('is text for browsers', () => {
    const { contentType, body } = errorAnswer(INTERNAL, 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8');
    assert.equal(contentType, 'text/plain; charset=utf-8');
    assert.match(body, /^502 Bad Gateway\n/);
  });

  it('never shows the internal address', () => {
    for (const accept of [undefined, 'text/plain'])
      assert.doesNotMatch(errorAnswer(INTERNAL, accept).body, /10\.1\.2\.3/);
  });

  it('tells developers what to change where only they can', () => {
    assert.match(errorAnswer(new BalancerError('BODY_CONSUMED', 'mount it first'), undefined).body, /mount it first/);
  });
});

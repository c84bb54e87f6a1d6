import assert from 'node:assert/strict';
import { requestTarget } from '../../packages/proxy/src/request-target.ts';

describe('requestTarget', () => {
  it('passes origin-form byte for byte', () => {
    for (const target of [
      '/',
      '//',
      '/a//b/%2e%2e/../c?x=/..//',
      '/%00',
      '/?',
      '/a#b',
      '/{}|^`',
      '/caf\xe9',
      '//evil/',
    ]) {
      assert.equal(requestTarget(target, 'GET', 'a'), target);
    }
  });

  it('takes the path of absolute-form if its authority is the Host', () => {
    assert.equal(requestTarget('http://A:80/x?y', 'GET', 'a'), '/x?y');
    assert.equal(requestTarget('HTTPS://a:443', 'GET', 'a'), '/');
    assert.equal(requestTarget('http://a:81?q', 'GET', 'A:81'), '/?q');
    assert.equal(requestTarget('http://a//b/../c', 'GET', 'a'), '//b/../c');
  });

  it('refuses absolute-form with another authority, credentials or no Host', () => {
    for (const target of [
      'http://evil/',
      'http://a@evil/',
      'http://u:p@a/',
      'http://a:81/',
      'http://[bad',
      'http:///x',
    ]) {
      assert.throws(() => requestTarget(target, 'GET', 'a'), { code: 'BAD_REQUEST' }, target);
    }
    assert.throws(() => requestTarget('http://a/', 'GET', undefined), { code: 'BAD_REQUEST' });
  });

  it('passes the asterisk for OPTIONS only', () => {
    assert.equal(requestTarget('*', 'OPTIONS', 'a'), '*');
    assert.throws(() => requestTarget('*', 'GET', 'a'), { code: 'BAD_REQUEST' });
  });

  it('refuses everything else', () => {
    for (const target of [
      '',
      'a',
      'a:80',
      'ftp://a/',
      '/a b',
      '/a\r\nX: y',
      '/\0',
      '/a\u0100',
      'http:/a',
      'http://a/#f',
    ]) {
      assert.throws(() => requestTarget(target, 'GET', 'a'), { code: 'BAD_REQUEST' }, JSON.stringify(target));
    }
  });
});

import assert from 'node:assert/strict';
import { hasDotSegment, isBelow, mountPathOf, pathBelow, pathOf } from '../../packages/proxy/src/paths.ts';

describe('hasDotSegment', () => {
  it('finds dots however they and the slashes around them are written', () => {
    const dotted = [
      '/..',
      '/a/../b',
      '/a/./b',
      '/a/..',
      '/%2e%2e/b',
      '/a/%2E./b',
      '/a/.%2e',
      '/a%2f..%2fb',
      '/a%5c..%5cb',
      '/a\\..\\b',
      '/a/..;x=1/b',
      '/a/%2e%2e%3bx/b',
      '/%252e%252e/b',
      '/a%252f%25252e/',
      'http://a.example/x/../y',
    ];
    for (const path of dotted) assert.equal(hasDotSegment(path), true, path);
  });

  it('lets dots be that are a part of a name, and those of a query', () => {
    const plain = [
      '/',
      '/a.b',
      '/...',
      '/a/..b',
      '/a/b..',
      '/.well-known/x',
      '/a?x=/../y',
      '/%2ehidden',
      '/a/%2e%2e%2e/',
      '//',
    ];
    for (const path of plain) assert.equal(hasDotSegment(path), false, path);
  });

  it('takes long hostile paths in its stride', () => {
    const long = '/%25'.padEnd(200_000, '25');
    assert.equal(hasDotSegment(long), false);
  });
});

describe('paths', () => {
  it('are below a prefix that ends where a segment does', () => {
    assert.deepEqual(
      ['/api', '/api/x', '/api/', '/apis', '/a', '/API'].map((path) => isBelow(path, '/api')),
      [true, true, true, false, false, false],
    );
    assert.equal(isBelow('/x', '/'), true);
    assert.equal(isBelow('/api', '/api/'), false);
  });

  it('are told from targets', () => {
    assert.deepEqual(['/a?b', 'http://h/a?b', 'http://h', '*', '/'].map(pathOf), ['/a', '/a', '', '*', '/']);
  });

  it('know their mount point, in Express and elsewhere', () => {
    assert.equal(mountPathOf({ url: '/x' }), '');
    assert.equal(mountPathOf(Object.assign({ url: '/x' }, { baseUrl: '/m', originalUrl: '/m/x' })), '/m');
    assert.equal(mountPathOf(Object.assign({ url: '/x?q' }, { originalUrl: '/m/x?q' })), '/m');
    assert.equal(mountPathOf(Object.assign({ url: '/' }, { originalUrl: '/m/' })), '/m');
    assert.equal(mountPathOf(Object.assign({ url: '/?q' }, { originalUrl: '/m?q' })), '/m');
    assert.equal(mountPathOf(Object.assign({ url: '/other' }, { originalUrl: '/m/x' })), '');
  });

  it('never become a reference to another host', () => {
    assert.equal(pathBelow('', '/x'), '/x');
    for (const path of ['//evil.example', '/\\evil.example', '/\t/evil.example']) {
      assert.equal(new URL(pathBelow('', path), 'http://a.example/').host, 'a.example');
    }
  });
});

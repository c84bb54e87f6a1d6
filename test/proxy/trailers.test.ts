import assert from 'node:assert/strict';
import { passingAnnouncement, passingTrailers } from '../../packages/proxy/src/trailers.ts';

describe('trailer fields', () => {
  it('pass in order, with their case, duplicates and latin1', () => {
    const fields = ['X-Sum', '1', 'grpc-status', '0', 'x-sum', 'caf\xe9'];
    assert.deepEqual(passingTrailers(fields), fields);
    assert.deepEqual(passingTrailers(fields.map((text) => Buffer.from(text, 'latin1'))), fields);
  });

  it('do not pass if they frame, route, authenticate or describe the message', () => {
    const forbidden = ['Content-Length', 'Transfer-Encoding', 'Host', 'Set-Cookie', 'Authorization', 'If-Match'];
    for (const name of [...forbidden, 'X-Forwarded-For', 'Connection', 'Content-Type', 'Trailer']) {
      assert.deepEqual(passingTrailers([name, '1', 'x', 'y']), ['x', 'y'], name);
      assert.equal(passingAnnouncement(name), undefined, name);
    }
  });

  it('do not pass if they could break out of their line', () => {
    assert.deepEqual(passingTrailers(['a b', '1', 'x', 'y\r\nz: 1', '', '1', 'ok', '1']), ['ok', '1']);
  });

  it('are announced by the names that may pass', () => {
    assert.equal(passingAnnouncement('X-Sum, content-length ,grpc-status'), 'X-Sum, grpc-status');
    assert.equal(passingAnnouncement(' , '), undefined);
  });
});

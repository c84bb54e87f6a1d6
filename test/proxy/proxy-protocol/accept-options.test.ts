import assert from 'node:assert/strict';
import http from 'node:http';
import type net from 'node:net';
import { acceptProxyProtocol } from '@evenkeel/proxy';
import type { AcceptProxyProtocolOptions } from '@evenkeel/proxy';

const FROM = ['127.0.0.1'];

describe('options of acceptProxyProtocol', () => {
  it('are refused by path, expectation and value, and so is a server that does it already', () => {
    const server = http.createServer();
    const cases: [unknown, unknown, RegExp][] = [
      [server, {}, /acceptProxyProtocol: `from` is missing/],
      [server, { from: [] }, /`from` must be an array of at least one address or network, got an empty array/],
      [server, { from: ['lb.example'] }, /`from\[0\]` must be an address or network .*, got "lb\.example"/],
      [server, { from: FROM, timeoutMs: 0 }, /`timeoutMs` must be a number of milliseconds/],
      [server, { from: FROM, required: true }, /`required` is not a known option/],
      [server, { from: FROM, isRequired: 'no' }, /`isRequired` must be true or false, got "no"/],
      [server, { from: FROM, clock: {} }, /`clock` must be a clock/],
      [{}, { from: FROM }, /`server` must be a server/],
    ];
    for (const [target, options, message] of cases) {
      const call = () => acceptProxyProtocol(target as net.Server, options as AcceptProxyProtocolOptions);
      assert.throws(call, { code: 'INVALID_OPTIONS', message });
    }
    acceptProxyProtocol(server, { from: FROM });
    assert.throws(() => acceptProxyProtocol(server, { from: FROM }), { code: 'INVALID_OPTIONS', message: /already/ });
  });
});

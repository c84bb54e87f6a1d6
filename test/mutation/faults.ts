/** Laws about what goes wrong: clients that leave, endpoints that die or lie, and waits that are too long. */
import type { Mutation } from './mutation.ts';

const CLIENT_END = 'packages/proxy/src/client-end.ts';
const INBOUND = 'packages/proxy/src/inbound.ts';
const ATTEMPT = 'packages/core/src/dispatch/attempt.ts';
const EXCHANGE = 'packages/core/src/dispatch/cluster-exchange.ts';
const FAILURE = 'packages/core/src/transport/failure.ts';
const RETRY_POLICY = 'packages/core/src/retry/retry-policy.ts';
const CONNECTION = 'packages/core/src/transport/h1/connection.ts';
const DIAL = 'packages/core/src/transport/h1/dial.ts';
const HEAD_PARSER = 'packages/core/src/transport/h1/head-parser.ts';
const RESPONSE_READER = 'packages/core/src/transport/h1/response-reader.ts';

export const faultMutations: readonly Mutation[] = [
  {
    law: 10,
    what: 'the attempt of a client that has left goes on',
    file: INBOUND,
    from: 'if (!this.isOver) this.yieldTo(',
    to: 'if (this.isOver) this.yieldTo(',
  },
  {
    law: 10,
    what: 'a client that leaves counts against its endpoint',
    file: ATTEMPT,
    from: "ending: Outcome | 'late' = 'cancelled'",
    to: "ending: Outcome | 'late' = 'reset'",
  },
  {
    law: 11,
    what: 'a response with a length that was cut short ends its connection cleanly',
    file: INBOUND,
    from: 'cutShort(res, this.responseLength >= 0 || res.chunkedEncoding);',
    to: 'res.end();',
  },
  {
    law: 11,
    what: 'who takes the end of the connection for that of the body sees a clean one',
    file: CLIENT_END,
    from: 'if (!isFramed && isPlain) socket.resetAndDestroy();',
    to: '',
  },
  {
    law: 11,
    what: 'the end of the connection is taken for that of any body',
    file: RESPONSE_READER,
    from: 'if (this.framing === UNTIL_END) {\n      this.finish(false);',
    to: 'if (this.framing !== HEAD) {\n      this.finish(false);',
  },
  {
    law: 11,
    what: 'a chunk may be longer than announced',
    file: 'packages/core/src/transport/h1/chunked-decoder.ts',
    from: "throw badResponse('a chunk that is longer than announced');",
    to: 'return at + 1;',
  },
  {
    law: 14,
    what: 'what was not sent goes nowhere else unless it is idempotent',
    file: RETRY_POLICY,
    from: 'if (!isSent) return true;',
    to: 'if (!isSent) return isIdempotent;',
  },
  {
    law: 14,
    what: 'what was sent is repeated whatever its method',
    file: RETRY_POLICY,
    from: 'isReplayable && (isIdempotent ||',
    to: 'isReplayable && (isSent ||',
  },
  {
    law: 14,
    what: 'what was sent is repeated although its body was not held',
    file: RETRY_POLICY,
    from: 'const isSafe = isReplayable && (isIdempotent ||',
    to: 'const isSafe = (isIdempotent ||',
  },
  {
    law: 14,
    what: 'a request is repeated after the first byte of the answer',
    file: EXCHANGE,
    from: 'if (this.isCommitted) return this.fail(code, error);',
    to: 'if (this.isCommitted) return this.next();',
  },
  {
    law: 17,
    what: 'a connection that does not come in time is one that was refused',
    file: FAILURE,
    from: "'connect-timeout': { code: 'CONNECT_TIMEOUT'",
    to: "'connect-timeout': { code: 'CONNECT_FAILED'",
  },
  {
    law: 17,
    what: 'a head that does not come in time is a reset',
    file: FAILURE,
    from: "'head-timeout': { code: 'HEAD_TIMEOUT'",
    to: "'head-timeout': { code: 'UPSTREAM_RESET'",
  },
  {
    law: 17,
    what: 'a body that does not go on in time is a reset',
    file: FAILURE,
    from: "'body-timeout': { code: 'BODY_TIMEOUT'",
    to: "'body-timeout': { code: 'UPSTREAM_RESET'",
  },
  {
    law: 17,
    what: 'a request that is over its deadline is one whose head did not come',
    file: EXCHANGE,
    from: "const error = exchangeError('DEADLINE_EXCEEDED'",
    to: "const error = exchangeError('HEAD_TIMEOUT'",
    spec: 'test/core/dispatch/deadline.test.ts',
    grep: 'ends a request that no endpoint answers',
  },
  {
    law: 17,
    what: 'connections may take their time',
    file: CONNECTION,
    from: 'around.dueIn(around.options.connectTimeoutMs)',
    to: 'Infinity',
  },
  {
    law: 17,
    what: 'bodies may take their time',
    file: CONNECTION,
    from: 'this.dueTick = this.around.bodyDue(this.trip);',
    to: 'this.dueTick = Infinity;',
  },
  {
    law: 17,
    what: "the proxy's own limit for heads is not heeded",
    file: INBOUND,
    from: 'this.headTimeoutMs = options.headTimeoutMs;',
    to: 'this.headTimeoutMs = undefined;',
  },
  {
    law: 19,
    what: 'certificates of endpoints are not verified',
    file: DIAL,
    from: '    ...identityOptions(host),',
    to: '    rejectUnauthorized: false,\n    ...identityOptions(host),',
  },
  {
    law: 19,
    what: 'certificates of endpoints that speak HTTP/2 are not verified',
    file: 'packages/core/src/transport/h2/dial.ts',
    from: '...options, ...over, ALPNProtocols',
    to: '...options, ...over, rejectUnauthorized: false, ALPNProtocols',
    spec: 'test/core/dispatch/tls-matrix.test.ts',
    grep: 'for another name',
  },
  {
    law: 19,
    what: 'a certificate may be for any name',
    file: DIAL,
    from: '    ...identityOptions(host),',
    to: '    checkServerIdentity: () => undefined,',
    spec: 'test/core/dispatch/tls-matrix.test.ts',
    grep: 'for another name',
  },
  {
    law: 20,
    what: 'an error of a connection ends the process',
    file: 'packages/core/src/transport/h1/wire.ts',
    from: "socket.on('error', this.onError).on('end', this.onEnd)",
    to: "socket.on('end', this.onEnd)",
  },
  {
    law: 20,
    what: 'what an endpoint says while nobody asks is kept for who asks next',
    file: CONNECTION,
    from: 'if (this.state !== BUSY || !this.isWritten) return this.close(STRAY);',
    to: 'if (this.state !== BUSY || !this.isWritten) return this.socket.unshift(bytes.subarray(0, length));',
  },
  {
    law: 20,
    what: 'a connection is used again although more has come than was asked for',
    file: RESPONSE_READER,
    from: 'this.isPersistent && !hasExcess',
    to: 'this.isPersistent',
  },
  {
    law: 20,
    what: 'a bare CR in a response ends its line',
    file: HEAD_PARSER,
    from: "if (bytes[at + 1] !== LF) throw badResponse('a line that ends without LF');",
    to: 'if (bytes[at + 1] !== LF) return at + 1;',
  },
  {
    law: 20,
    what: 'a change of protocols that nobody asked for is taken',
    file: RESPONSE_READER,
    from: 'if (trip.request.upgrade === undefined) throw',
    to: 'if (trip.isOver) throw',
  },
  {
    law: 20,
    what: 'requests behind one that was refused are taken',
    file: INBOUND,
    from: 'if (isClosing(error)) this.peer.isRefused = true;',
    to: '',
  },
];

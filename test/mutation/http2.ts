/** The law about HTTP/2, on the client's side and on the endpoint's. */
import type { Mutation } from './mutation.ts';

const HTTP2 = 'test/proxy/http2.test.ts';
const GRPC = 'test/proxy/grpc.test.ts';
const RESPONSE = 'packages/proxy/src/http2-response.ts';

export const http2Mutations: readonly Mutation[] = [
  {
    law: 16,
    what: 'a client that resets its stream is not noticed',
    file: 'packages/proxy/src/http2-request.ts',
    from: "stream.on('aborted', onAborted);\n  stream.on('close', onClose);",
    to: '',
    spec: HTTP2,
    grep: 'law 10: a client that resets',
  },
  {
    law: 16,
    what: 'a stream that is cut short ends without an error',
    file: RESPONSE,
    from: 'stream.close(constants.NGHTTP2_INTERNAL_ERROR);',
    to: 'stream.close(constants.NGHTTP2_NO_ERROR);',
    spec: HTTP2,
    grep: 'law 11:',
  },
  {
    law: 16,
    what: 'a stream that is not read holds nobody back',
    file: 'packages/proxy/src/response-half.ts',
    from: 'if (response.res.write(chunk)) return true;',
    to: 'if (response.res.write(chunk) || true) return true;',
    spec: HTTP2,
    grep: 'law 12: a client',
  },
  {
    law: 16,
    what: 'a client whose answer came early is not told to stop',
    file: RESPONSE,
    from: 'if (!isStreamOver(res)) stream.close(constants.NGHTTP2_NO_ERROR);',
    to: '',
    spec: HTTP2,
    grep: 'law 13:',
  },
  {
    law: 16,
    what: 'trailers are dropped on their way to a stream',
    file: 'packages/proxy/src/trailers.ts',
    from: 'return stageTrailers(res, flat);',
    to: 'return;',
    spec: GRPC,
    grep: 'is answered with',
  },
  {
    law: 16,
    what: 'trailers of an endpoint that speaks HTTP/2 are not heard',
    file: 'packages/core/src/transport/h2/attempt.ts',
    from: 'this.rawTrailers = this.fieldsIn(raw) ?? NO_FIELDS;',
    to: '',
    spec: GRPC,
    grep: 'is answered with',
  },
  {
    law: 16,
    what: 'a stream that an endpoint refuses is lost',
    file: 'packages/core/src/transport/h2/stream-events.ts',
    from: 'listener.isRefused = true;',
    to: 'void 0;',
    spec: 'test/core/transport/h2/faults.test.ts',
    grep: 'refuses a stream',
  },
  {
    law: 16,
    what: 'a request that an endpoint promises to have done nothing with is not sent again',
    file: 'packages/core/src/transport/failure.ts',
    from: ', isUnprocessed: true }',
    to: ' }',
    spec: GRPC,
    grep: 'loses no call',
  },
  {
    law: 16,
    what: 'an endpoint that does not read its stream holds nobody back',
    file: 'packages/core/src/transport/h2/upload.ts',
    from: 'this.isStalled = !stream.write(bytes);',
    to: 'stream.write(bytes);',
    spec: 'test/core/transport/h2/flow.test.ts',
    grep: 'goes as fast as the endpoint takes it',
  },
];

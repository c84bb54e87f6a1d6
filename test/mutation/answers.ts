/** Laws about what clients are answered: cookies and errors. */
import type { Mutation } from './mutation.ts';

const RESPONSE_HEAD = 'packages/proxy/src/response-head.ts';
const ERROR_ANSWER = 'packages/proxy/src/error-answer.ts';

export const answerMutations: readonly Mutation[] = [
  {
    law: 21,
    what: 'cookies of a client are set right',
    file: 'packages/proxy/src/affinity/auto.ts',
    from: 'fields[i] = readCookies(cluster, name, fields[i]!, stickiness);',
    to: "fields[i] = readCookies(cluster, name, fields[i]!.replace(/;(?! )/g, '; '), stickiness);",
  },
  {
    law: 21,
    what: 'cookies of an endpoint are set right',
    file: RESPONSE_HEAD,
    from: 'fields.push(name, value);',
    to: "fields.push(name, kind === SET_COOKIE ? value.replace(/;(?! )/g, '; ') : value);",
  },
  {
    law: 21,
    what: 'a cookie that begins like that of affinity is taken for it',
    file: 'packages/proxy/src/set-cookie.ts',
    from: 'if (header.charCodeAt(equals) !== 0x3d || ',
    to: 'if (',
  },
  {
    law: 22,
    what: 'an error answer is JSON for who reads text',
    file: ERROR_ANSWER,
    from: '/\\btext\\//i.test(accept)',
    to: "accept === 'text/plain'",
  },
  {
    law: 22,
    what: 'an error answer names the endpoint',
    file: ERROR_ANSWER,
    from: ': DETAILS[error.code];',
    to: ': error.message;',
  },
  {
    law: 22,
    what: 'an error answer says nothing of when to come back',
    file: ERROR_ANSWER,
    from: 'error.retryAfterSeconds !== undefined',
    to: 'error.retryAfterSeconds === 0',
  },
  {
    law: 22,
    what: 'a refused connection is 500',
    file: 'packages/core/src/errors.ts',
    from: 'CONNECT_FAILED: 502',
    to: 'CONNECT_FAILED: 500',
  },
];

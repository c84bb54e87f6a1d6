import assert from 'node:assert/strict';
import { newSessionId, sessionIdSigner } from '@evenkeel/core/session-cookie';
import {
  cookieValues,
  sessionCookies,
  type SessionCookieSettings,
} from '../../../packages/session-store/src/http/cookie.ts';

const SECRETS = ['a secret of the tests', 'an older secret of the tests'];
const ATTRIBUTES = {
  path: '/',
  sameSite: 'lax',
  secure: 'auto',
  httpOnly: true,
  partitioned: false,
  persistent: false,
  format: 'evenkeel',
} as const;

function cookiesWith(settings: Partial<SessionCookieSettings> = {}): ReturnType<typeof sessionCookies> {
  return sessionCookies({
    name: 'JSESSIONID',
    secrets: SECRETS,
    route: undefined,
    attributes: ATTRIBUTES,
    ...settings,
  });
}

describe('cookieValues', () => {
  const cases: [what: string, header: string | undefined, values: string[]][] = [
    ['nothing in no field', undefined, []],
    ['nothing in an empty field', '', []],
    ['the only one', 'sid=a', ['a']],
    ['all of the name, in order', 'sid=a; x=1; sid=b;sid=c', ['a', 'b', 'c']],
    ['none whose name only starts or ends so', 'xsid=1; sidx=2; SID=3', []],
    ['a quoted value without the quotes', 'sid="a.b"', ['a.b']],
    ['values with an equals sign', 'sid=a=b', ['a=b']],
    ['no empty ones', 'sid=; sid; sid=""', []],
    ['values up to 512 characters', `sid=${'x'.repeat(513)}; sid=${'y'.repeat(512)}`, ['y'.repeat(512)]],
    ['nothing in a field beyond 16 KiB', `sid=a; x=${'x'.repeat(16_384)}`, []],
  ];
  for (const [what, header, values] of cases) {
    it(`finds ${what}`, () => assert.deepEqual(cookieValues(header, 'sid'), values));
  }
});

describe('sessionCookies', () => {
  const id = newSessionId();
  const token = sessionIdSigner(SECRETS).sign(id);

  it('finds the signed one among stale, forged and foreign ones', () => {
    const forged = sessionIdSigner(['somebody else altogether']).sign(newSessionId());
    const header = `JSESSIONID=${forged}; JSESSIONID=ABCDEF.node1; JSESSIONID=${token}.node2; JSESSIONID=${token}`;
    assert.deepEqual(cookiesWith().verified(header), [{ id, isCurrent: true }]);
  });

  it('looks at no more than four signed ones', () => {
    const signer = sessionIdSigner(SECRETS);
    const header = Array.from({ length: 9 }, () => `JSESSIONID=${signer.sign(newSessionId())}`).join('; ');
    assert.equal(cookiesWith().verified(header).length, 4);
  });

  it('wants a cookie of an older secret sent anew', () => {
    const header = `JSESSIONID=${sessionIdSigner([SECRETS[1]!]).sign(id)}`;
    assert.deepEqual(cookiesWith().verified(header), [{ id, isCurrent: false }]);
  });

  it('wants a cookie of another route sent anew, but only where there is a route of its own', () => {
    for (const [route, value, isCurrent] of [
      ['here', `${token}.here`, true],
      ['here', `${token}.there`, false],
      ['here', token, false],
      [undefined, `${token}.there`, true],
    ] as const) {
      assert.deepEqual(
        cookiesWith({ route }).verified(`JSESSIONID=${value}`),
        [{ id, isCurrent }],
        `${route} ${value}`,
      );
    }
  });

  it('issues a cookie that it accepts', () => {
    const cookies = cookiesWith({ route: 'here' });
    const issued = cookies.issue(id, false, 1_000);
    assert.equal(issued, `JSESSIONID=${token}.here; Path=/; HttpOnly; SameSite=Lax`);
    assert.deepEqual(cookies.verified(issued.split(';')[0]), [{ id, isCurrent: true }]);
  });

  it('issues a cookie as secure as the request, unless told', () => {
    assert.match(cookiesWith().issue(id, true, 0), /; Secure/);
    assert.doesNotMatch(cookiesWith().issue(id, false, 0), /Secure/);
    assert.match(cookiesWith({ attributes: { ...ATTRIBUTES, secure: true } }).issue(id, false, 0), /; Secure/);
    assert.doesNotMatch(cookiesWith({ attributes: { ...ATTRIBUTES, secure: false } }).issue(id, true, 0), /Secure/);
  });

  it('issues a cookie with all attributes', () => {
    const attributes = {
      ...ATTRIBUTES,
      path: '/app',
      domain: 'example.org',
      sameSite: 'none',
      partitioned: true,
    } as const;
    const issued = cookiesWith({ name: 'sid', attributes: { ...attributes, persistent: true } }).issue(id, true, 1_500);
    assert.equal(
      issued,
      `sid=${token}; Max-Age=2; Domain=example.org; Path=/app; HttpOnly; Secure; Partitioned; SameSite=None`,
    );
  });

  it('ends a cookie with the attributes it was made with', () => {
    assert.equal(cookiesWith().clear(true), 'JSESSIONID=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax');
  });
});

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { joinRoute, newSessionId, sessionIdSigner, splitRoute } from '@evenkeel/core/session-cookie';

const OLD = 'the secret of last year';
const NEW = 'the secret of this year';
const FOREIGN = 'the secret of somebody else';

describe('splitRoute', () => {
  const cases: [value: string, token: string, route: string | undefined][] = [
    ['abc', 'abc', undefined],
    ['abc.node1', 'abc', 'node1'],
    ['abc.', 'abc.', undefined],
    ['.node1', '.node1', undefined],
    ['', '', undefined],
    ['s:a.b.node1', 's:a.b', 'node1'],
    ['abc.no de', 'abc.no de', undefined],
    [`abc.${'x'.repeat(65)}`, `abc.${'x'.repeat(65)}`, undefined],
  ];
  for (const [value, token, route] of cases) {
    it(`takes ${JSON.stringify(value.slice(0, 20))} apart`, () =>
      assert.deepEqual(splitRoute(value), { token, route }));
  }

  it('is undone by joinRoute', () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        const { token, route } = splitRoute(value);
        assert.equal(joinRoute(token, route), value);
      }),
    );
  });
});

describe('newSessionId', () => {
  it('gives 32 upper-case hexadecimal digits, never the same', () => {
    const ids = Array.from({ length: 1_000 }, newSessionId);
    assert.ok(ids.every((id) => /^[0-9A-F]{32}$/.test(id)));
    assert.equal(new Set(ids).size, 1_000);
  });
});

describe('sessionIdSigner', () => {
  const signer = sessionIdSigner([NEW, OLD]);

  it('knows its own tokens', () => {
    const id = newSessionId();
    assert.equal(signer.verify(signer.sign(id)), id);
  });

  it('makes tokens that need no quoting and hold no dot', () => {
    assert.match(signer.sign(newSessionId()), /^[A-Za-z0-9_-]{55}$/);
  });

  it('knows tokens of every one of its secrets and signs with the newest', () => {
    const id = newSessionId();
    assert.equal(signer.verify(sessionIdSigner([OLD]).sign(id)), id);
    assert.equal(signer.sign(id), sessionIdSigner([NEW]).sign(id));
    assert.equal(sessionIdSigner([OLD]).verify(signer.sign(id)), undefined);
  });

  it('refuses tokens of other secrets', () => {
    for (let i = 0; i < 200; i++)
      assert.equal(signer.verify(sessionIdSigner([FOREIGN + i]).sign(newSessionId())), undefined);
  });

  it('refuses a token with any character changed, left out or added', () => {
    const token = signer.sign(newSessionId());
    const characters = fc.constantFrom(...'0123456789ABCDEFabcdefXYZ_-.'.split(''));
    fc.assert(
      fc.property(fc.nat({ max: token.length - 1 }), characters, (at, character) => {
        const changed = token.slice(0, at) + character + token.slice(at + 1);
        if (changed !== token) assert.equal(signer.verify(changed), undefined);
        assert.equal(signer.verify(token.slice(0, at) + character + token.slice(at)), undefined);
        assert.equal(signer.verify(token.slice(0, at)), undefined);
      }),
    );
  });

  it('refuses anything else', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 600 }), (text) =>
        assert.equal(signer.verify(text), undefined),
      ),
    );
    assert.equal(signer.verify(signer.sign(newSessionId()).toLowerCase()), undefined);
    assert.equal(signer.verify(newSessionId()), undefined);
  });
});

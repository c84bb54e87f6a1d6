import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { get, makeRig, requestOf } from '../../conformance/adapter-rig.ts';
import { answer, valuesOf } from '../../conformance/wire.ts';
import { makeServer } from '../server.ts';

const rig = makeRig(makeServer);

describe('rewriteLocation', () => {
  afterEach(() => rig.end());

  it('takes the endpoint, and what the client itself has asked, out of references', async () => {
    const { request, endpoint } = await rig.start({ proxy: { rewriteLocation: true } });
    const fields: Record<string, [string, string]> = {
      '/own': [`Location: ${endpoint.url}/x?y#z`, '/x?y#z'],
      '/bare': [`Location: ${endpoint.url}`, '/'],
      '/query': [`Location: ${endpoint.url}?q`, '/?q'],
      '/case': [`LOCATION: ${endpoint.url.toUpperCase()}/X`, '/X'],
      '/client': ['Location: http://A.example:80/x', '/x'],
      '/tls': ['Location: https://a.example/x', 'https://a.example/x'],
      '/other': ['Location: http://b.example/x', 'http://b.example/x'],
      '/like': [`Location: ${endpoint.url}0/x`, `${endpoint.url}0/x`],
      '/user': [`Location: http://u@127.0.0.1:${endpoint.port}/x`, `http://u@127.0.0.1:${endpoint.port}/x`],
      '/path': ['Location: /x', '/x'],
      '/evil': [`Location: ${endpoint.url}//evil.example/`, '/.//evil.example/'],
      '/slashes': ['Location: //evil.example/', '//evil.example/'],
      '/content': [`Content-Location: ${endpoint.url}/x`, '/x'],
      '/refresh': [`Refresh: 5; URL=${endpoint.url}/x`, '5; URL=/x'],
      '/quoted': [`Refresh: 0;url='${endpoint.url}/x'`, "0;url='/x'"],
      '/norefresh': ['Refresh: 5', '5'],
    };
    endpoint.onRequest = (message, socket) =>
      answer('', [fields[message.start.split(' ')[1]!]![0]], '302 Found')(message, socket);
    for (const [path, [sent, received]] of Object.entries(fields)) {
      const response = await request(get(path));
      assert.deepEqual([path, valuesOf(response, sent.split(':')[0]!)], [path, [received]]);
    }
  });

  it('means the scheme of the client where TLS ends at a trusted proxy before this one', async () => {
    const { request } = await rig.start({
      endpoints: [answer('', ['Location: http://a.example/x'], '302 Found')],
      proxy: { rewriteLocation: true, trustedProxies: ['127.0.0.1'] },
    });
    const response = await request(get('/', 'X-Forwarded-Proto: https'));
    assert.deepEqual(valuesOf(response, 'location'), ['/x']);
  });

  it('asks a function, which cannot split the head', async () => {
    const { request } = await rig.start({
      endpoints: [answer('', ['Location: http://b.example/x'], '302 Found')],
      proxy: {
        rewriteLocation: (location: string, endpoint, req: IncomingMessage) =>
          req.url === '/split' ? 'a\r\nb: c' : `${location}?at=${endpoint.origin.length > 0}`,
      },
    });
    assert.deepEqual(valuesOf(await request(get()), 'location'), ['http://b.example/x?at=true']);
    assert.equal((await request(get('/split'))).status, 500);
  });

  it('survives a long hostile Refresh', async () => {
    const { request } = await rig.start({
      endpoints: [answer('', [`Refresh: 5;url=${' '.repeat(12_000)}x${' '.repeat(1_000)}y`])],
      proxy: { rewriteLocation: true },
    });
    assert.equal((await request(get())).status, 200);
  });
});

describe('rewriteCookies', () => {
  afterEach(() => rig.end());

  async function rewritten(rewriteCookies: object, ...cookies: string[]): Promise<string[]> {
    const { request } = await rig.start({
      endpoints: [
        answer(
          '',
          cookies.map((cookie) => `Set-Cookie: ${cookie}`),
        ),
      ],
      proxy: { rewriteCookies },
    });
    return valuesOf(await request(get()), 'set-cookie');
  }

  it('changes the attributes that are there, and nothing else', async () => {
    assert.deepEqual(
      await rewritten(
        { domain: 'new.example', path: '/new' },
        'a="domain=x; y";Domain=old.example;  HttpOnly; path=/old ;x=1',
        'b=1',
      ),
      ['a="domain=x; y"; Domain=new.example;  HttpOnly; Path=/new;x=1', 'b=1'],
    );
  });

  it('takes them off, or maps them one by one', async () => {
    assert.deepEqual(await rewritten({ domain: '', path: '' }, 'a=1; Domain=x.example; Path=/; Secure'), [
      'a=1; Secure',
    ]);
    assert.deepEqual(
      await rewritten(
        { domain: { 'Keep.example': 'keep.example', 'old.example': 'new.example', '*': '' }, path: { '/a': '/b' } },
        'a=1; Domain=.keep.EXAMPLE; Path=/a',
        'b=1; Domain=old.example; Path=/c',
        'c=1; Domain=other.example',
      ),
      ['a=1; Domain=keep.example; Path=/b', 'b=1; Domain=new.example; Path=/c', 'c=1'],
    );
  });

  it('adds and removes Secure, but never what the name of a cookie promises', async () => {
    const cookies = ['a=1; Secure; HttpOnly', 'b=1', '__Secure-c=1; Secure', '__Host-d=1; Secure; Path=/'];
    assert.deepEqual(await rewritten({ secure: false, path: '/x' }, ...cookies), [
      'a=1; HttpOnly',
      'b=1',
      '__Secure-c=1; Secure',
      '__Host-d=1; Secure; Path=/',
    ]);
    assert.deepEqual(await rewritten({ secure: true }, 'a=1; Secure', 'b=1'), ['a=1; Secure', 'b=1; Secure']);
  });

  it('leaves the cookie that keeps a session on its endpoint whole', async () => {
    const { request, cluster } = await rig.start({
      endpoints: [answer('', ['Set-Cookie: JSESSIONID=abc; Path=/app; Domain=in.example'])],
      proxy: { sticky: true, rewriteCookies: { path: '/', domain: '' } },
    });
    const { route } = cluster.endpoints[0]!;
    assert.deepEqual(valuesOf(await request(requestOf('GET', '/')), 'set-cookie'), [`JSESSIONID=abc.${route}; Path=/`]);
  });
});

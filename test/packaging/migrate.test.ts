/**
 * The programs of docs/migrate.md that are meant for this library are run as they stand there, but for their addresses.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { get, requestOf } from '../conformance/adapter-rig.ts';
import { answer, rawRequest, rawServer, valuesOf } from '../conformance/wire.ts';
import type { RawMessage, RawServer } from '../conformance/wire.ts';
import { ROOT } from './workspace.ts';

const markdown = readFileSync(join(ROOT, 'docs', 'migrate.md'), 'utf8');
const PROGRAMS = markdown.split(/^## /m).flatMap((section) => {
  const title = section.slice(0, section.indexOf('\n'));
  return Array.from(section.matchAll(/^```js after\n([^]*?)^```$/gm), ([, code]) => ({ title, code: code! }));
});

/** Every option that the other packages document or declare. */
const OPTIONS: Readonly<Record<string, string>> = {
  'http-proxy-middleware 4':
    'pathFilter pathRewrite router plugins ejectPlugins logger on.error on.proxyReq on.proxyReqWs on.proxyRes on.open on.close on.start ' +
    'on.end on.econnreset target forward agent http2 ssl ws xfwd secure toProxy prependPath ignorePath localAddress changeOrigin ' +
    'preserveHeaderKeyCase auth hostRewrite autoRewrite protocolRewrite cookieDomainRewrite cookiePathRewrite headers proxyTimeout ' +
    'upgradeTimeout timeout followRedirects selfHandleResponse buffer fixRequestBody definePlugin',
  '@fastify/http-proxy 11':
    'upstream prefix rewritePrefix preHandler beforeHandler handler proxyPayloads preValidation config internalRewriteLocationHeader ' +
    'httpMethods routes constraints preRewrite websocket wsUpstream wsServerOptions wsClientOptions wsReconnect wsHooks base undici http ' +
    'http2 disableRequestLogging cacheURLs disableCache contentTypesToEncode retryMethods globalAgent destroyAgent maxRetriesOn503 ' +
    'retryDelay replyOptions.onResponse replyOptions.onError replyOptions.rewriteHeaders replyOptions.rewriteRequestHeaders ' +
    'replyOptions.getUpstream queryString body method retriesCount contentType timeout reply.fromParameters',
  'express-http-proxy 2':
    'proxyReqPathResolver forwardPath forwardPathAsync filter userResDecorator intercept limit memoizeHost userResHeaderDecorator ' +
    'decorateRequest skipToNextHandlerFilter proxyErrorHandler proxyReqOptDecorator proxyReqBodyDecorator https preserveHostHdr ' +
    'parseReqBody reqAsBuffer reqBodyEncoding timeout',
  'koa-proxies 0.12': 'target changeOrigin logs agent headers rewrite events.error events.proxyReq events.proxyRes',
};

/** Runs a program in front of the endpoint until `use` is done with its port. */
async function running(code: string, endpoint: RawServer, use: (port: number) => Promise<void>): Promise<void> {
  const program = code
    .replace('http://10.0.0.1:3000', endpoint.url)
    .replace('listen(8080)', "listen(0, '127.0.0.1', function () { process.send(this.address().port); })");
  const args = ['--conditions=source', '--disable-warning=ExperimentalWarning', '--input-type=module', '-e', program];
  const child = spawn(process.execPath, args, {
    cwd: join(ROOT, 'test'),
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit');
  try {
    const [port] = (await Promise.race([
      once(child, 'message'),
      ended.then(() => assert.fail('the program has ended')),
    ])) as [number];
    await use(port);
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
}

/** What each program makes of requests, by its heading. */
const CHECKS: Readonly<
  Record<string, (ask: (bytes: string) => Promise<RawMessage>, endpoint: RawServer) => Promise<void>>
> = {
  'http-proxy-middleware 4': async (ask, endpoint) => {
    assert.equal((await ask(get('/api/old/x?y'))).body, 'Hello');
    const [seen] = endpoint.requests as [RawMessage];
    assert.equal(seen.start, 'GET /new/x?y HTTP/1.1');
    assert.deepEqual(valuesOf(seen, 'x-added'), ['yes']);
    assert.deepEqual(valuesOf(seen, 'host'), [`127.0.0.1:${endpoint.port}`]);
    assert.equal((await ask(get('/other'))).status, 404);
  },
  '@fastify/http-proxy 11': async (ask, endpoint) => {
    assert.deepEqual(valuesOf(await ask(get('/api/x?y')), 'location'), ['/api/login']);
    assert.equal(endpoint.requests[0]!.start, 'GET /v2/x?y HTTP/1.1');
    assert.equal((await ask(get('/apis'))).status, 404);
  },
  'express-http-proxy 2': async (ask, endpoint) => {
    assert.equal((await ask(get('/proxy/x'))).body, 'Goodbye');
    assert.equal(endpoint.requests[0]!.start, 'GET /x HTTP/1.1');
    assert.equal((await ask(requestOf('POST', '/proxy/x', 'Content-Length: 0'))).status, 404);
  },
  'koa-proxies 0.12': async (ask, endpoint) => {
    assert.equal((await ask(get('/octocat/x'))).body, 'Hello');
    assert.equal(endpoint.requests[0]!.start, 'GET /cats/x HTTP/1.1');
    assert.equal((await ask(get('/other'))).status, 404);
  },
  'Bodies that a parser has read': async (ask, endpoint) => {
    await ask(`${requestOf('POST', '/', 'Content-Type: application/json', 'Content-Length: 10')}{ "a": 1 }`);
    assert.equal(endpoint.requests[0]!.body, '{"a":1}');
  },
};

describe('docs/migrate.md', function () {
  this.timeout(60_000);

  it('has a program under each heading that promises one', () => {
    assert.deepEqual(
      PROGRAMS.map(({ title }) => title),
      Object.keys(CHECKS),
    );
  });

  for (const { title, code } of PROGRAMS) {
    it(`has a program that works under "${title}"`, async () => {
      const endpoint = await rawServer(answer('Hello', ['Location: /v2/login']));
      try {
        await running(code, endpoint, (port) => CHECKS[title]!((bytes) => rawRequest(port, bytes), endpoint));
      } finally {
        await endpoint.close();
      }
    });
  }

  for (const [title, names] of Object.entries(OPTIONS)) {
    it(`has a row for every option of ${title}`, () => {
      const start = markdown.indexOf(`\n## ${title}`);
      assert.ok(start > 0);
      const section = markdown.slice(start, markdown.indexOf('\n## ', start + 1));
      const left = Array.from(section.matchAll(/^\| (?<cell>[^|]+) \|/gm), ({ groups }) => groups!['cell']!).join(' ');
      assert.deepEqual(
        names.split(' ').filter((name) => !left.includes(`\`${name}\``) && !left.includes(`\`${name}()\``)),
        [],
      );
    });
  }
});

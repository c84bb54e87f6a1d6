/**
 * The fuzzers find what they are there to find: proxies with the defects that public advisories describe.
 */
import assert from 'node:assert/strict';
import http from 'node:http';
import type { IncomingMessage } from 'node:http';
import net from 'node:net';
import type { Cluster } from '@evenkeel/core';
import { listen } from '../conformance/adapter-rig.ts';
import type { MakeServer } from '../conformance/adapter.ts';
import { fuzz } from './fuzz.ts';
import { requestFuzzer } from './request-fuzz.ts';
import { responseFuzzer } from './response-fuzz.ts';

const RUN = { runs: 400, seed: 7, lanes: 2, shrinkMs: 0 };

/** A proxy that passes on bytes and knows no better. @param headOf what it says to the endpoint */
function naive(headOf: (req: IncomingMessage, body: Buffer) => string): MakeServer {
  return (cluster: Cluster) => {
    const { port } = new URL(cluster.endpoints[0]!.origin);
    const server = http.createServer((req, res) => {
      const chunks: Buffer[] = [];
      req.on('error', () => undefined);
      req.on('data', (chunk: Buffer) => chunks.push(chunk));
      req.on('end', () => {
        const body = Buffer.concat(chunks);
        const upstream = net.connect(Number(port), '127.0.0.1');
        upstream.on('error', () => req.socket.destroy());
        upstream.write(headOf(req, body) + body.toString('latin1'), 'latin1');
        res.on('close', () => upstream.destroy());
        // The endpoint's bytes as they are.
        upstream.on('data', (chunk) => req.socket.write(chunk));
        upstream.on('end', () => req.socket.destroy());
      });
    });
    return listen(server);
  };
}

function head(req: IncomingMessage, ...framing: string[]): string {
  const forwarded = ['X-Forwarded-For: 127.0.0.1', 'Forwarded: for=127.0.0.1'];
  return [`${req.method} ${req.url} HTTP/1.1`, 'Host: a.example', ...forwarded, ...framing, '', ''].join('\r\n');
}

describe('the request fuzzer', () => {
  it('finds a proxy that forgets the body of a chunked request (CVE-2026-29057)', async () => {
    const makeServer = naive((req, body) => {
      return head(req, `Content-Length: ${req.headers['transfer-encoding'] === undefined ? body.length : 0}`);
    });
    await assert.rejects(fuzz(requestFuzzer({ makeServer }), RUN), /the endpoint got request line|the endpoint hears/);
  }).timeout(60_000);

  it('finds a proxy that frames a body twice', async () => {
    const makeServer = naive((req, body) => head(req, `Content-Length: ${body.length}`, 'Transfer-Encoding: chunked'));
    await assert.rejects(fuzz(requestFuzzer({ makeServer }), RUN), /framed by/);
  }).timeout(60_000);
});

describe('the response fuzzer', () => {
  it('finds a proxy that passes on what an endpoint says as it is', async () => {
    const makeServer = naive((req, body) => head(req, `Content-Length: ${body.length}`));
    await assert.rejects(fuzz(responseFuzzer({ makeServer }), RUN), /the client gets|the next request gets|hangs/);
  }).timeout(60_000);
});

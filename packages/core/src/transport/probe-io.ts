/**
 * The network as probes use it: one connection per probe, so that a probe also tells whether new connections come about.
 */
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import type { Endpoint } from '../endpoint.ts';
import type { ProbeIo, ProbeRequest, ProbeResponse } from '../health/probe.ts';
import { addressOf } from './address.ts';
import type { TlsOptions } from './tls.ts';

export function probeIo(tls: TlsOptions | undefined): ProbeIo {
  return {
    connect: (endpoint, timeoutMs) => connect(endpoint, timeoutMs),
    request: (endpoint, request, timeoutMs) => ask(endpoint, request, timeoutMs, tls),
  };
}

function connect(endpoint: Endpoint, timeoutMs: number): Promise<void> {
  const { host, port } = addressOf(endpoint);
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const socket = net.connect({ host, port, signal });
    socket.once('error', (error) => reject(signal.aborted ? new Error(`no connection within ${timeoutMs} ms`) : error));
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
  });
}

function ask(
  endpoint: Endpoint,
  { method, path, host: hostField, maxBodyBytes }: ProbeRequest,
  timeoutMs: number,
  tls: TlsOptions | undefined,
): Promise<ProbeResponse> {
  const { host, port, isTls } = addressOf(endpoint);
  const client = isTls ? https : http;
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const headers = hostField === undefined ? {} : { host: hostField };
    const outgoing = client.request({ ...tls, host, port, method, path, headers, agent: false, signal }, (response) => {
      const chunks: Buffer[] = [];
      let length = 0;
      function finish(): void {
        const body = Buffer.concat(chunks).subarray(0, maxBodyBytes).toString('utf8');
        resolve({ status: response.statusCode ?? 0, body });
        outgoing.destroy();
      }
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        length += chunk.length;
        if (length >= maxBodyBytes) finish();
      });
      response.on('end', finish);
      response.on('error', reject);
    });
    outgoing.on('error', (error) => reject(signal.aborted ? new Error(`no answer within ${timeoutMs} ms`) : error));
    // Such as a 101 that nobody asked for, after which Node destroys the connection and says no more.
    outgoing.on('close', () => reject(new Error('the connection ended without an answer')));
    outgoing.end();
  });
}

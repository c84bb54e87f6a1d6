/**
 * Who takes part. Each is set up as its own documentation says it is fastest; ours with everything on that is on by default.
 */
import type { Usage } from './usage.ts';
import type { Protocol } from './scenarios.ts';

/** A file in `candidates/`. */
export interface CandidateModule {
  /** @returns the port that it serves on */
  start(origins: readonly string[], protocol: Protocol): Promise<number>;
  /** Where the work is done by other processes than this one. */
  usage?(): Usage | undefined;
}

/** One line of the table. */
export interface Candidate {
  readonly name: string;
  /** What it answers without an error, in this set-up and behind these endpoints. */
  readonly protocols: readonly Protocol[];
  readonly endpoints: 'all' | 'one';
  /** What becomes of the header fields; the README says what is meant. */
  readonly fields: 'copied' | 'its own rules' | 'by the rules';
  /** A program that has to be on the machine. */
  readonly binary?: string;
  /** Whose versions to print. */
  readonly packages: readonly string[];
  readonly load: () => Promise<CandidateModule>;
}

export const BASELINE = 'undici-dispatch';

const HTTP1: readonly Protocol[] = ['http/1.1'];
const UPGRADES: readonly Protocol[] = ['http/1.1', 'websocket'];
const HTTP2: readonly Protocol[] = ['http/1.1', 'http/2'];
const ALL: readonly Protocol[] = ['http/1.1', 'websocket', 'http/2'];

type Given = Omit<Candidate, 'name' | 'endpoints' | 'fields'>;

/** By hand. */
function plain(name: string, given: Given): Candidate {
  return { name, endpoints: 'all', fields: 'copied', ...given };
}

function peer(name: string, endpoints: Candidate['endpoints'], given: Given): Candidate {
  return { name, endpoints, fields: 'its own rules', ...given };
}

function ours(name: string, given: Given): Candidate {
  return { name, endpoints: 'all', fields: 'by the rules', ...given };
}

export const CANDIDATES: readonly Candidate[] = [
  plain(BASELINE, { protocols: ALL, packages: ['undici'], load: () => import('./candidates/undici-dispatch.ts') }),
  plain('express + undici-dispatch', {
    protocols: HTTP1,
    packages: ['express'],
    load: () => import('./candidates/express-undici-dispatch.ts'),
  }),
  plain('koa + undici-dispatch', {
    protocols: HTTP2,
    packages: ['koa'],
    load: () => import('./candidates/koa-undici-dispatch.ts'),
  }),
  peer('nginx', 'all', {
    protocols: ALL,
    binary: 'nginx',
    packages: [],
    load: () => import('./candidates/nginx.ts'),
  }),
  peer('HAProxy', 'all', {
    protocols: ALL,
    binary: 'haproxy',
    packages: [],
    load: () => import('./candidates/haproxy.ts'),
  }),
  peer('fast-proxy', 'one', {
    protocols: HTTP2,
    packages: ['fast-proxy'],
    load: () => import('./candidates/fast-proxy.ts'),
  }),
  peer('httpxy', 'one', { protocols: UPGRADES, packages: ['httpxy'], load: () => import('./candidates/httpxy.ts') }),
  peer('http-proxy-3', 'one', {
    protocols: ALL,
    packages: ['http-proxy-3'],
    load: () => import('./candidates/http-proxy-3.ts'),
  }),
  peer('@fastify/http-proxy', 'one', {
    protocols: ALL,
    packages: ['fastify', '@fastify/http-proxy'],
    load: () => import('./candidates/fastify-http-proxy.ts'),
  }),
  peer('express + http-proxy-middleware', 'one', {
    protocols: UPGRADES,
    packages: ['http-proxy-middleware'],
    load: () => import('./candidates/http-proxy-middleware.ts'),
  }),
  peer('express-http-proxy', 'one', {
    protocols: HTTP1,
    packages: ['express-http-proxy'],
    load: () => import('./candidates/express-http-proxy.ts'),
  }),
  peer('koa-proxies', 'one', {
    protocols: HTTP1,
    packages: ['koa-proxies'],
    load: () => import('./candidates/koa-proxies.ts'),
  }),
  peer('koa-better-http-proxy', 'one', {
    protocols: HTTP1,
    packages: ['koa-better-http-proxy'],
    load: () => import('./candidates/koa-better-http-proxy.ts'),
  }),
  ours('@evenkeel/proxy', {
    protocols: ALL,
    packages: ['@evenkeel/proxy'],
    load: () => import('./candidates/evenkeel-proxy.ts'),
  }),
  ours('@evenkeel/proxy sticky', {
    protocols: HTTP1,
    packages: [],
    load: () => import('./candidates/evenkeel-proxy-sticky.ts'),
  }),
  ours('@evenkeel/express', {
    protocols: UPGRADES,
    packages: [],
    load: () => import('./candidates/evenkeel-express.ts'),
  }),
  ours('@evenkeel/express attached', {
    protocols: UPGRADES,
    packages: [],
    load: () => import('./candidates/evenkeel-attach.ts'),
  }),
  ours('@evenkeel/koa', {
    protocols: ALL,
    packages: [],
    load: () => import('./candidates/evenkeel-koa.ts'),
  }),
];

/**
 * Who takes part. Each is set up as its own documentation says it is fastest; ours with everything on that is on by default.
 */

/** A file in `candidates/`. */
export interface CandidateModule {
  /** @returns the port that it serves on */
  start(origins: readonly string[]): Promise<number>;
}

/** One line of the table. */
export interface Candidate {
  readonly name: string;
  readonly endpoints: 'all' | 'one';
  /** What becomes of the header fields; the README says what is meant. */
  readonly fields: 'copied' | 'its own rules' | 'by the rules';
  readonly load: () => Promise<CandidateModule>;
}

export const BASELINE = 'undici-dispatch';

export const CANDIDATES: readonly Candidate[] = [
  { name: BASELINE, endpoints: 'all', fields: 'copied', load: () => import('./candidates/undici-dispatch.ts') },
  {
    name: 'express + undici-dispatch',
    endpoints: 'all',
    fields: 'copied',
    load: () => import('./candidates/express-undici-dispatch.ts'),
  },
  {
    name: 'koa + undici-dispatch',
    endpoints: 'all',
    fields: 'copied',
    load: () => import('./candidates/koa-undici-dispatch.ts'),
  },
  {
    name: 'express + http-proxy-middleware',
    endpoints: 'one',
    fields: 'its own rules',
    load: () => import('./candidates/http-proxy-middleware.ts'),
  },
  {
    name: '@fastify/http-proxy',
    endpoints: 'one',
    fields: 'its own rules',
    load: () => import('./candidates/fastify-http-proxy.ts'),
  },
  {
    name: '@evenkeel/proxy',
    endpoints: 'all',
    fields: 'by the rules',
    load: () => import('./candidates/evenkeel-proxy.ts'),
  },
  {
    name: '@evenkeel/proxy sticky',
    endpoints: 'all',
    fields: 'by the rules',
    load: () => import('./candidates/evenkeel-proxy-sticky.ts'),
  },
  {
    name: '@evenkeel/express',
    endpoints: 'all',
    fields: 'by the rules',
    load: () => import('./candidates/evenkeel-express.ts'),
  },
  {
    name: '@evenkeel/koa',
    endpoints: 'all',
    fields: 'by the rules',
    load: () => import('./candidates/evenkeel-koa.ts'),
  },
];

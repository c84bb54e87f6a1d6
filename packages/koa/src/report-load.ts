/**
 * `app.use(reportLoad())`: every response says how busy this server is, for `prequal()` and other balancers that listen.
 */
import type { Context, Middleware, Next } from 'koa';
import { loadReporter } from '@evenkeel/core';
import type { LoadReporterOptions } from '@evenkeel/core';

/** What is measured, and who is told. `isTrusted` is asked with Koa's context, so `ctx.ip` is there. */
export type ReportLoadOptions = LoadReporterOptions<Context>;

/**
 * Stamps every response with `endpoint-load-metrics`, error pages, streams and those that Koa does not write included, and counts
 * requests in flight until their response is over. Use it first: what answers before it is neither counted nor stamped.
 * @throws INVALID_OPTIONS
 */
export function reportLoad(options?: ReportLoadOptions): Middleware {
  const report = loadReporter(options, 'reportLoad');
  return function reportLoadMiddleware(ctx: Context, next: Next): Promise<unknown> {
    report(ctx, ctx.res);
    return next();
  };
}

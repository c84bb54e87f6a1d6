/**
 * `app.use(reportLoad())`: every response says how busy this server is, for `prequal()` and other balancers that listen.
 */
import type { Request, RequestHandler } from 'express';
import { loadReporter } from '@evenkeel/core';
import type { LoadReporterOptions } from '@evenkeel/core';

/** What is measured, and who is told. `isTrusted` is asked with Express' request, so `req.ip` is there. */
export type ReportLoadOptions = LoadReporterOptions<Request>;

/**
 * Stamps every response with `endpoint-load-metrics`, error pages and streams included, and counts requests in flight until their
 * response is over. Mount it first: what answers before it is neither counted nor stamped.
 * @throws INVALID_OPTIONS
 */
export function reportLoad(options?: ReportLoadOptions): RequestHandler {
  const report = loadReporter(options, 'reportLoad');
  return function reportLoadMiddleware(req, res, next): void {
    report(req, res);
    next();
  };
}

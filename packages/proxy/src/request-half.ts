/**
 * The way of a request to the cluster, over the one object that the request is: its head, what it hangs on, its body. Everything happens
 * at once unless a function of the application gives a promise; the body waits in its connection meanwhile.
 */
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import type { Cluster } from '@evenkeel/core';
import type { Affinity, Stickiness } from './affinity/affinity.ts';
import { assertUnread, bodyPlan, bodyTooLarge, holdBody, isConsumed } from './body-plan.ts';
import type { BodyFacts, BodyHolder } from './body-plan.ts';
import { removeNamed } from './field-kinds.ts';
import { narrowAcceptEncoding } from './hooks/decode.ts';
import { headOfRequest, setField } from './hooks/head.ts';
import type { BodyMaker } from './hooks/hook-options.ts';
import { bytesOf } from './hooks/intercept.ts';
import type { RequestHooks } from './hooks/request-hooks.ts';
import { rewrittenPath } from './hooks/rewrite-path.ts';
import { assertCluster } from './hooks/router.ts';
import { requestFields } from './http2-request.ts';
import type { InboundHost } from './inbound-host.ts';
import { hashOfKey } from './keys.ts';
import { requestHead } from './request-head.ts';
import type { RequestHeadFacts } from './request-head.ts';
import { requestTarget } from './request-target.ts';

/** A request before it is sent. */
export interface PendingRequest extends RequestHeadFacts, BodyFacts, BodyHolder, Stickiness {
  readonly shared: InboundHost;
  readonly req: IncomingMessage;
  readonly method: string;
  /** Nobody waits for an answer any more. */
  readonly isOver: boolean;
  cluster: Cluster;
  affinity: Affinity | undefined;
  headers: string[];
  contentLength: number;
  isChunked: boolean;
  trailer: string | undefined;
  body: Buffer | Readable | null;
  send(): void;
  stream(first: Buffer[] | undefined): void;
  refuse(error: unknown): void;
}

/** @throws a BalancerError, or what a function of the application throws; before anything was sent */
export function startRequest(request: PendingRequest, target: string): void {
  const { shared, req } = request;
  request.headers = requestHead(requestFields(req, request), shared.headPolicy, request);
  request.path = requestTarget(target, request.method, request.host);
  if (shared.requestHooks !== undefined) return route(request, shared.requestHooks);
  attach(request);
  sendWithBody(request);
}

/** Finds out what the request hangs on. */
function attach(request: PendingRequest): void {
  const { shared, req } = request;
  const { key } = shared.options;
  request.affinity?.readRequest(request.headers, request.cookieAt, request, req);
  // A session that has a place keeps its key, so that all who lose that place find the same one next.
  if (key !== undefined && request.preferred === undefined) request.key = hashOfKey(key, req, request) || request.key;
}

function sendWithBody(request: PendingRequest): void {
  const { req } = request;
  const { body, maxHeldBytes, maxBodyBytes } = request.shared.options;
  const plan = bodyPlan(request, maxHeldBytes, maxBodyBytes);
  if (plan === 'none') return request.send();
  if (body !== undefined && isConsumed(req)) return sendAnew(request, body);
  assertUnread(req);
  if (plan === 'hold') holdBody(req, maxHeldBytes, request);
  else request.stream(undefined);
}

/** What told about the bytes that a parser has read, decoded and thrown away. */
const OF_OLD_BODY: ReadonlySet<string> = new Set([
  'content-length',
  'content-encoding',
  'content-md5',
  'digest',
  'content-digest',
  'repr-digest',
  'trailer',
]);

function sendAnew(request: PendingRequest, make: BodyMaker): void {
  const made = make(request.req);
  if (made === undefined) return assertUnread(request.req);
  const body = bytesOf(made, 'body');
  if (body.length > request.shared.options.maxBodyBytes) throw bodyTooLarge();
  removeNamed(request.headers, OF_OLD_BODY);
  request.headers.push('Content-Length', String(body.length));
  request.body = body.length === 0 ? null : body;
  request.send();
}

/** Goes on with a value, at once or when it is there. */
function withValue<T>(request: PendingRequest, value: T | PromiseLike<T>, goOn: (value: T) => void): void {
  if (!isPromiseLike(value)) return goOn(value);
  Promise.resolve(value)
    .then((known) => (request.isOver ? undefined : goOn(known)))
    .catch((error: unknown) => request.refuse(error));
}

function isPromiseLike<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

function route(request: PendingRequest, hooks: RequestHooks): void {
  if (hooks.route === undefined) return rewrite(request, hooks);
  withValue(request, hooks.route(request.req, request.host, request.path), (chosen) => {
    if (chosen !== undefined) {
      assertCluster(chosen);
      request.cluster = chosen;
      request.affinity = request.shared.affinityOf(chosen);
    }
    rewrite(request, hooks);
  });
}

function rewrite(request: PendingRequest, hooks: RequestHooks): void {
  // `OPTIONS *` is about the server and has no path.
  if (hooks.rewrite === undefined || request.path === '*') return finish(request, hooks);
  withValue(request, hooks.rewrite(request.path, request.req), (rewritten) => {
    request.path = rewrittenPath(request.path, rewritten);
    finish(request, hooks);
  });
}

function finish(request: PendingRequest, hooks: RequestHooks): void {
  attach(request);
  const { headers } = request;
  for (const [name, value] of hooks.headers) setField(headers, name, typeof value === 'string' ? [value] : value);
  if (hooks.isRead) {
    setField(headers, 'Range', []);
    setField(headers, 'If-Range', []);
    narrowAcceptEncoding(headers);
  }
  if (hooks.onRequest === undefined) return sendWithBody(request);
  const head = headOfRequest(headers, request.method, request.path);
  withValue(request, hooks.onRequest(head, request.req), () => {
    head.seal();
    sendWithBody(request);
  });
}

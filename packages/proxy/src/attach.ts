/**
 * A proxy in front of whatever else a server does: matching requests are taken before a framework touches them, which saves what the
 * framework costs, and with them the upgrades, which frameworks never see.
 */
import type { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { Duplex } from 'node:stream';
import { BalancerError } from '@evenkeel/core';
import { functionOf, resolveOptions, v } from '@evenkeel/core/options';
import { answerError } from './error-answer.ts';
import { isBelow, pathOf } from './paths.ts';
import { answerOrdinarily } from './upgrade-ordinary.ts';
import { responseOn, whenFree } from './upgrade-response.ts';

/** Which requests the proxy takes; all of them by default. */
export interface AttachOptions {
  /** Only targets at or below this path, such as `/api`: compared byte for byte with what the client sent. @default all */
  readonly path?: string;
  /** Only requests for which this is true, of those that match `path`. @default all */
  readonly filter?: (req: IncomingMessage) => boolean;
}

/** What takes the requests: a proxy. */
export interface Attached {
  web(req: IncomingMessage, res: ServerResponse): void;
  checkContinue(req: IncomingMessage, res: ServerResponse): void;
  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void;
  connect(req: IncomingMessage | Http2ServerRequest, socketOrRes: Duplex | Http2ServerResponse): void;
}

type AnyListener = (...args: unknown[]) => void;

const PATH = 'a path that starts with "/"';

const attachSchema = v.strictObject({
  path: v.optional(v.pipe(v.string(PATH), v.regex(/^\/[\x21-\x3e\x40-\x7e]*$/, PATH))),
  filter: v.optional(functionOf<(req: IncomingMessage) => boolean>()),
});

/** @returns undoes it. @throws INVALID_OPTIONS */
export function attach(proxy: Attached, server: EventEmitter, options: AttachOptions): () => void {
  const { path, filter } = resolveOptions('attach', attachSchema, options);
  const isOurs = matcherOf(path, filter);
  const undo = [
    takeOver(server, 'request', isOurs, (req: IncomingMessage, res: ServerResponse) => proxy.web(req, res), ignore),
    takeOver(
      server,
      'checkContinue',
      isOurs,
      (req: IncomingMessage, res: ServerResponse) => proxy.checkContinue(req, res),
      (req: IncomingMessage, res: ServerResponse) => {
        // What Node does as long as nobody listens.
        res.writeContinue();
        server.emit('request', req, res);
      },
    ),
    takeOver(
      server,
      'upgrade',
      isOurs,
      (req: IncomingMessage, socket: Duplex, head: Buffer) => proxy.upgrade(req, socket, head),
      (req: IncomingMessage, socket: Duplex, head: Buffer) => {
        whenFree(req, socket, (early) => answerOrdinarily(req, socket, [head, ...early], undefined));
      },
    ),
    takeOver(
      server,
      'connect',
      isOurs,
      (req: IncomingMessage, socketOrRes: Duplex) => proxy.connect(req, socketOrRes),
      (req: IncomingMessage, socketOrRes: Duplex) => proxy.connect(req, socketOrRes),
    ),
  ];
  return () => undo.forEach((detach) => detach());
}

/** @returns undefined for all requests */
function matcherOf(
  path: string | undefined,
  filter: ((req: IncomingMessage) => boolean) | undefined,
): ((req: IncomingMessage) => boolean) | undefined {
  const prefix = path?.replace(/\/+$/, '') ?? '';
  if (prefix === '') return filter;
  return (req) => isBelow(pathOf(req.url ?? ''), prefix) && (filter === undefined || filter(req));
}

/**
 * Puts `take` in the place of the listeners of an event; what is not ours goes to them, or to `leave` if there was none.
 * @returns undoes it. Whoever has taken over from us since keeps us, as one that passes everything on
 */
function takeOver<A extends [IncomingMessage, ...unknown[]]>(
  server: EventEmitter,
  event: string,
  isOurs: ((req: IncomingMessage) => boolean) | undefined,
  take: (...args: A) => void,
  leave: (...args: A) => void,
): () => void {
  const others = server.rawListeners(event) as AnyListener[];
  let isAttached = true;
  const listener = (...args: A): void => {
    let isTaken = isAttached;
    try {
      isTaken &&= isOurs === undefined || isOurs(args[0]);
    } catch (error) {
      return refuse(error, args[0], args[1] as ServerResponse | Duplex);
    }
    if (isTaken) take(...args);
    else if (others.length === 0) leave(...args);
    else for (const other of others) Reflect.apply(other, server, args);
  };
  for (const other of others) server.off(event, other);
  server.on(event, listener);
  return () => {
    isAttached = false;
    if (!server.listeners(event).includes(listener)) return;
    server.off(event, listener);
    for (const other of others) server.on(event, other);
  };
}

/** Neither the proxy nor the framework may have a request that nobody could say whose it is. */
function refuse(cause: unknown, req: IncomingMessage, to: ServerResponse | Duplex): void {
  const error = new BalancerError('INVALID_OPTIONS', 'attach: `filter` failed', { cause });
  if ('writeHead' in to) answerError(error, req, to, undefined);
  else whenFree(req, to, () => answerError(error, req, responseOn(req, req.socket), undefined));
}

function ignore(): void {}

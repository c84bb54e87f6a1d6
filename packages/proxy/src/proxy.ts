/**
 * A reverse proxy over a cluster for bare `node:http`; the Express and Koa packages are thin layers on it.
 */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { BalancerError, isBalancerError } from '@evenkeel/core';
import type { Cluster, ErrorCode } from '@evenkeel/core';
import { resolveOptions } from '@evenkeel/core/options';
import { cookieAffinity } from './affinity.ts';
import { answerError, rawErrorAnswer } from './error-answer.ts';
import { Inbound } from './inbound.ts';
import type { InboundHost } from './inbound.ts';
import { proxySchema } from './options.ts';
import type { ProxyOptions } from './options.ts';
import { peerBook, trustOf } from './peer.ts';

/** Passes requests on to a cluster. */
export interface Proxy {
  /**
   * Answers `req` with what an endpoint of the cluster says. Never throws: an error becomes a small answer, once.
   * @param next called instead with an error that only a change in the application can cure; without it that is answered with 500
   */
  web(req: IncomingMessage, res: ServerResponse, next?: (error: unknown) => void): void;
  /**
   * For the server's `checkContinue` event: then the endpoint decides whether it wants the body, and not Node. `attach` listens to it.
   */
  checkContinue(req: IncomingMessage, res: ServerResponse): void;
  /** For the server's `upgrade` event. Upgrades are not passed on yet: the answer is 501 and the end of the connection. */
  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Answers new requests with 503; resolves when those under way are over. The cluster stays open. */
  close(): Promise<void>;
}

/** What only a change in the application can cure. */
const MISTAKES: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['BODY_CONSUMED', 'INVALID_OPTIONS']);

/**
 * Creates a proxy: `http.createServer((req, res) => proxy.web(req, res))`.
 * @throws INVALID_OPTIONS
 */
export function createProxy(cluster: Cluster, options: ProxyOptions = {}): Proxy {
  return new RunningProxy(cluster, options);
}

class RunningProxy implements Proxy {
  private readonly shared: InboundHost;
  private active = 0;
  private isClosed = false;
  private whenIdle: (() => void)[] = [];

  constructor(cluster: Cluster, given: ProxyOptions) {
    const options = resolveOptions('createProxy', proxySchema, given);
    const { sticky, via, trustedProxies } = options;
    const trusted = trustOf(trustedProxies);
    this.shared = {
      cluster,
      options,
      headPolicy: { ...options, viaName: via ? `evenkeel-${randomBytes(6).toString('hex')}` : undefined },
      affinity: sticky && cookieAffinity(cluster, sticky),
      trusted,
      peerOf: peerBook(trusted),
      onClosed: () => this.onClosed(),
    };
  }

  web(req: IncomingMessage, res: ServerResponse, next?: (error: unknown) => void): void {
    this.pass(req, res, next, false);
  }

  checkContinue(req: IncomingMessage, res: ServerResponse): void {
    this.pass(req, res, undefined, true);
  }

  private pass(
    req: IncomingMessage,
    res: ServerResponse,
    next: ((error: unknown) => void) | undefined,
    isContinueExpected: boolean,
  ): void {
    // The client may have left while other middleware was busy.
    if (res.destroyed || res.writableEnded || req.socket.destroyed) return;
    const { options } = this.shared;
    if (this.isClosed) {
      answerError(new BalancerError('CLOSED', 'the proxy is closed'), req, res, options.onError);
      return;
    }
    this.active++;
    const inbound = new Inbound(this.shared, req, res, isContinueExpected);
    try {
      inbound.start(options.stripMountPath ? req.url! : originalUrlOf(req));
    } catch (error) {
      const isMistake = !isBalancerError(error) || MISTAKES.has(error.code);
      if (isMistake && next !== undefined) {
        inbound.yieldTo('the application handles the error');
        next(error);
      } else {
        inbound.fail(
          isBalancerError(error) ? error : new BalancerError('INVALID_OPTIONS', 'the proxy failed', { cause: error }),
        );
      }
    }
  }

  upgrade(_req: IncomingMessage, socket: Duplex, _head: Buffer): void {
    socket.on('error', ignore);
    if (socket.destroyed) return;
    const error = new BalancerError('NOT_SUPPORTED', 'the proxy does not pass upgrades on');
    socket.end(rawErrorAnswer(error), () => socket.destroy());
  }

  close(): Promise<void> {
    this.isClosed = true;
    if (this.active === 0) return Promise.resolve();
    return new Promise((resolve) => this.whenIdle.push(resolve));
  }

  private onClosed(): void {
    this.active--;
    if (this.active > 0) return;
    for (const resolve of this.whenIdle.splice(0)) resolve();
  }
}

/** Express and Koa keep the target as the client sent it; below a mount point `url` is only the rest of it. */
function originalUrlOf(req: IncomingMessage): string {
  return 'originalUrl' in req && typeof req.originalUrl === 'string' ? req.originalUrl : req.url!;
}

function ignore(): void {}

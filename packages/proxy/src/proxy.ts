/**
 * A reverse proxy over a cluster for bare `node:http`; the Express and Koa packages are thin layers on it.
 */
import { randomBytes } from 'node:crypto';
import type { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { Duplex } from 'node:stream';
import { BalancerError } from '@evenkeel/core';
import type { Cluster } from '@evenkeel/core';
import { durationMs, resolveOptions, v } from '@evenkeel/core/options';
import { affinityBook } from './affinity-book.ts';
import { attach } from './attach.ts';
import type { AttachOptions } from './attach.ts';
import { isGone } from './client-end.ts';
import { answerError } from './error-answer.ts';
import { isTaken, takesBy } from './hooks/filter.ts';
import type { Takes } from './hooks/filter.ts';
import { requestHooksOf } from './hooks/request-hooks.ts';
import { responseHooksOf } from './hooks/response-hooks.ts';
import { streamOf } from './http2-request.ts';
import type { InboundHost } from './inbound-host.ts';
import { Inbound } from './inbound.ts';
import type { Upgrader } from './inbound.ts';
import { proxySchema } from './options.ts';
import type { ProxyOptions } from './options.ts';
import { peerBook, trustOf } from './peer.ts';
import { RawUpgradeClient } from './upgrade-client.ts';
import type { UpgradeClient } from './upgrade-client.ts';
import { announcesBody, offeredProtocols } from './upgrade-offer.ts';
import { answerOrdinarily } from './upgrade-ordinary.ts';
import { responseOn, whenFree } from './upgrade-response.ts';
import { StreamUpgradeClient } from './upgrade-stream-client.ts';
import { Relays, UpgradeExchange } from './upgrade.ts';

/** Passes requests on to a cluster. Its functions need no `this`: `server.on('upgrade', proxy.upgrade)` will do. */
export interface Proxy {
  /**
   * Answers `req` with what an endpoint of the cluster says. Never throws: an error becomes a small answer, once.
   * @param next called without an argument for a request that `filter` does not take, which is 404 without it; and with an error that only
   * a change in the application can cure, which is 500 without it
   */
  web(req: IncomingMessage, res: ServerResponse, next?: (error?: unknown) => void): void;
  /**
   * For the server's `checkContinue` event: then the endpoint decides whether it wants the body, and not Node. `attach` listens to it.
   */
  checkContinue(req: IncomingMessage, res: ServerResponse): void;
  /**
   * For the server's `upgrade` event: WebSockets and other protocols. A request whose `Upgrade` is for nobody but this server (`h2c`), or
   * that brings a body, goes back to the server as one without that field.
   */
  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void;
  /**
   * For the server's `connect` event: WebSockets over HTTP/2 (RFC 8441), if the server has `settings: { enableConnectProtocol: true }`.
   * Tunnels to addresses of a client's choice are refused with 501.
   */
  connect(req: IncomingMessage | Http2ServerRequest, socketOrRes: Duplex | Http2ServerResponse): void;
  /**
   * Takes matching requests of a server before its other listeners, upgrades included. Call it when the framework listens already.
   * @returns undoes it
   * @throws INVALID_OPTIONS
   */
  attach(server: EventEmitter, options?: AttachOptions): () => void;
  /**
   * Answers new requests with 503; resolves when those under way are over. The cluster stays open.
   * @throws INVALID_OPTIONS
   */
  close(options?: ProxyCloseOptions): Promise<void>;
}

/** How to close a proxy. */
export interface ProxyCloseOptions {
  /** ms until upgraded connections, which may live for days, are ended, 0..2^31-1. Other requests have time-outs. @default 30_000 */
  readonly deadlineMs?: number;
}

const closeSchema = v.strictObject({ deadlineMs: v.optional(durationMs(0), 30_000) });

/**
 * Creates a proxy: `http.createServer((req, res) => proxy.web(req, res))`.
 * @throws INVALID_OPTIONS
 */
export function createProxy(cluster: Cluster, options: ProxyOptions = {}): Proxy {
  return new RunningProxy(cluster, options);
}

/** What is handed to `server.on` as it is. */
const UNBOUND = ['web', 'checkContinue', 'upgrade', 'connect', 'attach', 'close'] as const;

class RunningProxy implements Proxy {
  private readonly shared: InboundHost;
  private readonly takes: Takes | undefined;
  private readonly relays = new Relays();
  private active = 0;
  private isClosed = false;
  private whenIdle: (() => void)[] = [];

  constructor(cluster: Cluster, given: ProxyOptions) {
    for (const name of UNBOUND) Object.defineProperty(this, name, { value: this[name].bind(this) });
    const options = resolveOptions('createProxy', proxySchema, given);
    const { sticky, via, trustedProxies } = options;
    const trusted = trustOf(trustedProxies);
    this.takes = takesBy(options.filter);
    this.shared = {
      cluster,
      options,
      headPolicy: { ...options, viaName: via ? `evenkeel-${randomBytes(6).toString('hex')}` : undefined },
      affinity: sticky?.(cluster),
      affinityOf: affinityBook(sticky),
      requestHooks: requestHooksOf(options),
      responseHooks: responseHooksOf(options),
      trusted,
      peerOf: peerBook(trusted),
      onClosed: () => this.onClosed(),
    };
  }

  web(req: IncomingMessage, res: ServerResponse, next?: (error?: unknown) => void): void {
    this.pass(req, res, next, false);
  }

  checkContinue(req: IncomingMessage, res: ServerResponse): void {
    this.pass(req, res, undefined, true);
  }

  private pass(
    req: IncomingMessage,
    res: ServerResponse,
    next: ((error?: unknown) => void) | undefined,
    isContinueExpected: boolean,
    upgrader?: Upgrader,
  ): void {
    // The client may have left while other middleware was busy.
    if (isGone(req, res)) return;
    const { options } = this.shared;
    if (streamOf(req) === undefined && this.isUnheard(req)) return;
    const target = options.stripMountPath ? req.url! : originalUrlOf(req);
    if (this.takes !== undefined && !isTaken(this.takes, target, req, res, next)) return;
    if (this.isClosed) {
      answerError(new BalancerError('CLOSED', 'the proxy is closed'), req, res, options.onError);
      return;
    }
    this.active++;
    new Inbound(this.shared, req, res, isContinueExpected, upgrader).start(target, next);
  }

  /** True for a request of HTTP/1 that is none any more. */
  private isUnheard({ socket }: IncomingMessage): boolean {
    // RFC 9112 section 9.6: so is what Node has read behind a refused request.
    if (this.shared.peerOf(socket).isRefused) return true;
    // The system forgets the address of a client that has reset its connection; nobody acts without saying who they are.
    if (socket.remoteAddress !== undefined || socket.localPort === undefined) return false;
    socket.destroy();
    return true;
  }

  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void {
    whenFree(req, socket, (early) => {
      const said = [head, ...early];
      // HTTP/1.0 has no upgrades (RFC 9110 section 7.8).
      const protocols = req.httpVersion === '1.0' ? '' : offeredProtocols(req.rawHeaders);
      if (protocols === '' || announcesBody(req)) answerOrdinarily(req, socket, said, this.shared.options.onError);
      else this.passUpgrade(req, new RawUpgradeClient(req, socket, said, protocols));
    });
  }

  connect(req: IncomingMessage | Http2ServerRequest, socketOrRes: Duplex | Http2ServerResponse): void {
    // Node's compatibility layer is made so that one stands for the other.
    const request = req as IncomingMessage;
    if ('stream' in socketOrRes && request.headers[':protocol'] === 'websocket') {
      this.passUpgrade(request, new StreamUpgradeClient(req as Http2ServerRequest, socketOrRes));
      return;
    }
    const error = new BalancerError('NOT_SUPPORTED', 'the proxy is no way to other addresses');
    const answer = (res: ServerResponse): void => void answerError(error, request, res, this.shared.options.onError);
    if ('stream' in socketOrRes) answer(socketOrRes as unknown as ServerResponse);
    else whenFree(request, socketOrRes, () => answer(responseOn(request, socketOrRes)));
  }

  attach(server: EventEmitter, options: AttachOptions = {}): () => void {
    return attach(this, server, options);
  }

  close(options: ProxyCloseOptions = {}): Promise<void> {
    const { deadlineMs } = resolveOptions('close', closeSchema, options);
    this.isClosed = true;
    if (this.active === 0) return Promise.resolve();
    const timer = setTimeout(() => this.relays.cut(), deadlineMs).unref();
    return new Promise((resolve) => {
      this.whenIdle.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  private passUpgrade(req: IncomingMessage, client: UpgradeClient): void {
    this.pass(req, client.res, undefined, false, new UpgradeExchange(this.shared, this.relays, client));
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

// @evenkeel/proxy: dist/index.d.ts

// dist/affinity.d.ts
import type { Cluster, Endpoint } from '@evenkeel/core';
/** What one request hangs on. Filled in by `readRequest`, looked at by the cluster and by `writeResponse`. */
export interface Stickiness {
    key: number;
    preferred: string | undefined;
    /** Nothing but the endpoint of `preferred` will do. */
    isStrict: boolean;
    /** The session cookie's value without its route; undefined if the client sent none. */
    token: string | undefined;
}
/** What `writeResponse` has to know about the exchange. */
export interface StickyResponse extends Stickiness {
    /** The endpoint that the session sticks to is alive, and only this request went elsewhere. */
    readonly isDetour: boolean;
    readonly isSecure: boolean;
    readonly hasSetCookie: boolean;
    /** The endpoint or earlier middleware has set `Cache-Control`. */
    readonly hasCacheControl: boolean;
}
/** One way to make requests stick. A new mode is one more function that returns this. */
export interface Affinity {
    /** @param fields the head for the endpoint; cookies in it may be changed in place. @param cookieAt index of the first `Cookie` value, -1 if there is none */
    readRequest(fields: string[], cookieAt: number, stickiness: Stickiness): void;
    /** @param fields the head for the client; fields may be changed and added */
    writeResponse(fields: string[], response: StickyResponse, endpoint: Endpoint): void;
}
/** The cookie that mode `auto` reads and, where nobody else does, makes. */
export interface AffinityCookie {
    readonly name: string;
    readonly path: string;
    readonly domain: string | undefined;
    readonly sameSite: 'strict' | 'lax' | 'none';
    readonly httpOnly: boolean;
    readonly secure: boolean | 'auto';
    /** A request whose endpoint is gone fails with 503, instead of moving. */
    readonly isStrict: boolean;
}
/** What the affinity asks of its cluster. */
export type RouteTable = Pick<Cluster, 'endpointOfRoute' | 'endpoints'>;
export declare function cookieAffinity(cluster: RouteTable, cookie: AffinityCookie): Affinity;

// dist/error-answer.d.ts
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { BalancerError } from '@evenkeel/core';
/** What an operator may put in place of the answer. @returns true to have taken it over, now or later */
export type ErrorRenderer = (error: BalancerError, req: IncomingMessage, res: ServerResponse) => boolean | void;
/** The status, body and fields of the answer. Pure. */
export interface ErrorAnswer {
    readonly status: number;
    readonly contentType: string;
    readonly body: string;
}
/** @param accept the request's `Accept`; problem details (RFC 9457) unless it prefers text */
export declare function errorAnswer(error: BalancerError, accept: string | undefined): ErrorAnswer;
/** Sends the answer, if nothing has been sent yet. @returns false if it is too late for one */
export declare function answerError(error: BalancerError, req: IncomingMessage, res: ServerResponse, render: ErrorRenderer | undefined): boolean;
/** The same on a bare socket, where there is no response object. Ends the connection. */
export declare function rawErrorAnswer(error: BalancerError): string;

// dist/index.d.ts
export { createProxy } from './proxy.ts';
export type { Proxy } from './proxy.ts';
export { cookieKey, firstKey, headerKey, queryKey, sourceIp } from './keys.ts';
export type { RequestClient, RequestKey, SourceIpOptions } from './keys.ts';
export type { ErrorRenderer } from './error-answer.ts';
export type { ProxyOptions, StickyOptions } from './options.ts';

// dist/keys.d.ts
/**
 * What a request hangs on where there is no sticky cookie: the key that a hashing strategy places it by.
 *
 * Keys come from outside. None of these throws, whatever a client sends, and what is not there is no key: the request then goes
 * anywhere. Nothing here proves who a client is; a key only says what belongs together.
 */
import type { IncomingMessage } from 'node:http';
/** What the proxy knows about the client of a request. */
export interface RequestClient {
    /**
     * The address of the client itself: of the connection, or what `trustedProxies` say about it. IPv4 in dotted form; undefined on a
     * Unix socket.
     */
    readonly address: string | undefined;
}
/**
 * What a request hangs on; undefined or empty for nothing. Equal texts go together.
 * @throws whatever it throws is the application's mistake: `next(error)`, or a 500
 */
export type RequestKey = (request: IncomingMessage, client: RequestClient) => string | undefined;
/** Options of `sourceIp()`. */
export interface SourceIpOptions {
    /** Bits of an IPv4 address that count, 1..32; 24 keeps a neighbourhood together. @default 32 */
    readonly ipv4Prefix?: number;
    /** Bits of an IPv6 address that count, 1..128. A host changes the lower half of its address as it likes. @default 64 */
    readonly ipv6Prefix?: number;
    /** Whose word about clients behind them is taken, for this key alone. @default the proxy's `trustedProxies` */
    readonly trustedProxies?: readonly string[];
}
/**
 * The client's address or network. Clients behind one NAT share an address, and with it an endpoint: bound its load.
 * @throws INVALID_OPTIONS
 */
export declare function sourceIp(options?: SourceIpOptions): RequestKey;
/** The value of a request header field, the first one if there are several. @throws INVALID_OPTIONS */
export declare function headerKey(name: string): RequestKey;
/** The value of a cookie as it stands there, the first one that is not empty if there are several. @throws INVALID_OPTIONS */
export declare function cookieKey(name: string): RequestKey;
/** The value of a query parameter, decoded as far as it can be, the first one if there are several. @throws INVALID_OPTIONS */
export declare function queryKey(name: string): RequestKey;
/** The first of several keys that is there, such as a user's and else the client's address. @throws INVALID_OPTIONS */
export declare function firstKey(...keys: readonly RequestKey[]): RequestKey;
/**
 * The number that the cluster goes by; 0 for nothing.
 * @throws INVALID_OPTIONS if the application's function gives something else than a text, a promise for one
 */
export declare function hashOfKey(keyOf: RequestKey, request: IncomingMessage, client: RequestClient): number;

// dist/options.d.ts
import { v } from '@evenkeel/core/options';
import type { AffinityCookie } from './affinity.ts';
import type { ErrorRenderer } from './error-answer.ts';
import type { RequestKey } from './keys.ts';
/** How requests stick to endpoints. */
export interface StickyOptions {
    /** Whose cookie tells where a session lives; `auto`: whoever makes it, and the proxy if nobody does. @default 'auto' */
    readonly mode?: 'auto';
    /** The cookie's name. @default 'JSESSIONID' */
    readonly cookie?: string;
    /** Attributes of the cookies that the proxy makes itself; an endpoint's own keep theirs. @default '/' */
    readonly path?: string;
    /** @default none: the host that the client asked */
    readonly domain?: string;
    /** @default 'lax' */
    readonly sameSite?: 'strict' | 'lax' | 'none';
    /** @default true */
    readonly httpOnly?: boolean;
    /** `auto`: where the client's side is TLS. @default 'auto' */
    readonly secure?: boolean | 'auto';
    /** True answers 503 for a session whose endpoint is gone, instead of moving it. @default false */
    readonly strict?: boolean;
}
/** How the proxy treats what passes through it. Time-outs towards endpoints, retries and limits per endpoint are the cluster's. */
export interface ProxyOptions {
    /** True is short for `{}`. @default false */
    readonly sticky?: boolean | StickyOptions;
    /**
     * What a request hangs on, for a cluster with a hashing strategy: `sourceIp()`, `headerKey(name)`, `cookieKey(name)`,
     * `queryKey(name)`, the `firstKey(...)` of several that is there, or a function of your own. A sticky cookie comes first.
     * @default none
     */
    readonly key?: RequestKey;
    /** Addresses and networks (`10.0.0.0/8`, `::1`) whose `X-Forwarded-*` and `Forwarded` are believed and continued. @default none */
    readonly trustedProxies?: readonly string[];
    /** True sends each endpoint its own origin as `Host`; false the client's. @default false */
    readonly changeOrigin?: boolean;
    /** Adds `Via`, which is how a loop is noticed. Some servers do not compress for requests that carry it. @default true */
    readonly via?: boolean;
    /** True forwards the path as the framework left it below a mount point, false as the client sent it. @default false */
    readonly stripMountPath?: boolean;
    /** Bytes of a request body; a longer one is answered with 413. 1..2^53-1. @default none */
    readonly maxBodyBytes?: number;
    /** Bodies up to this many bytes are read whole first, so that they can be sent again. 0..1_048_576. @default 65_536 */
    readonly maxHeldBytes?: number;
    /** Bytes of a request's header fields, 1_024..1_048_576. Node's own limit (`maxHeaderSize`) comes first. @default 16_384 */
    readonly maxHeadBytes?: number;
    /** Header fields of a request, 10..2_000. @default 100 */
    readonly maxHeaderCount?: number;
    /** ms from the request to the response head, 1..2^31-1. @default the cluster's */
    readonly headTimeoutMs?: number;
    /** ms between two pieces of a response body, 1..2^31-1. @default the cluster's */
    readonly bodyTimeoutMs?: number;
    /** Puts an answer of your own in place of the small one that an error becomes. @default none */
    readonly onError?: ErrorRenderer;
}
/** The options with all defaults filled in. */
export interface ResolvedProxyOptions {
    readonly sticky: AffinityCookie | undefined;
    readonly key?: RequestKey | undefined;
    readonly trustedProxies: readonly string[];
    readonly changeOrigin: boolean;
    readonly via: boolean;
    readonly stripMountPath: boolean;
    readonly maxBodyBytes: number;
    readonly maxHeldBytes: number;
    readonly maxHeadBytes: number;
    readonly maxHeaderCount: number;
    readonly headTimeoutMs?: number | undefined;
    readonly bodyTimeoutMs?: number | undefined;
    readonly onError?: ErrorRenderer | undefined;
}
export declare const proxySchema: v.GenericSchema<unknown, ResolvedProxyOptions>;

// dist/proxy.d.ts
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Cluster } from '@evenkeel/core';
import type { ProxyOptions } from './options.ts';
/** Passes requests on to a cluster. */
export interface Proxy {
    /**
     * Answers `req` with what an endpoint of the cluster says. Never throws: an error becomes a small answer, once.
     * @param next called instead with an error that only a change in the application can cure; without it that is answered with 500
     */
    web(req: IncomingMessage, res: ServerResponse, next?: (error: unknown) => void): void;
    /** For the server's `upgrade` event. Upgrades are not passed on yet: the answer is 501 and the end of the connection. */
    upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void;
    /** Answers new requests with 503; resolves when those under way are over. The cluster stays open. */
    close(): Promise<void>;
}
/**
 * Creates a proxy: `http.createServer((req, res) => proxy.web(req, res))`.
 * @throws INVALID_OPTIONS
 */
export declare function createProxy(cluster: Cluster, options?: ProxyOptions): Proxy;

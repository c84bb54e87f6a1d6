// @evenkeel/proxy: dist/index.d.ts

// dist/affinity/affinity.d.ts
/**
 * Stickiness as the rest of the proxy sees it: what a request hangs on, and what its response tells the client about that. Each mode
 * is one file beside this that makes an `Affinity`.
 */
import type { IncomingMessage } from 'node:http';
import type { Cluster, Endpoint } from '@evenkeel/core';
import type { RequestClient } from '../keys.ts';
/** What one request hangs on. Filled in by `readRequest`, looked at by the cluster and by `writeResponse`. */
export interface Stickiness extends RequestClient {
    key: number;
    /** The route of the endpoint; `ROUTE_OF_KEY` for whoever the key belongs to; undefined for no matter whom. */
    preferred: string | undefined;
    /** Nothing but the endpoint of `preferred` will do. */
    isStrict: boolean;
    /** What the session is called, without its route: the cookie's value, or the client's network. Undefined if there is none yet. */
    token: string | undefined;
    /** `token` stood in the path and in no cookie. */
    isFromPath: boolean;
    /** Path and query for the endpoint. */
    path: string;
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
/** One way to make requests stick. */
export interface Affinity {
    /** How much more than its share of what is in flight an endpoint may have before requests that stick to it take a detour. */
    readonly maxLoadRatio: number;
    /**
     * @param fields the head for the endpoint; cookies in it may be changed, and whole `Cookie` fields removed, in place
     * @param cookieAt index of the first `Cookie` value, -1 if there is none
     * @param request as the client sent it
     */
    readRequest(fields: string[], cookieAt: number, stickiness: Stickiness, request: IncomingMessage): void;
    /** @param fields the head for the client; fields may be changed, added and removed */
    writeResponse(fields: string[], response: StickyResponse, endpoint: Endpoint): void;
}
/** What the affinity asks of its cluster. */
export type RouteTable = Pick<Cluster, 'endpointOfRoute' | 'endpoints'>;
/** A mode with its options, before it has a cluster. */
export type AffinityMode = (cluster: RouteTable) => Affinity;
/** What all modes have in common. */
export interface AffinityRules {
    /** A request whose endpoint is gone fails with 503, instead of moving. */
    readonly isStrict: boolean;
    readonly maxLoadRatio: number;
}

// dist/affinity/sticky-options.d.ts
import { v } from '@evenkeel/core/options';
import type { RequestKey } from '../keys.ts';
import type { AffinityMode } from './affinity.ts';
/** What all modes have in common. */
export interface StickyRuleOptions {
    /** True answers 503 for a session whose endpoint is gone, instead of moving it. @default false */
    readonly strict?: boolean;
    /**
     * How much more than its share of what is in flight an endpoint may have, 1.25..2, before single requests that stick to it go elsewhere;
     * their sessions stay. Up to 8 in flight are always well. Not together with `strict`. @default Infinity
     */
    readonly maxLoadRatio?: number;
}
/** Attributes of the cookies that the proxy makes itself. */
export interface StickyCookieOptions extends StickyRuleOptions {
    /** @default '/' */
    readonly path?: string;
    /** @default none: the host that the client asked */
    readonly domain?: string;
    /** @default 'lax' */
    readonly sameSite?: 'strict' | 'lax' | 'none';
    /** @default true */
    readonly httpOnly?: boolean;
    /** `auto`: where the client's side is TLS. @default 'auto' */
    readonly secure?: boolean | 'auto';
}
/** The session cookie tells where the session lives, whoever makes it: the endpoint, or the proxy if nobody does. */
export interface AutoStickyOptions extends StickyCookieOptions {
    /** @default 'auto' */
    readonly mode?: 'auto';
    /** The cookie's name. @default 'JSESSIONID' */
    readonly cookie?: string;
    /**
     * True also reads the session in the path, `/cart;jsessionid=<id>.<route>`, where no cookie tells. The parameter is called as the
     * cookie is, but `jsessionid` with `JSESSIONID`. @default false
     */
    readonly pathParameter?: boolean;
}
/** A second cookie tells, which endpoints never see. */
export interface InsertStickyOptions extends StickyCookieOptions {
    readonly mode: 'insert';
    /** The cookie's name. @default 'EVENKEEL_ROUTE' */
    readonly cookie?: string;
    /** The application's own cookie, by which all balancers find the same successor for a session. @default 'JSESSIONID' */
    readonly sessionCookie?: string;
}
/** No cookie: the key alone tells, the same on all balancers, whatever the cluster's strategy is. */
export interface HashStickyOptions extends StickyRuleOptions {
    readonly mode: 'hash';
    /** @default the session id in the cookie `JSESSIONID`, else `sourceIp()` */
    readonly key?: RequestKey;
}
/** No cookie: the proxy remembers where the strategy sent a client's address. */
export interface SourceIpStickyOptions extends StickyRuleOptions {
    readonly mode: 'sourceIp';
    /** ms without a request after which a client is forgotten, 60_000..3_600_000. @default 600_000 */
    readonly idleMs?: number;
    /** Clients to remember, 1..10_000_000; more make it forget the ones that were quiet for the longest time. @default 100_000 */
    readonly maxEntries?: number;
    /** Bits of an IPv4 address that count, 1..32. @default 32 */
    readonly ipv4Prefix?: number;
    /** Bits of an IPv6 address that count, 1..128. @default 64 */
    readonly ipv6Prefix?: number;
}
/** How requests stick to endpoints. */
export type StickyOptions = AutoStickyOptions | InsertStickyOptions | HashStickyOptions | SourceIpStickyOptions;
type Given = Record<string, unknown>;
type ModeSchema = v.GenericSchema<Given, AffinityMode>;
export declare const stickySchema: ModeSchema;
export {};

// dist/attach-wiring.d.ts
/**
 * What a framework has no part in, for the middleware of frameworks to carry along.
 */
import type { Proxy } from './proxy.ts';
/** The part of a proxy that is between it and the server. */
export interface Wiring {
    readonly upgrade: Proxy['upgrade'];
    readonly connect: Proxy['connect'];
    readonly checkContinue: Proxy['checkContinue'];
    readonly attach: Proxy['attach'];
    readonly close: Proxy['close'];
}
export declare function wiringOf({ upgrade, connect, checkContinue, attach, close }: Proxy): Wiring;

// dist/attach.d.ts
/**
 * A proxy in front of whatever else a server does: matching requests are taken before a framework touches them, which saves what the
 * framework costs, and with them the upgrades, which frameworks never see.
 */
import type { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { Duplex } from 'node:stream';
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
/** @returns undoes it. @throws INVALID_OPTIONS */
export declare function attach(proxy: Attached, server: EventEmitter, options: AttachOptions): () => void;

// dist/error-answer.d.ts
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { BalancerError } from '@evenkeel/core';
/** What an operator may put in place of the answer. @returns true to have taken it over, now or later */
export type ErrorRenderer = (error: BalancerError, req: IncomingMessage, res: ServerResponse) => boolean | void;
/** True if the answer to `error` is the last one on its connection. */
export declare function isClosing(error: BalancerError): boolean;
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

// dist/hooks/body-taker.d.ts
/**
 * Responses that do not go straight on to the client: who takes their body, and what the taker may do with the request.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { BalancerError, Endpoint, RawHeaders } from '@evenkeel/core';
/** Gets the body of one response in the client's place. None of the methods throws. */
export interface BodyTaker {
    /** @returns false to pause until `resume()` */
    onData(chunk: Buffer): boolean;
    onEnd(trailers: RawHeaders): void;
    /** The response was cut short, or nobody wants it any more. */
    onError(error: BalancerError): void;
}
/** The request, as far as a response to it is concerned. */
export interface Answerable {
    readonly req: IncomingMessage;
    readonly res: ServerResponse;
    readonly method: string;
    /** The client's `Host`. */
    readonly host: string | undefined;
    readonly isSecure: boolean;
    /** Nobody is to be told anything any more. */
    readonly isOver: boolean;
    readonly next: ((error?: unknown) => void) | undefined;
    hasSetCookie: boolean;
    hasCacheControl: boolean;
    /** Sends the head as it is, or fails the request. The body follows by itself. */
    sendHead(status: number, reason: string, fields: string[], endpoint: Endpoint | undefined): void;
    /** Sends an answer whole. */
    sendWhole(status: number, reason: string, fields: string[], endpoint: Endpoint, body: Buffer): void;
    /** Adds what keeps the client on its endpoint. */
    stick(fields: string[], endpoint: Endpoint): void;
    /** From now on it is somebody else who writes the response, though a failure is still answered here. */
    leaveResponse(taker: BodyTaker): void;
    /** Goes on with the body. */
    resume(): void;
    /** Gives up the endpoint's response, and nothing else. */
    discard(): void;
    /** An error of a hook, or of anything else: one answer. */
    refuse(error: unknown): void;
    fail(error: BalancerError): void;
    /** Lets go of the endpoint's response and of the request. */
    yieldTo(whom: string): void;
}

// dist/hooks/cookies.d.ts
/**
 * Attributes of endpoints' cookies, as they have to be for the client. Names and values stay byte for byte, and so does what the proxy's
 * own stickiness adds afterwards.
 */
/** What becomes of the attributes that an endpoint's `Set-Cookie` has; an attribute that it lacks is not added. */
export interface CookieRewrite {
    /** The new `Domain`; `''` takes it off; or new ones by old ones, with `*` for all others. @default unchanged */
    readonly domain?: string | Readonly<Record<string, string>>;
    /**
     * The new `Path`; `''` takes it off; or new ones by old ones, with `*` for all others. True puts the mount path in front, for
     * `stripMountPath`. @default unchanged
     */
    readonly path?: true | string | Readonly<Record<string, string>>;
    /** True adds `Secure`, false takes it off. @default unchanged */
    readonly secure?: boolean;
}
/** Changes the `Set-Cookie` fields in place. */
export declare function rewriteCookies(fields: string[], rewrite: CookieRewrite, mountPath: string): void;

// dist/hooks/filter.d.ts
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Lenient } from './lenient.ts';
/** Path prefixes, which end where a segment does; a pattern for the path; or a function. */
export type RequestFilter = string | readonly string[] | RegExp | Lenient<(req: IncomingMessage) => boolean>;
/** @param target the request target, as it would be forwarded */
export type Takes = (target: string, req: IncomingMessage) => boolean;
export declare function takesBy(filter: RequestFilter | undefined): Takes | undefined;
/**
 * Asks the filter, and sends what it does not take on its way.
 * @param next without it, nobody has the path
 */
export declare function isTaken(takes: Takes, target: string, req: IncomingMessage, res: ServerResponse, next: ((error?: unknown) => void) | undefined): boolean;

// dist/hooks/head.d.ts
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Lenient } from './lenient.ts';
/** Header fields. Names are found in any letter case. */
export interface HeadFields {
    /** The first value of the field. */
    get(name: string): string | undefined;
    /** All values of the field, one per line. */
    getAll(name: string): string[];
    has(name: string): boolean;
    /**
     * Puts the field in place of all lines that it has; several values become several lines.
     * @throws INVALID_OPTIONS for what no field can hold, and for fields that belong to the connection (`Connection`, `Content-Length`,
     * `Transfer-Encoding`, ...)
     */
    set(name: string, value: string | readonly string[]): void;
    /** Adds a line. @throws INVALID_OPTIONS as for `set` */
    append(name: string, value: string): void;
    /** @throws INVALID_OPTIONS for fields that belong to the connection */
    delete(name: string): void;
    /** Name and value of all lines, in order. */
    entries(): [name: string, value: string][];
}
/** The head of a request on its way to an endpoint. */
export interface RequestHead extends HeadFields {
    readonly method: string;
    /** Path and query, as the endpoint gets them. */
    readonly path: string;
}
/** The head of a response on its way to the client. */
export interface ResponseHead extends HeadFields {
    /** 200..599. May not become one without a body (204, 304), nor the other way round. @throws INVALID_OPTIONS */
    status: number;
    /** The reason phrase, which only HTTP/1 has. @throws INVALID_OPTIONS */
    reason: string;
}
/** Sees and changes the fields of a request, just before it goes to an endpoint. A promise makes the request wait for it. */
export type RequestHook = Lenient<(head: RequestHead, req: IncomingMessage) => void | PromiseLike<void>>;
/** Sees and changes status and fields of an endpoint's response before they go to the client. Must not wait. */
export type ResponseHook = Lenient<(head: ResponseHead, req: IncomingMessage, res: ServerResponse) => void>;
/** Why a hook may not write this field; undefined if it may. Pure. */
export declare function fieldProblem(name: string, value: unknown, kindOf: (name: string) => number): string | undefined;
/** One class for both directions, with the fixed shape of both. */
export declare class Head implements RequestHead, ResponseHead {
    readonly method: string;
    readonly path: string;
    readonly fields: string[];
    private readonly kindOf;
    private code;
    private phrase;
    private isSealed;
    constructor(fields: string[], kindOf: (name: string) => number, method: string, path: string, status: number, reason: string);
    get status(): number;
    set status(status: number);
    get reason(): string;
    set reason(reason: string);
    get(name: string): string | undefined;
    getAll(name: string): string[];
    has(name: string): boolean;
    set(name: string, value: string | readonly string[]): void;
    append(name: string, value: string): void;
    delete(name: string): void;
    entries(): [name: string, value: string][];
    /** The head has gone; a hook that kept it would change nothing, or another message. */
    seal(): void;
    private assertOpen;
    private assertMay;
}
/** A request's head. @param fields changed in place */
export declare function headOfRequest(fields: string[], method: string, path: string): Head;
/** A response's head. @param fields changed in place */
export declare function headOfResponse(fields: string[], status: number, reason: string): Head;
/** Puts the values where the first line of the name stood, or at the end; the other lines go. */
export declare function setField(fields: string[], name: string, values: readonly string[]): void;

// dist/hooks/hook-options.d.ts
/**
 * The options by which an application has a say in what passes: what they are, and how they are checked.
 */
import type { IncomingMessage } from 'node:http';
import { v } from '@evenkeel/core/options';
import type { LocationRewrite } from '../location.ts';
import type { CookieRewrite } from './cookies.ts';
import type { RequestFilter } from './filter.ts';
import type { Lenient } from './lenient.ts';
import type { RequestHook, ResponseHook } from './head.ts';
import type { InterceptOptions, ResolvedInterceptOptions, ResponseTransform } from './intercept.ts';
import type { PathRewrite } from './rewrite-path.ts';
import type { RequestRouter } from './router.ts';
import type { SelfHandler } from './self-handle.ts';
/** A request body, made again from what a parser has left of it; undefined if it cannot be. */
export type BodyMaker = Lenient<(req: IncomingMessage) => Uint8Array | string | undefined>;
/**
 * Functions of the application on the way of a request and its response. What one of them throws, or rejects with, is the application's
 * mistake and becomes `next(error)`, or a 500; a `BalancerError` becomes its own status. A client that has left meanwhile is not told.
 */
export interface HookOptions {
    /**
     * Which requests the proxy takes: path prefixes that end where a segment does, a pattern for the path, or a function of the request.
     * The others go to `next()`, or to a 404. A path with dot segments is below no prefix. @default all
     */
    readonly filter?: RequestFilter;
    /**
     * Another path for the endpoint: `{ '^/old': '/new' }`, where the first pattern that matches path and query counts, or a function.
     * A path that then holds dot segments is refused with 400. @default as the client sent it
     */
    readonly rewritePath?: PathRewrite;
    /**
     * Another cluster for some requests: `{ 'host/path': cluster }`, or a function; undefined for the proxy's own. Sticky cookies count in the
     * chosen cluster. Closing it is the application's business. @default none
     */
    readonly router?: RequestRouter;
    /** Fields that every request gets, in place of the client's: `{ Authorization: 'Basic ...' }`. @default none */
    readonly headers?: Readonly<Record<string, string | readonly string[]>>;
    /** Changes a request's fields just before it is sent; may wait. @default none */
    readonly onRequest?: RequestHook;
    /**
     * For requests that a body parser has read: their body again, such as `(req) => JSON.stringify(req.body)`. Only asked where there was
     * one. @default none: such a request is refused with BODY_CONSUMED
     */
    readonly body?: BodyMaker;
    /** Changes status and fields of an endpoint's response; must not wait. @default none */
    readonly onResponse?: ResponseHook;
    /**
     * Takes endpoints' and the client's own origin out of `Location`, `Content-Location` and `Refresh`, and puts the mount path in under
     * `stripMountPath`; or a function. @default false
     */
    readonly rewriteLocation?: boolean | LocationRewrite;
    /** Changes attributes of the endpoints' cookies. @default none */
    readonly rewriteCookies?: CookieRewrite;
    /**
     * Reads whole responses, decoded, and sends what the function makes of them. Takes `Range` off requests. @default none
     */
    readonly interceptResponse?: ResponseTransform | InterceptOptions;
    /** Answers by itself, with the endpoint's response as a stream. Not together with `interceptResponse`. @default none */
    readonly selfHandle?: SelfHandler;
}
/** The same with all defaults filled in. */
export interface ResolvedHookOptions {
    readonly filter?: RequestFilter | undefined;
    readonly rewritePath?: PathRewrite | undefined;
    readonly router?: RequestRouter | undefined;
    readonly headers?: Readonly<Record<string, string | readonly string[]>> | undefined;
    readonly onRequest?: RequestHook | undefined;
    readonly body?: BodyMaker | undefined;
    readonly onResponse?: ResponseHook | undefined;
    readonly rewriteLocation?: boolean | LocationRewrite | undefined;
    readonly rewriteCookies?: CookieRewrite | undefined;
    readonly interceptResponse?: ResolvedInterceptOptions | undefined;
    readonly selfHandle?: SelfHandler | undefined;
}
type Optional<T> = v.OptionalSchema<v.GenericSchema<unknown, T>, undefined>;
/** The entries of these options in a schema of all. */
export declare const hookEntries: {
    readonly [K in keyof HookOptions]-?: Optional<NonNullable<ResolvedHookOptions[K]>>;
};
export {};

// dist/hooks/intercept.d.ts
/**
 * Responses that are read whole, changed by a function, and sent as something else.
 *
 * Too large a body is refused and not passed on as it is: what a function takes out of responses must not come through in a longer one.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { BalancerError } from '@evenkeel/core';
import type { Endpoint } from '@evenkeel/core';
import type { Answerable, BodyTaker } from './body-taker.ts';
import type { Head, ResponseHead } from './head.ts';
import type { Lenient } from './lenient.ts';
/**
 * Makes another body of the decoded one. The head can be changed too, since it has not been sent.
 * @throws whatever it throws is the application's mistake: `next(error)`, or a 500
 */
export type ResponseTransform = Lenient<(body: Buffer, head: ResponseHead, req: IncomingMessage, res: ServerResponse) => Uint8Array | string | PromiseLike<Uint8Array | string>>;
/** How to intercept responses. */
export interface InterceptOptions {
    readonly transform: ResponseTransform;
    /** Which responses; the others pass as they come. @default all */
    readonly when?: Lenient<(head: ResponseHead, req: IncomingMessage) => boolean>;
    /** Bytes of a body, coded and decoded; a longer one is answered with 502. 1..2^30. @default 1_048_576 */
    readonly maxBytes?: number;
}
export interface ResolvedInterceptOptions extends InterceptOptions {
    readonly maxBytes: number;
}
/** The head as of a response that is changed on the way: the validator is a weak one from now on (RFC 9110 section 8.8.1). */
export declare function redescribe(fields: string[]): void;
export declare class Interception implements BodyTaker {
    private readonly request;
    private readonly head;
    private readonly endpoint;
    private readonly options;
    private readonly codings;
    private readonly chunks;
    private bytes;
    /** @param head as the endpoint sent it; it is described anew here */
    constructor(request: Answerable, head: Head, endpoint: Endpoint, options: ResolvedInterceptOptions);
    onData(chunk: Buffer): boolean;
    onEnd(): void;
    onError(error: BalancerError): void;
    private finish;
}
/** @throws INVALID_OPTIONS */
export declare function bytesOf(made: unknown, whose?: string): Buffer;

// dist/hooks/lenient.d.ts
/**
 * Types of functions that users write.
 */
/** The same function, which may also ask for a framework's own kind of request or response: Express' has a `body`, Koa's has not. */
export type Lenient<F extends (...args: never[]) => unknown> = {
    call(...args: Parameters<F>): ReturnType<F>;
}['call'];

// dist/hooks/rewrite-path.d.ts
/**
 * Another path for the endpoint than the client's.
 *
 * Elsewhere a path goes on byte for byte and is not judged. Here it may not hold dot segments: who rewrites `/api` to `/v2/public` means
 * that nothing outside of `/v2/public` can be asked for, and `/api/../../admin` would be resolved to that by many endpoints
 * (GHSA-2q7r-29rg-6m5h is that bug in another proxy).
 */
import type { IncomingMessage } from 'node:http';
/**
 * Regular expressions and what takes the place of their first match; the first that matches counts. Or a function of path and query,
 * which gives undefined to leave them as they are.
 */
export type PathRewrite = Readonly<Record<string, string>> | ((path: string, req: IncomingMessage) => string | undefined | PromiseLike<string | undefined>);
type Rewritten = string | undefined | PromiseLike<string | undefined>;
export type Rewriter = (path: string, req: IncomingMessage) => Rewritten;
export declare function rewriterOf(rewrite: PathRewrite | undefined): Rewriter | undefined;
/**
 * What goes to the endpoint.
 * @throws INVALID_OPTIONS if a function has made no path of it; BAD_REQUEST for one that holds dot segments or what no target can hold
 */
export declare function rewrittenPath(path: string, rewritten: unknown): string;
export {};

// dist/hooks/router.d.ts
/**
 * Another cluster than the proxy's own, chosen by request.
 */
import type { IncomingMessage } from 'node:http';
import type { Cluster } from '@evenkeel/core';
/**
 * Clusters by `host`, `host/path` or `/path`, of which the first that fits counts; or a function. Undefined is the proxy's own cluster.
 */
export type RequestRouter = Readonly<Record<string, Cluster>> | ((req: IncomingMessage) => Cluster | undefined | PromiseLike<Cluster | undefined>);
type Chosen = Cluster | undefined | PromiseLike<Cluster | undefined>;
/** @param host the client's `Host`. @param path path and query, before they are rewritten */
export type Route = (req: IncomingMessage, host: string | undefined, path: string) => Chosen;
export declare function routeOf(router: RequestRouter | undefined): Route | undefined;
/** @throws INVALID_OPTIONS */
export declare function assertCluster(value: unknown): asserts value is Cluster;
export {};

// dist/hooks/self-handle.d.ts
/**
 * Responses of endpoints that the application answers by itself, as a stream of their bytes.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { Endpoint } from '@evenkeel/core';
import type { Answerable, BodyTaker } from './body-taker.ts';
import type { Head } from './head.ts';
import type { Lenient } from './lenient.ts';
/** What an endpoint answered: a stream of the body as it was sent, without chunking, with what the head said. */
export interface EndpointResponse extends Readable {
    readonly status: number;
    /** The reason phrase. */
    readonly reason: string;
    /** Fields that may pass to a client: name, value, name, value; with the cookie that keeps it on its endpoint, where it needs one. */
    readonly rawHeaders: readonly string[];
    /** The same by lower-case name; several lines of a name are an array. */
    readonly headers: Readonly<Record<string, string | readonly string[]>>;
    /** What followed the body, name, value, name, value; empty until its end. */
    readonly rawTrailers: readonly string[];
}
/**
 * Answers in the proxy's place. What it does not read is discarded when `res` closes. An endpoint that fails in mid-body is an `error`
 * of `response`; if nobody listens to it, the proxy ends `res`.
 * @param next hands the request back to the application, and `response` is discarded; without one that is a 404
 * @throws what it throws or rejects with is the application's mistake: `next(error)`, or a 500
 */
export type SelfHandler = Lenient<(response: EndpointResponse, req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void) => void | PromiseLike<void>>;
/** Hands the response over. @returns who takes its body */
export declare function handOver(handler: SelfHandler, request: Answerable, head: Head, endpoint: Endpoint): BodyTaker;

// dist/index.d.ts
export { createProxy } from './proxy.ts';
export type { Proxy, ProxyCloseOptions } from './proxy.ts';
export type { AttachOptions } from './attach.ts';
export { wiringOf } from './attach-wiring.ts';
export type { Wiring } from './attach-wiring.ts';
export { cookieKey, firstKey, headerKey, queryKey, sourceIp } from './keys.ts';
export type { RequestClient, RequestKey, SourceIpOptions } from './keys.ts';
export type { ErrorRenderer } from './error-answer.ts';
export type { ProxyOptions } from './options.ts';
export type { BodyMaker, HookOptions } from './hooks/hook-options.ts';
export type { HeadFields, RequestHead, RequestHook, ResponseHead, ResponseHook } from './hooks/head.ts';
export type { CookieRewrite } from './hooks/cookies.ts';
export type { RequestFilter } from './hooks/filter.ts';
export type { InterceptOptions, ResponseTransform } from './hooks/intercept.ts';
export type { PathRewrite } from './hooks/rewrite-path.ts';
export type { RequestRouter } from './hooks/router.ts';
export type { EndpointResponse, SelfHandler } from './hooks/self-handle.ts';
export type { LocationRewrite } from './location.ts';
export type { AutoStickyOptions, HashStickyOptions, InsertStickyOptions, SourceIpStickyOptions, StickyCookieOptions, StickyOptions, StickyRuleOptions, } from './affinity/sticky-options.ts';
export { acceptProxyProtocol } from './proxy-protocol/accept.ts';
export type { AcceptProxyProtocolOptions, ProxyProtocolRefusedMessage } from './proxy-protocol/accept.ts';
export type { ConnectionEnd } from './proxy-protocol/parse.ts';
export { proxyProtocolOf } from './proxy-protocol/told.ts';
export type { ProxiedConnection } from './proxy-protocol/told.ts';

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

// dist/location.d.ts
/**
 * References in a response that name an endpoint, as the client has to see them: without the endpoint.
 *
 * What becomes of them is a path. It is right for whatever name, port and scheme the client has used, further proxies on the way
 * included, and there is nothing in it that a forged `Host` could have put there (RFC 9110 section 10.2.2 allows references).
 */
import type { IncomingMessage } from 'node:http';
import type { Endpoint } from '@evenkeel/core';
/** Gives another reference for one in `Location`, `Content-Location` or `Refresh`. */
export type LocationRewrite = (location: string, endpoint: Endpoint, req: IncomingMessage) => string;
/** The client's view of what it has asked. */
export interface ClientSide {
    /** Its `Host`. */
    readonly host: string | undefined;
    readonly isSecure: boolean;
    /** What was taken off the path before it went on; empty if nothing. */
    readonly mountPath: string;
}
/** Changes the fields in place. */
export declare function rewriteLocations(fields: string[], rewrite: (location: string) => string): void;
/**
 * A reference to the endpoint itself, or to the client's own origin, as a path; anything else as it is.
 * @param origin the endpoint's
 */
export declare function ownLocation(location: string, origin: string, client: ClientSide): string;

// dist/options.d.ts
/**
 * What `createProxy` and the `balance` middleware take, with every default beside it.
 */
import { v } from '@evenkeel/core/options';
import type { AffinityMode } from './affinity/affinity.ts';
import type { StickyOptions } from './affinity/sticky-options.ts';
import type { ErrorRenderer } from './error-answer.ts';
import type { HookOptions, ResolvedHookOptions } from './hooks/hook-options.ts';
import type { RequestKey } from './keys.ts';
import type { ProxyProtocolVersion } from './proxy-protocol/format.ts';
/** How the proxy treats what passes through it. Time-outs towards endpoints, retries and limits per endpoint are the cluster's. */
export interface ProxyOptions extends HookOptions {
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
    /**
     * The version of the PROXY protocol that connections to endpoints begin with, telling the client's connection. Each of them then carries
     * the requests of one client connection only. @default none
     */
    readonly sendProxyProtocol?: 1 | 2;
    /** ms that the two sides of an upgraded connection have to end it once it is cut, 0..2^31-1. @default 1_000 */
    readonly upgradeGraceMs?: number;
    /** Puts an answer of your own in place of the small one that an error becomes. @default none */
    readonly onError?: ErrorRenderer;
}
/** The options with all defaults filled in. */
export interface ResolvedProxyOptions extends ResolvedHookOptions {
    readonly sticky: AffinityMode | undefined;
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
    readonly sendProxyProtocol?: ProxyProtocolVersion | undefined;
    readonly upgradeGraceMs: number;
    readonly onError?: ErrorRenderer | undefined;
}
export declare const proxySchema: v.GenericSchema<unknown, ResolvedProxyOptions>;

// dist/proxy-protocol/accept.d.ts
import { Server } from 'node:net';
import { type Clock } from '@evenkeel/core';
/** Who may say where a connection comes from. */
export interface AcceptProxyProtocolOptions {
    /**
     * Addresses and networks (`10.0.0.0/8`, `::1`) of the load balancers; at least one. Connections from elsewhere pass untouched and are
     * never believed.
     */
    readonly from: readonly string[];
    /**
     * False also accepts connections of these load balancers that do not begin with a head. Only for such as never pass a client's first
     * bytes on without one, or clients could write it themselves. @default true
     */
    readonly isRequired?: boolean;
    /** ms from the connection to the end of the head, 1..2^31-1. @default 5_000 */
    readonly timeoutMs?: number;
    /** Where time comes from. @default the machine's timers */
    readonly clock?: Pick<Clock, 'schedule'>;
}
/** A connection was closed because of its PROXY head. */
export interface ProxyProtocolRefusedMessage {
    /** Whose connection it was: the load balancer's address. */
    readonly address: string;
    readonly port: number | undefined;
    /** What was wrong with the head. */
    readonly reason: string;
}
/**
 * Accepts versions 1 and 2, before TLS where the server speaks it. `req.socket.remoteAddress`, and with it `req.ip` of Express and Koa and
 * the forwarding fields of the proxy, is then the client's; `localAddress` and `localPort` are what the client connected to. Call it once
 * per server, at any time before it listens.
 * @param server of `node:http`, `node:https`, `node:http2`, `node:tls` or `node:net`
 * @throws INVALID_OPTIONS also for a server that does it already
 */
export declare function acceptProxyProtocol(server: Server, options: AcceptProxyProtocolOptions): void;

// dist/proxy-protocol/format.d.ts
/** 1 is a line of text, 2 a block of bytes. */
export type ProxyProtocolVersion = 1 | 2;
/** One end of a connection as a socket tells it; both are undefined on a Unix socket. */
export interface SocketEnd {
    readonly address: string | undefined;
    readonly port: number | undefined;
}
/**
 * Every end is an IP address and a port, or nothing is said of either (version 1: `UNKNOWN`; version 2: `LOCAL`, which receivers have to
 * accept). IPv4 in IPv6 is IPv4; ends of two families are both told as IPv6.
 */
export declare function proxyHeader(version: ProxyProtocolVersion, ends: {
    source: SocketEnd;
    destination: SocketEnd;
}): Buffer;

// dist/proxy-protocol/parse.d.ts
/** One end of a connection. */
export interface ConnectionEnd {
    /** IPv4 in dotted form, IPv6 as the system writes it. */
    readonly address: string;
    readonly port: number;
}
/** What a head says about the connection that it begins. */
export interface ProxyHead {
    readonly kind: 'head';
    /** Where the head ends. */
    readonly byteLength: number;
    /** The client. Undefined, as `destination`, if the sender speaks for itself or does not know: then the real ends count. */
    readonly source: ConnectionEnd | undefined;
    /** What the client connected to. */
    readonly destination: ConnectionEnd | undefined;
    /** The host name that the client asked for in TLS. The client's word, but never more than letters, digits, `.`, `-` and `_`. */
    readonly authority: string | undefined;
    /** The client's own connection is TLS. */
    readonly isTls: boolean;
}
/** A head; or that there is none (`absent`); or a broken one; or that it pays to ask again once there are `atLeast` bytes. */
export type HeadParse = ProxyHead | {
    readonly kind: 'absent';
} | {
    readonly kind: 'invalid';
    readonly reason: string;
} | {
    readonly kind: 'more';
    readonly atLeast: number;
};
/** The longest line, its end included (section 2.1). */
export declare const MAX_V1_BYTES = 107;
/** What every path carries in one piece (section 2), and 4 KiB for what proxies like to add. */
export declare const MAX_V2_BYTES: number;
/** Reads the head at the beginning of `bytes`, all that has arrived so far; what follows it is not looked at. */
export declare function parseProxyHead(bytes: Buffer): HeadParse;

// dist/proxy-protocol/told.d.ts
/**
 * What a PROXY head has told about a connection, put where everybody looks: the socket's own properties.
 */
import type { Socket } from 'node:net';
import type { ConnectionEnd, ProxyHead } from './parse.ts';
/** What the PROXY head of a connection said. */
export interface ProxiedConnection {
    /** The client; undefined, as `destination`, if the sender spoke for itself (its own health check) or did not know. */
    readonly source: ConnectionEnd | undefined;
    /** What the client connected to. */
    readonly destination: ConnectionEnd | undefined;
    /** The host name that the client asked for in TLS, where the sender tells it. */
    readonly authority: string | undefined;
    /** The client's own connection is TLS, which the sender has taken off. */
    readonly isTls: boolean;
}
/** What the PROXY head of this connection said; undefined if there was none. Takes `req.socket` of every kind of server. */
export declare function proxyProtocolOf(socket: object): ProxiedConnection | undefined;
/** Has the socket give the addresses of the head, for as long as it lives. */
export declare function tellSocket(socket: Socket, { source, destination, authority, isTls }: ProxyHead | ProxiedConnection): void;

// dist/proxy.d.ts
import type { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { Duplex } from 'node:stream';
import type { Cluster } from '@evenkeel/core';
import type { AttachOptions } from './attach.ts';
import type { ProxyOptions } from './options.ts';
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
/**
 * Creates a proxy: `http.createServer((req, res) => proxy.web(req, res))`.
 * @throws INVALID_OPTIONS
 */
export declare function createProxy(cluster: Cluster, options?: ProxyOptions): Proxy;

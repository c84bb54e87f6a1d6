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
export type {
  AutoStickyOptions,
  HashStickyOptions,
  InsertStickyOptions,
  SourceIpStickyOptions,
  StickyCookieOptions,
  StickyOptions,
  StickyRuleOptions,
} from './affinity/sticky-options.ts';
export { acceptProxyProtocol } from './proxy-protocol/accept.ts';
export type { AcceptProxyProtocolOptions, ProxyProtocolRefusedMessage } from './proxy-protocol/accept.ts';
export type { ConnectionEnd } from './proxy-protocol/parse.ts';
export { proxyProtocolOf } from './proxy-protocol/told.ts';
export type { ProxiedConnection } from './proxy-protocol/told.ts';

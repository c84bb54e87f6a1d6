export { createProxy } from './proxy.ts';
export type { Proxy } from './proxy.ts';
export { cookieKey, firstKey, headerKey, queryKey, sourceIp } from './keys.ts';
export type { RequestClient, RequestKey, SourceIpOptions } from './keys.ts';
export type { ErrorRenderer } from './error-answer.ts';
export type { ProxyOptions, StickyOptions } from './options.ts';

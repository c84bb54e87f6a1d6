export { createProxy } from './proxy.ts';
export type { Proxy } from './proxy.ts';
export type { ErrorRenderer } from './error-answer.ts';
export type { ProxyOptions, StickyOptions } from './options.ts';

/**
 * Questions about paths that are asked of their bytes, since nothing here decodes or resolves a path that goes on.
 */

/** The path of a request target, without query and, in absolute-form, without authority. */
export function pathOf(target: string): string {
  const path = target.startsWith('/') ? target : target.replace(/^https?:\/\/[^/?#]*/i, '');
  const query = path.indexOf('?');
  return query < 0 ? path : path.slice(0, query);
}

/** True if `path` is `prefix` or below it; a prefix ends where a segment does. */
export function isBelow(path: string, prefix: string): boolean {
  if (!path.startsWith(prefix)) return false;
  return prefix.endsWith('/') || path.length === prefix.length || path.charCodeAt(prefix.length) === 0x2f;
}

/**
 * A segment that is one dot or two, however it is written: `%2e`, that encoded once more, between backslashes, or with a path parameter
 * behind it (`..;x`), as some servers take those for the same.
 */
const DOT_SEGMENT = /(?:^|[/\\]|%(?:25)*(?:2f|5c))(?:\.|%(?:25)*2e){1,2}(?:$|[/\\;]|%(?:25)*(?:2f|5c|3b))/i;

/** True if an endpoint that resolves the path would end up somewhere else than where its prefix says. */
export function hasDotSegment(target: string): boolean {
  return DOT_SEGMENT.test(pathOf(target));
}

/** What a framework has taken off the front of `url` below a mount point; empty if nothing. */
export function mountPathOf(req: { readonly url?: string | undefined }): string {
  if ('baseUrl' in req && typeof req.baseUrl === 'string') return req.baseUrl;
  if (!('originalUrl' in req) || typeof req.originalUrl !== 'string' || req.url === undefined) return '';
  const [original, rest] = [pathOf(req.originalUrl), pathOf(req.url)];
  if (rest !== '/' && original.endsWith(rest)) return original.slice(0, -rest.length);
  return rest === '/' ? original.replace(/\/$/, '') : '';
}

/**
 * `rest` below `mountPath`, as a reference without an authority.
 * @param rest starts with a slash
 */
export function pathBelow(mountPath: string, rest: string): string {
  const path = mountPath + rest;
  // What starts with two slashes would name another host; browsers also skip tabs there, and read a backslash as a slash.
  return /^\/[\t\n\r]*[/\\]/.test(path) ? `/.${path}` : path;
}

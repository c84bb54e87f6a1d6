/**
 * The standard's `fetch` shape over `cluster.request()`.
 */
import { Readable } from 'node:stream';
import { BalancerError, isBalancerError } from '../errors.ts';
import type { ClusterResponse, RequestOptions } from './call.ts';

/** Statuses whose responses have no body by definition (fetch standard, "null body status"). */
const NULL_BODY = new Set([204, 205, 304]);

/** @param input a path, or a URL whose authority becomes the `Host` field; redirects are not followed */
export async function fetchThrough(
  request: (options: RequestOptions) => Promise<ClusterResponse>,
  input: string | URL,
  init: RequestInit = {},
): Promise<Response> {
  const { url, host } = targetOf(input);
  const standard = new Request(
    url,
    init.body instanceof globalThis.ReadableStream ? { ...init, duplex: 'half' } : init,
  );
  const headers: Record<string, string> = Object.fromEntries(standard.headers);
  if (host !== undefined) headers['host'] ??= host;
  const { signal } = init;
  try {
    const response = await request({
      path: url.pathname + url.search,
      method: standard.method,
      headers,
      body: await bodyOf(standard, init.body),
      ...(signal && { signal }),
    });
    return toStandard(response, standard.method);
  } catch (error) {
    // What `fetch` rejects with when its signal is aborted is the signal's own reason.
    if (signal?.aborted && isBalancerError(error) && error.code === 'CANCELLED') throw signal.reason;
    throw error;
  }
}

function targetOf(input: string | URL): { url: URL; host: string | undefined } {
  if (typeof input === 'string' && input.startsWith('/'))
    return { url: new URL(`http://cluster${input}`), host: undefined };
  const url = new URL(input);
  return { url, host: url.host };
}

/** A stream goes on as a stream; everything else is small enough to be held by the caller, so it can be held for a retry too. */
async function bodyOf(standard: Request, given: RequestInit['body']): Promise<Uint8Array | Readable | null> {
  if (standard.body === null) return null;
  if (given instanceof globalThis.ReadableStream) return Readable.fromWeb(standard.body);
  return new Uint8Array(await standard.arrayBuffer());
}

/** @throws BAD_RESPONSE for what the standard does not know, such as a status beyond 599 */
function toStandard(response: ClusterResponse, method: string): Response {
  const { status, statusText } = response;
  const hasBody = !NULL_BODY.has(status) && method !== 'HEAD';
  if (!hasBody) void response.discard().catch(() => undefined);
  const body = hasBody ? (response.webStream() as globalThis.ReadableStream) : null;
  try {
    const headers = new Headers();
    for (const [name, value] of Object.entries(response.headers)) {
      for (const one of Array.isArray(value) ? value : [value]) headers.append(name, one);
    }
    return new Response(body, { status, statusText, headers });
  } catch (cause) {
    // Otherwise the body that nobody will read holds its connection for ever.
    void body?.cancel();
    throw new BalancerError('BAD_RESPONSE', `${response.endpoint} answered with what fetch cannot show`, { cause });
  }
}

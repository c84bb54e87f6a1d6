/**
 * Interim responses (RFC 9110 section 15.2) on their way to the client: they come before the response, have no body, and are not for
 * HTTP/1.0.
 */
import type { ServerResponse } from 'node:http';
import { CONNECTION, KEEP, namedByConnection, responseKindOf } from './field-kinds.ts';
import { isHttp2Response, sendInterim } from './http2-response.ts';

type RawHeaders = readonly (Buffer | string)[];

/** Node 22 has no such method; then only what it has methods for is passed on. */
type InterimResponse = ServerResponse & {
  writeInformation?(status: number, fields: Record<string, string[]>): void;
};

/** Passes an interim response on. 100 is not for here: that is between the client and whoever asked for it. */
export function writeInterim(res: InterimResponse, status: number, raw: RawHeaders): void {
  const fields = interimFields(raw);
  if (isHttp2Response(res)) sendInterim(res, status, Object.entries(fields).flatMap(inLines));
  else if (status === 102 && Object.keys(fields).length === 0) res.writeProcessing();
  else if (res.writeInformation !== undefined) res.writeInformation(status, fields);
  else if (status === 103 && 'link' in fields) res.writeEarlyHints(fields);
}

/** Has the client send its body. */
export function writeContinue(res: ServerResponse): void {
  if (isHttp2Response(res)) sendInterim(res, 100, []);
  else res.writeContinue();
}

function inLines([name, values]: [string, string[]]): string[] {
  return values.flatMap((value) => [name, value]);
}

/** Several lines of a name together, in lower case. */
function interimFields(raw: RawHeaders): Record<string, string[]> {
  const fields: Record<string, string[]> = Object.create(null);
  let named: Set<string> | undefined;
  for (let i = 0; i < raw.length; i += 2) {
    const [name, value] = [raw[i]!.toString('latin1').toLowerCase(), raw[i + 1]!.toString('latin1')];
    const kind = responseKindOf(name);
    if (kind === CONNECTION) named = namedByConnection(value, named);
    else if (kind === KEEP) (fields[name] ??= []).push(value);
  }
  for (const name of named ?? []) delete fields[name];
  return fields;
}

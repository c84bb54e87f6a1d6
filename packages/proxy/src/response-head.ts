/**
 * The head that goes to the client, made from the endpoint's fields as they were on the wire.
 */
import { STATUS_CODES, ServerResponse } from 'node:http';
import { BalancerError } from '@evenkeel/core';
import {
  CACHE_CONTROL,
  CONNECTION,
  CONTENT_LENGTH,
  DROP,
  SET_COOKIE,
  TRAILER,
  TRANSFER_ENCODING,
  namedByConnection,
  removeNamed,
  responseKindOf,
} from './field-kinds.ts';
import { canTakeEarlier, merge, writeWithEarlier } from './earlier-fields.ts';
import { isHttp2Response, stageHead } from './http2-response.ts';

/** What is learned on the way. */
export interface ResponseHeadFacts {
  /** Of the response; -1 if not announced. */
  responseLength: number;
  hasSetCookie: boolean;
  hasCacheControl: boolean;
  /** What fields after the body are announced; undefined for none. */
  responseTrailer: string | undefined;
}

type RawHeaders = readonly (Buffer | string)[];

/**
 * @param raw name, value, name, value; Buffers hold latin1
 * @returns the same without what belongs to the endpoint's connection. Framing is the client connection's own: a
 * `Content-Length` stays only where it is the only word on the body's length.
 * @throws BAD_RESPONSE
 */
export function responseHead(status: number, raw: RawHeaders, facts: ResponseHeadFacts): string[] {
  if (status < 200 || status > 999) throw bad(`status ${status}`);
  const fields: string[] = [];
  let named: Set<string> | undefined;
  let isCoded = false;
  for (let i = 0; i < raw.length; i += 2) {
    const name = text(raw[i]!);
    const value = text(raw[i + 1]!);
    const kind = responseKindOf(name);
    if (kind === DROP || isLoadReport(name)) continue;
    if (kind === CONNECTION) {
      named = namedByConnection(value, named);
      continue;
    }
    if (kind === TRANSFER_ENCODING) {
      // Another coding would stay in the body while its name is gone. Not trimmed: llhttp does not take `chunked` before a tab for one.
      if (value.toLowerCase() !== 'chunked') throw bad(`transfer coding ${value}`);
      isCoded = true;
      continue;
    }
    if (kind === TRAILER) {
      facts.responseTrailer = value;
      continue;
    }
    if (kind === CONTENT_LENGTH) facts.responseLength = lengthOf(value, facts);
    else if (kind === SET_COOKIE) facts.hasSetCookie = true;
    else if (kind === CACHE_CONTROL) facts.hasCacheControl = true;
    fields.push(name, value);
  }
  if (named !== undefined) removeNamed(fields, named);
  if (facts.responseLength >= 0 && (isCoded || status === 204)) {
    removeNamed(fields, CONTENT_LENGTH_ONLY);
    facts.responseLength = -1;
  }
  return fields;
}

/** What an endpoint says about its load is for its balancer; to a client it would tell how the inside is doing. */
function isLoadReport(name: string): boolean {
  return name.length === LOAD_REPORT_LENGTH && name.toLowerCase() === 'endpoint-load-metrics';
}

const LOAD_REPORT_LENGTH = 'endpoint-load-metrics'.length;

const CONTENT_LENGTH_ONLY: ReadonlySet<string> = new Set(['content-length']);

function lengthOf(value: string, facts: ResponseHeadFacts): number {
  if (facts.responseLength >= 0 || !/^\d{1,15}$/.test(value)) throw bad(`Content-Length ${value}`);
  return Number(value);
}

function text(part: Buffer | string): string {
  return typeof part === 'string' ? part : part.toString('latin1');
}

function bad(what: string): BalancerError {
  return new BalancerError('BAD_RESPONSE', `the endpoint answered with ${what}`);
}

/** The reason phrase, or the usual one for the status if Node would not write it. */
export function reasonPhrase(status: number, phrase: string): string {
  return /[^\t\x20-\x7e\x80-\xff]/.test(phrase) ? (STATUS_CODES[status] ?? '') : phrase;
}

/**
 * Sends the head. What middleware has put on the response before stays, unless the endpoint says otherwise; cookies and `Vary`
 * add up.
 * @throws if a name or value is not valid; then nothing is left behind on the response
 */
export function writeHead(res: ServerResponse, status: number, reason: string, fields: string[]): void {
  const before = res.getHeaderNames();
  // Middleware that waits for the head (on-headers, and all that is made with it) reads fields one by one and knows no flat list.
  if (res.writeHead === ServerResponse.prototype.writeHead) {
    if (before.length === 0) return void res.writeHead(status, reason, fields);
    if (canTakeEarlier) return writeWithEarlier(res, status, reason, before, fields);
  }
  if (isHttp2Response(res)) return stageHead(res, status, fields);
  try {
    merge(res, before, fields);
    res.writeHead(status, reason);
  } catch (error) {
    for (let i = 0; i < fields.length; i += 2) res.removeHeader(fields[i]!);
    throw error;
  }
}

/**
 * A message head as hooks see it: fields over the flat list that goes on, so that order, duplicates and letter case of all that is left
 * alone stay. Whatever a hook does, the list holds no split lines and no framing but the proxy's own.
 */
import { STATUS_CODES } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { BalancerError } from '@evenkeel/core';
import {
  CONNECTION,
  CONTENT_LENGTH,
  DROP,
  TE,
  TRAILER,
  TRANSFER_ENCODING,
  requestKindOf,
  responseKindOf,
} from '../field-kinds.ts';
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

const TOKEN = /^[A-Za-z0-9!#$%&'*+\-.^_`|~]+$/;
const UNSAFE_VALUE = /[^\t\x20-\x7e\x80-\xff]/;
const AUTHORITY = /^[A-Za-z0-9\-._~[\]:]+$/;

function isFraming(kind: number): boolean {
  return (
    kind === DROP ||
    kind === CONNECTION ||
    kind === CONTENT_LENGTH ||
    kind === TRANSFER_ENCODING ||
    kind === TE ||
    kind === TRAILER
  );
}

/** Why a hook may not write this field; undefined if it may. Pure. */
export function fieldProblem(name: string, value: unknown, kindOf: (name: string) => number): string | undefined {
  if (typeof name !== 'string' || !TOKEN.test(name)) return 'is no field name';
  if (isFraming(kindOf(name))) return 'belongs to the connection and cannot be changed';
  if (typeof value !== 'string') return 'must be a string';
  if (UNSAFE_VALUE.test(value)) return 'has a value with characters that no field can hold';
  if (name.toLowerCase() === 'host' && !AUTHORITY.test(value)) return 'is no authority';
  return undefined;
}

/** One class for both directions, with the fixed shape of both. */
export class Head implements RequestHead, ResponseHead {
  readonly method: string;
  readonly path: string;
  readonly fields: string[];
  private readonly kindOf: (name: string) => number;
  private code: number;
  private phrase: string;
  private isSealed = false;

  constructor(
    fields: string[],
    kindOf: (name: string) => number,
    method: string,
    path: string,
    status: number,
    reason: string,
  ) {
    this.fields = fields;
    this.kindOf = kindOf;
    this.method = method;
    this.path = path;
    this.code = status;
    this.phrase = reason;
  }

  get status(): number {
    return this.code;
  }

  set status(status: number) {
    this.assertOpen();
    if (!Number.isInteger(status) || status < 200 || status > 599)
      throw refused('status', `must be 200..599, got ${status}`);
    if (isBodiless(status) !== isBodiless(this.code)) {
      throw refused('status', `of ${this.code} cannot become ${status}: only one of them has a body`);
    }
    this.code = status;
    this.phrase = STATUS_CODES[status] ?? '';
  }

  get reason(): string {
    return this.phrase;
  }

  set reason(reason: string) {
    this.assertOpen();
    if (typeof reason !== 'string' || UNSAFE_VALUE.test(reason)) throw refused('reason', 'is no reason phrase');
    this.phrase = reason;
  }

  get(name: string): string | undefined {
    const { fields } = this;
    for (let i = 0; i < fields.length; i += 2) if (isNamed(fields[i]!, name)) return fields[i + 1];
    return undefined;
  }

  getAll(name: string): string[] {
    return this.fields.filter((_value, i) => i % 2 === 1 && isNamed(this.fields[i - 1]!, name));
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  set(name: string, value: string | readonly string[]): void {
    const values = typeof value === 'object' ? value : [value];
    for (const one of values) this.assertMay(name, one);
    if (values.length > 1 && isNamed(name, 'host')) throw refused(name, 'can stand there only once');
    setField(this.fields, name, values);
  }

  append(name: string, value: string): void {
    this.assertMay(name, value);
    if (isNamed(name, 'host') && this.has(name)) throw refused(name, 'can stand there only once');
    this.fields.push(name, value);
  }

  delete(name: string): void {
    this.assertMay(name, '', true);
    setField(this.fields, name, []);
  }

  entries(): [name: string, value: string][] {
    const { fields } = this;
    return Array.from({ length: fields.length / 2 }, (_, i) => [fields[i * 2]!, fields[i * 2 + 1]!]);
  }

  /** The head has gone; a hook that kept it would change nothing, or another message. */
  seal(): void {
    this.isSealed = true;
  }

  private assertOpen(): void {
    if (this.isSealed)
      throw new BalancerError('INVALID_OPTIONS', 'the head has been sent, and cannot be changed any more');
  }

  private assertMay(name: string, value: unknown, isRemoval = false): void {
    this.assertOpen();
    const problem = fieldProblem(name, isRemoval ? 'x' : value, this.kindOf);
    if (problem !== undefined) throw refused(name, problem);
  }
}

/** A request's head. @param fields changed in place */
export function headOfRequest(fields: string[], method: string, path: string): Head {
  return new Head(fields, requestKindOf, method, path, 0, '');
}

/** A response's head. @param fields changed in place */
export function headOfResponse(fields: string[], status: number, reason: string): Head {
  return new Head(fields, responseKindOf, '', '', status, reason);
}

/** Puts the values where the first line of the name stood, or at the end; the other lines go. */
export function setField(fields: string[], name: string, values: readonly string[]): void {
  let at = -1;
  let kept = 0;
  for (let i = 0; i < fields.length; i += 2) {
    if (isNamed(fields[i]!, name)) {
      if (at < 0) at = kept;
      continue;
    }
    fields[kept] = fields[i]!;
    fields[kept + 1] = fields[i + 1]!;
    kept += 2;
  }
  fields.length = kept;
  const lines = values.flatMap((value) => [name, value]);
  fields.splice(at < 0 ? kept : at, 0, ...lines);
}

function isNamed(field: string, name: string): boolean {
  return field.length === name.length && field.toLowerCase() === name.toLowerCase();
}

function isBodiless(status: number): boolean {
  return status === 204 || status === 304;
}

function refused(name: unknown, problem: string): BalancerError {
  return new BalancerError('INVALID_OPTIONS', `\`${String(name).slice(0, 80)}\` ${problem}`);
}

/**
 * Reads a response without any socket: fast enough to try each of many responses in each of many ways.
 */
import assert from 'node:assert/strict';
import { HeadParser } from '../../../../packages/core/src/transport/h1/head-parser.ts';
import { Memory } from '../../../../packages/core/src/transport/h1/memory.ts';
import { ResponseReader } from '../../../../packages/core/src/transport/h1/response-reader.ts';
import type { ReaderOwner } from '../../../../packages/core/src/transport/h1/response-reader.ts';
import { Trip } from '../../../../packages/core/src/transport/h1/trip.ts';
import { TransportError } from '../../../../packages/core/src/transport/transport-error.ts';
import { Hearing } from './hearing.ts';

export interface ReadOptions {
  readonly method?: string;
  readonly maxHeadBytes?: number;
}

/** What became of a response. */
export interface Reading {
  /** `whole`, `open` if more has to come, or the fault. */
  readonly ending: string;
  readonly interims: readonly number[];
  readonly status: number;
  readonly reason: string;
  readonly fields: readonly string[];
  readonly body: string;
  readonly trailers: readonly string[];
  /** The connection can be used again, as far as the response goes. */
  readonly isReusable: boolean;
}

/** Where everything is read into, as with connections; what was there is gone after each read. */
const shared = Buffer.alloc(65_536);

/**
 * @param pieces latin1, as they arrive
 * @param isEnded the connection ends after the last one
 */
export function readPieces(pieces: readonly string[], isEnded: boolean, options: ReadOptions = {}): Reading {
  const { method = 'GET', maxHeadBytes = 16_384 } = options;
  const hearing = new Hearing();
  let isReusable = false;
  // A handler's doings may lead to another read.
  hearing.onHead = hearing.onInterim = hearing.onChunk = () => void shared.fill(0xee, 0, 4_096);
  const owner: ReaderOwner = {
    onLoan: () => false,
    onBodyPart: () => undefined,
    onInterim: () => undefined,
    onHead: () => undefined,
    onUpgrade: () => undefined,
    onResponseOver(trip, isKept) {
      trip.isOver = true;
      isReusable = isKept;
    },
  };
  const reader = new ResponseReader(owner, new HeadParser(), new Memory(), maxHeadBytes);
  const trip = new Trip({ method, path: '/', headers: [], body: null }, hearing, { forget: () => undefined });
  reader.expect(trip);
  hearing.onRequestStart(trip);
  try {
    for (const piece of pieces) {
      if (piece.length === 0) continue;
      if (hearing.isOver) isReusable = false;
      else reader.read(shared, shared.write(piece, 0, 'latin1'), false);
      shared.fill(0xee, 0, piece.length);
    }
    if (isEnded && !hearing.isOver) {
      if (reader.end()) assert.ok(hearing.isEnded);
      else hearing.onResponseError(trip, new TransportError('reset', 'ended'));
    }
  } catch (error) {
    if (!(error instanceof TransportError)) throw error;
    hearing.onResponseError(trip, error);
  }
  const { ending, interims, status, reason, fields, body, trailers } = hearing;
  return { ending, interims, status, reason, fields, body, trailers, isReusable };
}

/** One octet per piece. @param latin1 text */
export function octetsOf(latin1: string): string[] {
  return latin1.split('');
}

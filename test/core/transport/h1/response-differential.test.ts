/**
 * llhttp, through undici, as the judge of our reader: what it refuses we refuse, and what both take is the same to both.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { Pool } from 'undici';
import { HOSTILE, SOUND } from './corpus.ts';
import { Hearing } from './hearing.ts';
import { message } from './messages.ts';
import { readPieces } from './read.ts';

const numRuns = Number(process.env['H1_FUZZ'] ?? 5_000) / 10;
const SEED = 20_260_102;

/** What undici refuses of itself: a length in a 304, one between tabs, and a 100 that nobody asked for. */
function isAlone(error: Error | undefined): boolean {
  if (error === undefined) return false;
  return Reflect.get(error, 'code') === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' || error.message === 'bad response';
}

describe('compared with llhttp', () => {
  let bytes = '';
  const server = net.createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => void socket.end(bytes, 'latin1'));
  });
  let pool: Pool;

  before(async () => {
    await once(server.listen(0, '127.0.0.1'), 'listening');
    pool = new Pool(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { allowH2: false });
  });
  after(async () => {
    await pool.destroy();
    server.close();
  });

  async function byLlhttp(response: string, method: string): Promise<Hearing> {
    bytes = response;
    const hearing = new Hearing();
    // The end of the connection is no part of the question.
    pool.dispatch({ path: '/', method, reset: true }, hearing);
    return hearing.over;
  }

  async function compare(response: string, method = 'GET'): Promise<string> {
    const theirs = await byLlhttp(response, method);
    const ours = readPieces([response], true, { method });
    if (isAlone(theirs.error)) return 'undici alone';
    if (theirs.ending !== 'whole') {
      assert.notEqual(ours.ending, 'whole', `it refuses: ${theirs.error?.message}`);
      return 'refused';
    }
    if (ours.ending !== 'whole') return 'stricter';
    // It leaves white space at the end of a value, which RFC 9112 section 5.1 says is no part of it.
    const fields = (theirs.fields as unknown as Buffer[]).map((part) => part.toString('latin1').replace(/[\t ]+$/, ''));
    assert.deepEqual([ours.status, ours.fields, ours.body], [theirs.status, fields, theirs.body]);
    return 'equal';
  }

  it('what it takes of the corpus we take alike', async () => {
    for (const { bytes: sound, method } of SOUND) {
      assert.match(await compare(sound, method), /^(equal|undici alone)$/, sound);
    }
  });

  it('what it refuses of the corpus we refuse', async () => {
    const verdicts = new Set<string>();
    for (const hostile of Object.values(HOSTILE)) verdicts.add(await compare(hostile));
    verdicts.delete('undici alone');
    assert.deepEqual([...verdicts].toSorted(), ['refused', 'stricter']);
  });

  it('we take nothing made up at random that it refuses, and nothing in another way', async function () {
    this.timeout(600_000);
    const verdicts = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(message, fc.constantFrom('GET', 'GET', 'HEAD'), async (response, method) => {
        const verdict = await compare(response, method);
        verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
      }),
      { numRuns, seed: SEED },
    );
    assert.ok((verdicts.get('equal') ?? 0) > numRuns / 20, JSON.stringify([...verdicts]));
  });
});

/**
 * Thousands of responses that are nearly right. `H1_FUZZ=100000` tries so many; a failure is made as small as it can be.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { message } from './messages.ts';
import { octetsOf, readPieces } from './read.ts';
import type { Reading } from './read.ts';

const numRuns = Number(process.env['H1_FUZZ'] ?? 5_000);
const SEED = 20_260_101;

/** Pieces of it, in order. */
function cut(bytes: string, cuts: readonly number[]): string[] {
  const places = [0, ...cuts.map((place) => place % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  return places.slice(1).map((end, i) => bytes.slice(places[i], end));
}

/** How much of the body was passed on before something was found wrong depends on how it came. */
function verdict(reading: Reading): object {
  if (reading.ending === 'whole') return reading;
  return { ending: reading.ending };
}

describe('responses made up at random', () => {
  it('mean the same however they are cut, and never break anything', function () {
    this.timeout(600_000);
    const endings = new Map<string, number>();
    fc.assert(
      fc.property(
        message,
        fc.array(fc.nat(), { maxLength: 5 }),
        fc.constantFrom('GET', 'HEAD'),
        (bytes, cuts, method) => {
          const whole = readPieces([bytes], true, { method });
          endings.set(whole.ending, (endings.get(whole.ending) ?? 0) + 1);
          assert.deepEqual(verdict(readPieces(cut(bytes, cuts), true, { method })), verdict(whole));
          assert.deepEqual(verdict(readPieces(octetsOf(bytes), true, { method })), verdict(whole));
        },
      ),
      { numRuns, seed: SEED },
    );
    assert.deepEqual([...endings.keys()].toSorted(), ['bad-response', 'reset', 'whole']);
    assert.ok(Math.min(...endings.values()) > numRuns / 200, `all happen often: ${JSON.stringify([...endings])}`);
  });
});

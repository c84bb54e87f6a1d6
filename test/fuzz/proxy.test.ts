/**
 * A short run of the fuzzers over every wire client. `pnpm fuzz` is the long one.
 */
import assert from 'node:assert/strict';
import { FUZZERS, TRANSPORTS } from './fuzzers.ts';

const SHORT = { runs: 250, seed: 20_261_122, lanes: 5 };

for (const transport of TRANSPORTS) {
  describe(`a proxy over ${transport}`, () => {
    it('passes on what clients have really asked for, each once and unambiguously, and answers or hangs up', async () => {
      const tally = await FUZZERS.requests(SHORT, { cluster: { transport } });
      // Enough of it gets through, or nothing is proved.
      assert.ok(tally['heard']! > 150 && tally['answered 400']! > 50, JSON.stringify(tally));
    }).timeout(60_000);

    it('gives each client one response to its own request or none, whatever an endpoint says', async () => {
      const tally = await FUZZERS.responses(SHORT, { cluster: { transport } });
      assert.ok(tally['passed on']! > 50 && tally['refused']! > 50, JSON.stringify(tally));
    }).timeout(60_000);
  });
}

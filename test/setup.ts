/**
 * Loaded by mocha before the specs. Mocha is run without `--exit`, so whatever a test leaves open keeps the process alive;
 * instead of a run that hangs for ever, that becomes a failure that names what is still open.
 */
import fc from 'fast-check';
import { closeAll } from './closing.ts';

const GRACE_MS = 5_000;

// Properties that name no seed of their own still meet the same cases in every run.
fc.configureGlobal({ seed: 20_261_122 });

export const mochaHooks: Mocha.RootHookObject = {
  afterEach: closeAll,

  afterAll() {
    setTimeout(() => {
      const open = process
        .getActiveResourcesInfo()
        .filter((resource) => resource !== 'TTYWrap' && resource !== 'PipeWrap');
      console.error(`The tests are over, but something they opened is not closed: ${open.join(', ') || 'unknown'}.`);
      // Mocha sets the code to the number of failed tests as the process exits; this comes after it.
      process.on('exit', () => (process.exitCode = 1));
      process.exit();
    }, GRACE_MS).unref();
  },
};

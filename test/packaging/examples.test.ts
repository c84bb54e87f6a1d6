/**
 * Every folder of examples/ is one example: `main.ts` shows one idea. Run with `--check` it does its job once without waiting for anyone,
 * and exits with 0 if all was as promised.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './workspace.ts';

const EXAMPLES = join(ROOT, 'examples');
const LIMIT_MS = 60_000;

interface Ended {
  readonly code: string | number | undefined;
  readonly output: string;
}

function runExample(name: string): Promise<Ended> {
  const args = [
    '--conditions=source',
    '--disable-warning=ExperimentalWarning',
    join(EXAMPLES, name, 'main.ts'),
    '--check',
  ];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: ROOT, timeout: LIMIT_MS }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : (error.code ?? error.signal), output: stdout + stderr });
    });
  });
}

describe('the example', function () {
  this.timeout(LIMIT_MS + 5_000);

  const names = readdirSync(EXAMPLES, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'node_modules')
    .map(({ name }) => name);

  for (const name of names) {
    it(`${name} keeps its promise`, async () => {
      const { code, output } = await runExample(name);
      assert.equal(code, 0, output);
    });
  }
});

/**
 * Runs the whole suite on every Node that the packages support: `node test/run-nodes.ts [22 24 26] [what mocha accepts]`.
 * A Node other than the one that runs this file is brought by npx, from the npm package `node`.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const MAJORS = ['22', '24', '26'];

const args = process.argv.slice(2);
const chosen = MAJORS.filter((major) => args.includes(major));
const mochaArgs = args.filter((arg) => !MAJORS.includes(arg));
const failed = (chosen.length > 0 ? chosen : MAJORS).filter((major) => {
  console.log(`\n== Node ${major}`);
  const run = [
    '--conditions=source',
    '--disable-warning=ExperimentalWarning',
    join(import.meta.dirname, 'run.ts'),
    ...mochaArgs,
  ];
  const { status } = spawnSync(nodePath(major), run, { stdio: 'inherit' });
  return status !== 0;
});
if (failed.length > 0) {
  console.error(`The suite fails on Node ${failed.join(', ')}.`);
  process.exitCode = 1;
}

function nodePath(major: string): string {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath;
  const { stdout, stderr, status } = spawnSync('npx', ['-y', '-p', `node@${major}`, 'node', '-p', 'process.execPath'], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`npx could not bring Node ${major}:\n${stderr}`);
  return stdout.trim();
}

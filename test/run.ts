/**
 * Runs the suite on the Node that runs this file: `node test/run.ts [--no-redis] [what mocha accepts]`.
 * With `--no-redis` the specs that speak to a Redis are left out; otherwise one is found first (see redis-server.ts).
 */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { findRedis, NoRedisError } from './redis-server.ts';

const ROOT = dirname(import.meta.dirname);
// Our packages are taken from their sources. The warnings are about type stripping and node:sqlite on Node 22.
const NODE_ARGS = ['--conditions=source', '--disable-warning=ExperimentalWarning'];
const MOCHA = createRequire(import.meta.url).resolve('mocha/bin/mocha.js');

async function main(args: readonly string[]): Promise<number> {
  const isWithRedis = !args.includes('--no-redis');
  const mochaArgs = args.filter((arg) => arg !== '--no-redis');
  const specs = mochaArgs.some(isSpec) ? [] : specFiles(isWithRedis);
  if (!isWithRedis) return mocha([...mochaArgs, ...specs], '');
  const redis = await findRedis(console.log);
  console.log(`Node ${process.version}; Redis: ${redis.description}`);
  try {
    return await mocha([...mochaArgs, ...specs], redis.url);
  } finally {
    await redis.stop();
  }
}

function isSpec(arg: string): boolean {
  return !arg.startsWith('-') && /(\.ts|\/\*?)$/.test(arg);
}

/** Every spec; or only those that run without a Redis, which is told by whether they read REDIS_URL. */
function specFiles(isWithRedis: boolean): string[] {
  const folders = readdirSync(import.meta.dirname, { withFileTypes: true }).filter(
    (entry) => entry.isDirectory() && entry.name !== 'node_modules',
  );
  const all = folders.flatMap(({ name }) =>
    readdirSync(join(import.meta.dirname, name), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.test.ts'))
      .map((file) => join(import.meta.dirname, name, file)),
  );
  return all.filter((file) => isWithRedis || !readFileSync(file, 'utf8').includes('REDIS_URL')).toSorted();
}

/** Runs mocha and gives its exit code. A signal that ends this process ends mocha first. */
function mocha(args: readonly string[], redisUrl: string): Promise<number> {
  const forbidOnly = process.env['CI'] === undefined ? [] : ['--forbid-only'];
  const child = spawn(process.execPath, [...NODE_ARGS, MOCHA, ...forbidOnly, ...args], {
    cwd: ROOT,
    stdio: 'inherit',
    env: {
      ...process.env,
      REDIS_URL: redisUrl,
      // A test that starts `node` by name gets the same one.
      PATH: dirname(process.execPath) + delimiter + process.env['PATH'],
    },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? 128 + constants.signals[signal!]));
  });
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof NoRedisError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

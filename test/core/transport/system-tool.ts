/**
 * Programs of the system that tests probe with or against. One that is missing is installed where that is permitted, as Redis
 * is; where it is not, the test fails in CI and is left out elsewhere, with a line that says why.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Servers are not on everybody's PATH. */
const SERVER_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin'];
const INSTALL_TIMEOUT_MS = 180_000;

/** The path of `command`, which Debian has in `packageName`. Call it from a hook or a test, with its context. */
export function systemTool(context: Mocha.Context, command: string, packageName: string): string {
  const found = find(command) ?? install(context, command, packageName);
  if (found !== undefined) return found;
  const reason = `${command} is missing and could not be installed (Debian: apt-get install ${packageName})`;
  return giveUp(context, reason);
}

/** Ends the test: in CI as failed, elsewhere as left out. */
function giveUp(context: Mocha.Context, reason: string): never {
  if (process.env['CI'] !== undefined) throw new Error(reason);
  console.log(`      left out: ${reason}`);
  return context.skip();
}

function find(command: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...SERVER_FOLDERS];
  return folders.map((folder) => join(folder, command)).find((path) => existsSync(path));
}

function install(context: Mocha.Context, command: string, packageName: string): string | undefined {
  if (find('apt-get') === undefined) return undefined;
  const isRoot = process.getuid?.() === 0;
  if (!isRoot && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status !== 0) return undefined;
  context.timeout(INSTALL_TIMEOUT_MS);
  console.log(`No ${command} found: installing ${packageName} with apt-get.`);
  const asRoot = isRoot ? [] : ['sudo', '-n'];
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', packageName]]) {
    const [program, ...rest] = [...asRoot, 'apt-get', '-q', ...args];
    spawnSync(program!, rest, { stdio: 'ignore', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
  }
  return find(command);
}

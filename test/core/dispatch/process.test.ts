/**
 * What a cluster does to the life of its process: it holds it while somebody waits, and no longer.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { refusedUrl, upstream } from './upstream.ts';
import { closing } from '../../closing.ts';

/** Runs a module and gives what it printed; rejects if it ends with another code than 0, as an unsettled await makes it. */
async function run(body: string): Promise<string> {
  const source = `import { createCluster, tcpProbe } from '@evenkeel/core';\n${body}`;
  const args = ['--conditions=source', '--disable-warning=ExperimentalWarning', '--input-type=module', '-e', source];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: import.meta.dirname });
  return stdout.trim();
}

describe('the process', () => {
  it('lives until a request is settled, also while that waits to try the same endpoint again', async () => {
    const printed = await run(`
      const cluster = createCluster({ endpoints: ['${await refusedUrl()}'] });
      await cluster.request('/').catch((error) => console.log(error.code, error.attempts.length));
    `);
    assert.equal(printed, 'CONNECT_FAILED 3');
  });

  it('lives until an endpoint is drained that keeps its sessions for a while', async () => {
    const printed = await run(`
      const cluster = createCluster({ endpoints: [{ id: 'a', url: 'http://127.0.0.1:9', route: 'r' }] });
      cluster.pick({ now: 0, key: 1, attempt: 0, preferred: 'r', tried: undefined });
      await cluster.drain('a', { deadlineMs: 40, keepSessionsMs: 20 });
      console.log('drained');
    `);
    assert.equal(printed, 'drained');
  });

  it('ends by itself when a cluster is closed, and probes alone do not hold it', async () => {
    const endpoint = closing(await upstream((_req, res) => void res.end('ok')));
    const printed = await run(`
      createCluster({ endpoints: ['${endpoint.url}'], probe: tcpProbe({ intervalMs: 600_000 }) });
      const cluster = createCluster({ endpoints: ['${endpoint.url}'], keepAliveMs: 600_000 });
      console.log(await (await cluster.request('/')).text());
      await cluster.close();
    `);
    assert.equal(printed, 'ok');
  });
});

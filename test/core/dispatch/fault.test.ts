/**
 * Endpoints that are real processes, and really die: SIGKILL under load, SIGSTOP while it is asked.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createCluster, retryBudget, retryPolicy } from '@evenkeel/core';
import type { Cluster } from '@evenkeel/core';
import { closing } from '../../closing.ts';

const SERVER = `
  const server = require('node:http').createServer((req, res) => setTimeout(() => res.end('ok'), 2));
  server.listen(0, '127.0.0.1', () => process.send(server.address().port));
  process.on('disconnect', () => process.exit());
`;

interface App extends AsyncDisposable {
  readonly url: string;
  readonly child: ChildProcess;
}

async function app(): Promise<App> {
  const child = spawn(process.execPath, ['-e', SERVER], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const [port] = (await once(child, 'message')) as [number];
  return {
    url: `http://127.0.0.1:${port}`,
    child,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** `workers` callers, one request after the other each, until `stop` is called. */
function load(cluster: Cluster, workers: number) {
  const failures: unknown[] = [];
  let done = 0;
  let isOver = false;
  const watchers: (() => void)[] = [];
  const running = Array.from({ length: workers }, async () => {
    while (!isOver) {
      await cluster
        .request('/')
        .then((response) => response.text())
        .catch((error: unknown) => failures.push(error));
      done++;
      for (const watcher of watchers) watcher();
    }
  });
  return {
    failures,
    /** Resolves after `count` more requests. */
    progress(count: number): Promise<void> {
      const goal = done + count;
      return new Promise((resolve) => void watchers.push(() => done >= goal && resolve()));
    },
    async stop() {
      isOver = true;
      await Promise.all(running);
    },
  };
}

describe('an endpoint that is a process', () => {
  it('costs no idempotent request when it is killed under load', async () => {
    const one = closing(await app());
    const two = closing(await app());
    const three = closing(await app());
    const cluster = closing(createCluster({ endpoints: [one.url, two.url, three.url] }));
    const callers = load(cluster, 24);
    await callers.progress(600);
    one.child.kill('SIGKILL');
    await callers.progress(1_200);
    await callers.stop();
    assert.deepEqual(callers.failures, []);
    assert.ok(cluster.endpoints.every((endpoint) => endpoint.inflight === 0));
  });

  it('costs no idempotent request when it freezes', async () => {
    const one = closing(await app());
    const two = closing(await app());
    const cluster = closing(
      createCluster({
        endpoints: [one.url, two.url],
        headTimeoutMs: 150,
        connectTimeoutMs: 150,
        retry: retryPolicy({ maxAttempts: 3 }),
        budget: retryBudget({ minPerSecond: 100 }),
      }),
    );
    const callers = load(cluster, 8);
    await callers.progress(200);
    one.child.kill('SIGSTOP');
    await callers.progress(800);
    one.child.kill('SIGCONT');
    await callers.stop();
    assert.deepEqual(callers.failures, []);
  });
});

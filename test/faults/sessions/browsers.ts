/** Browsers that ask one app without a rest, and how long each answer took. */
import { fork } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import type { AppTask } from './app.ts';

/** One answered request. */
export interface Visit {
  readonly path: string;
  /** 0 if the connection broke. */
  readonly status: number;
  readonly startedAt: number;
  readonly tookMs: number;
}

export interface AppUnderFire extends AsyncDisposable {
  readonly visits: readonly Visit[];
  /** Asks once. @param cookie as a `Cookie` field; updated in place by the answer where it is a browser's */
  ask(
    path: string,
    cookie?: string,
  ): Promise<{ readonly status: number; readonly cookie: string; readonly body: string }>;
  /** Lets browsers ask for these paths over and over, each with a session of its own, until `stop`. */
  start(paths: readonly string[]): void;
  stop(): Promise<void>;
  /** Resolves when so many more requests, for one of the paths if given, have been answered with the status. */
  more(count: number, status: number): Promise<void>;
  /** True while its process lives. */
  readonly isAlive: boolean;
}

export async function startApp(task: AppTask): Promise<AppUnderFire> {
  const child = fork(join(import.meta.dirname, 'app.ts'), [JSON.stringify(task)]);
  const first = once(child, 'message') as Promise<[number]>;
  const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`The app ended with ${code}`)));
  const [port] = await Promise.race([first, ended]);
  ended.catch(() => undefined);
  const agent = new Agent({ keepAlive: true });
  const news = new EventEmitter().setMaxListeners(0);
  const visits: Visit[] = [];
  const browsers: Promise<void>[] = [];
  let isStopped = false;

  async function ask(path: string, cookie = ''): ReturnType<AppUnderFire['ask']> {
    const request = get({ port, host: '127.0.0.1', path, agent, headers: cookie === '' ? {} : { cookie } });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    let body = '';
    for await (const chunk of response.setEncoding('utf8')) body += String(chunk);
    const made = response.headers['set-cookie']?.[0]?.split(';')[0];
    return { status: response.statusCode!, cookie: made ?? cookie, body };
  }
  async function browse(path: string): Promise<void> {
    let cookie = '';
    while (!isStopped) {
      const startedAt = performance.now();
      let status = 0;
      try {
        ({ status, cookie } = await ask(path, cookie));
      } catch {
        // Counted as a broken connection.
      }
      visits.push({ path, status, startedAt, tookMs: performance.now() - startedAt });
      news.emit('visit', status);
      // An app that refuses at once must not make its browsers a flood.
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
  return {
    visits,
    ask,
    start: (paths) => void browsers.push(...paths.map(browse)),
    async stop() {
      isStopped = true;
      await Promise.all(browsers);
    },
    async more(count, status) {
      for (let left = count; left > 0;) if ((await once(news, 'visit'))[0] === status) left--;
    },
    get isAlive() {
      return child.exitCode === null && child.signalCode === null;
    },
    async [Symbol.asyncDispose]() {
      isStopped = true;
      agent.destroy();
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
      await Promise.all(browsers);
    },
  };
}

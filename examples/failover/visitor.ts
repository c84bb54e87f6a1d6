/** One user's browser, as far as it matters: a cookie, and a note of who answered. */
import http from 'node:http';
import type { Tally } from './tally.ts';

const agent = new http.Agent({ keepAlive: true });

interface Answer {
  readonly user: string | null;
  readonly items?: Record<string, string>;
}

export class Visitor {
  moves = 0;
  private cookie = '';
  private readonly origin: string;
  private readonly user: string;
  private readonly tally: Tally;

  constructor(origin: string, user: string, tally: Tally) {
    this.origin = origin;
    this.user = user;
    this.tally = tally;
  }

  /** Undefined if the request failed. */
  async call(method: string, path: string): Promise<Answer | undefined> {
    this.tally.requests++;
    try {
      const { status, body, headers } = await send(this.origin + path, method, this.cookie);
      const [set] = headers['set-cookie'] ?? [];
      if (set !== undefined) this.cookie = set.split(';')[0]!;
      this.countServer(String(headers['x-served-by']));
      if (status !== 200 && status !== 401) throw new Error(`${method} ${path}: ${status} ${body}`);
      const answer = JSON.parse(body) as Answer;
      if (answer.user !== this.user) this.tally.lostLogins++;
      return answer;
    } catch (error) {
      this.tally.failures.push((error as Error).message);
      return undefined;
    }
  }

  private countServer(name: string): void {
    const { served, servedBy } = this.tally;
    served.set(name, (served.get(name) ?? 0) + 1);
    const last = servedBy.get(this.user);
    if (last !== undefined && last !== name) this.moves++;
    servedBy.set(this.user, name);
  }
}

function send(url: string, method: string, cookie: string) {
  return new Promise<{ status: number; body: string; headers: http.IncomingHttpHeaders }>((resolve, reject) => {
    const headers = { 'content-length': 0, ...(cookie !== '' && { cookie }) };
    const request = http.request(url, { method, agent, headers }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body, headers: response.headers }));
      response.on('error', reject);
    });
    request.on('error', reject).end();
  });
}

/** The load: users who log in once and fill their carts, several updates at a time. They believe nothing and check everything. */
import http from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

/** What the demo is judged by. */
export class Tally {
  requests = 0;
  failures: string[] = [];
  lostLogins = 0;
  lostUpdates = 0;
  updates = 0;
  /** Requests by instance. */
  readonly served = new Map<string, number>();
  /** How often each user's session moved to another instance. */
  readonly moves: number[] = [];
}

const THINK_MS = 15;
const agent = new http.Agent({ keepAlive: true });

/** One user, until `signal` is aborted; then the cart is compared with every update that was acknowledged. */
export async function shop(origin: string, user: string, tally: Tally, signal: AbortSignal): Promise<void> {
  const visitor = new Visitor(origin, user, tally);
  const acknowledged: string[] = [];
  await visitor.call('PUT', `/login/${user}`);
  for (let step = 0; !signal.aborted; step++) {
    const updates = [`${step}a`, `${step}b`];
    const answers = await Promise.all(updates.map((update) => visitor.call('PUT', `/cart/${update}/apple`)));
    acknowledged.push(...updates.filter((_update, i) => answers[i] !== undefined));
    await delay(THINK_MS);
  }
  const cart = await visitor.call('GET', '/cart');
  tally.updates += acknowledged.length;
  tally.lostUpdates += acknowledged.filter((update) => cart?.items?.[update] !== 'apple').length;
  tally.moves.push(visitor.moves);
}

interface Answer {
  readonly user: string | null;
  readonly items?: Record<string, string>;
}

class Visitor {
  moves = 0;
  private cookie = '';
  private servedBy = '';
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
    const { served } = this.tally;
    served.set(name, (served.get(name) ?? 0) + 1);
    if (this.servedBy !== '' && this.servedBy !== name) this.moves++;
    this.servedBy = name;
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

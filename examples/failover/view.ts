/** What the terminal shows: a live table where there is a terminal, a line per event everywhere. */
import type { FrontReport } from './front.ts';
import type { Tally } from './tally.ts';

export class View {
  private readonly isLive: boolean;
  private readonly heading: readonly string[];
  private readonly events: string[] = [];
  private readonly startedAt = performance.now();

  constructor(isLive: boolean, heading: readonly string[]) {
    this.isLive = isLive;
    this.heading = heading;
    if (!isLive) for (const line of heading) console.log(line);
  }

  event(text: string): void {
    const seconds = ((performance.now() - this.startedAt) / 1_000).toFixed(1).padStart(5);
    this.events.push(`${seconds} s  ${text}`);
    if (!this.isLive) console.log(this.events.at(-1));
  }

  draw(report: FrontReport, tally: Tally): void {
    if (!this.isLive) return;
    const rows = report.endpoints.map(({ name, state, inflight, latencyMs }) => {
      const users = [...tally.servedBy].filter(([, instance]) => instance === name).map(([user]) => user);
      const colour = state === 'up' ? 32 : state === 'draining' ? 33 : 31;
      const columns = [
        String(inflight).padStart(9),
        `${latencyMs.toFixed(1)} ms`.padStart(11),
        String(tally.served.get(name) ?? 0).padStart(8),
        String(users.length).padStart(10),
      ];
      const whom = users.slice(0, 4).join(' ') + (users.length > 4 ? ' ...' : '');
      return `  ${name.padEnd(16)}\x1b[${colour}m${state.padEnd(13)}\x1b[0m${columns.join('')}  ${whom}`;
    });
    const lines = [
      ...this.heading,
      '',
      `  ${'endpoint'.padEnd(16)}${'health'.padEnd(13)}in flight    latency  served  sessions  of`,
      ...rows,
      '',
      `  ${tally.requests} requests, ${tally.failures.length} failed, ${tally.lostLogins} logins lost`,
      '',
      ...this.events.slice(-8).map((line) => `  ${line}`),
    ];
    process.stdout.write(`\x1b[H\x1b[J${lines.join('\n')}\n`);
  }
}

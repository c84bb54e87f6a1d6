/** What the processes of a candidate have used so far. */
export interface Usage {
  /** User and system, in us. */
  readonly cpuUs: number;
  readonly rssBytes: number;
}

/** Of this process. */
export function ownUsage(): Usage {
  const { user, system } = process.cpuUsage();
  return { cpuUs: user + system, rssBytes: process.memoryUsage.rss() };
}

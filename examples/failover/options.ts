/** What the demo can be told on the command line. */
import { parseArgs } from 'node:util';

export interface DemoOptions {
  /** No live view, as short as the story allows, and an exit code that tells. */
  readonly isCheck: boolean;
  readonly seconds: number;
  readonly users: number;
  readonly port: number;
  readonly store: 'auto' | 'redis' | 'sqlite';
}

const HELP = `Three app instances share sessions behind a balancer. One is killed, one is drained; nobody is logged out.

  --check         no live view; exits with 1 if a request failed or a login or an update was lost (at most 30 s)
  --seconds <n>   how long the load runs, 5 to 3600 (default 40, with --check 6)
  --users <n>     logged-in users, 1 to 500 (default 20)
  --port <n>      where to listen for your browser, on loopback only (default 8080, with --check any free one)
  --store <name>  redis, sqlite, or auto: Redis where REDIS_URL names one or redis-server is installed (default auto)
  --help          this text`;

/** Exits for `--help`, and with 2 for arguments that make no sense. */
export function readOptions(args: readonly string[]): DemoOptions {
  try {
    const { values } = parseArgs({
      args: args.filter((arg) => arg !== '--'),
      options: {
        check: { type: 'boolean', default: false },
        seconds: { type: 'string' },
        users: { type: 'string', default: '20' },
        port: { type: 'string' },
        store: { type: 'string', default: 'auto' },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      console.log(HELP);
      process.exit(0);
    }
    const { store, check: isCheck } = values;
    if (store !== 'auto' && store !== 'redis' && store !== 'sqlite') {
      throw new Error(`--store must be redis, sqlite or auto, got ${store}`);
    }
    return {
      isCheck,
      seconds: integer('--seconds', values.seconds ?? (isCheck ? '6' : '40'), 5, 3_600),
      users: integer('--users', values.users, 1, 500),
      port: integer('--port', values.port ?? (isCheck ? '0' : '8080'), 0, 65_535),
      store,
    };
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${HELP}`);
    process.exit(2);
  }
}

function integer(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new Error(`${name} must be an integer from ${min} to ${max}, got ${text}`);
}

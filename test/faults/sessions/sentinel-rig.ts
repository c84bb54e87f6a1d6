/** A master, two replicas and three sentinels that know each other from the start, all real, on ports of this machine. */
import { randomBytes } from 'node:crypto';
import { laggingProxy } from './lagging-proxy.ts';
import { freePorts, redisProcess } from './redis-process.ts';
import { asked, type FailoverRig, Together, until } from './rig.ts';

const NAME = 'sessions';
const DOWN_AFTER_MS = 400;

/** @param lagMs how far the replicas are behind; 0 is as loopback does it */
export async function sentinelRig(lagMs: number): Promise<FailoverRig> {
  const [front = 0, behind = 0, ...others] = await freePorts(7);
  const [replicaPorts, sentinelPorts] = [others.slice(0, 2), others.slice(2)];
  const all = new Together();
  try {
    const master = await all.add(redisProcess(behind, ['repl-diskless-sync-delay 0']));
    const proxy = await all.add(laggingProxy(front, behind, lagMs));
    const replicaOptions = [`replicaof 127.0.0.1 ${front}`, 'repl-diskless-sync-delay 0'];
    await Promise.all(replicaPorts.map((port) => all.add(redisProcess(port, replicaOptions))));
    await until(() => hasReplicas(behind, 2));
    const sentinels = sentinelPorts.map((port) => ({ port, id: randomBytes(20).toString('hex') }));
    await Promise.all(
      sentinels.map(({ port, id }) => {
        const known = sentinels.filter((other) => other.port !== port);
        const peers = known.map((other) => `sentinel known-sentinel ${NAME} 127.0.0.1 ${other.port} ${other.id}`);
        const replicas = replicaPorts.map((replica) => `sentinel known-replica ${NAME} 127.0.0.1 ${replica}`);
        return all.add(redisProcess(port, [...sentinelOptions(id, front), ...peers, ...replicas], '--sentinel'));
      }),
    );
    await until(async () => {
      const usable = await Promise.all(sentinelPorts.map(hasQuorum));
      return usable.every(Boolean);
    });
    return {
      place: { kind: 'sentinel', ports: sentinelPorts, name: NAME },
      async failOver() {
        const killed = master.kill();
        proxy.cut();
        await killed;
        await until(async () => replicaPorts.includes(await masterPort(sentinelPorts[0]!)));
      },
      [Symbol.asyncDispose]: () => all[Symbol.asyncDispose](),
    };
  } catch (error) {
    await all[Symbol.asyncDispose]();
    throw error;
  }
}

function sentinelOptions(id: string, masterAt: number): string[] {
  return [
    `sentinel myid ${id}`,
    `sentinel monitor ${NAME} 127.0.0.1 ${masterAt} 2`,
    `sentinel down-after-milliseconds ${NAME} ${DOWN_AFTER_MS}`,
    `sentinel failover-timeout ${NAME} 10000`,
    `sentinel parallel-syncs ${NAME} 1`,
  ];
}

async function hasReplicas(port: number, count: number): Promise<boolean> {
  const info = await asked(port, (redis) => redis.info('replication'));
  return (info.match(/state=online/g) ?? []).length === count;
}

/** A sentinel that sees enough others for a failover, and replicas that could take over. */
async function hasQuorum(port: number): Promise<boolean> {
  const answer = await asked(port, (redis) => redis.call('SENTINEL', 'CKQUORUM', NAME)).catch(String);
  const replicas = (await asked(port, (redis) => redis.call('SENTINEL', 'REPLICAS', NAME))) as string[][];
  const isKnown = (replica: string[]): boolean => replica[replica.indexOf('master-link-status') + 1] === 'ok';
  return String(answer).startsWith('OK') && replicas.length === 2 && replicas.every(isKnown);
}

async function masterPort(sentinel: number): Promise<number> {
  const address = await asked(sentinel, (redis) => redis.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME));
  return Number((address as string[])[1]);
}

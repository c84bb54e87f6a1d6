/**
 * A Redis Cluster of three masters with a replica each, all real, on ports of this machine. The master that dies has one more, so that
 * there is still a replica when the first has taken over: without one, whoever asks for replicas gets none.
 */
import { laggingProxy } from './lagging-proxy.ts';
import { freePorts, redisProcess } from './redis-process.ts';
import { asked, type FailoverRig, Together, until } from './rig.ts';

const MASTERS = 3;
const MEMBERS = 2 * MASTERS + 1;
const SLOTS = 16_384;
const TIMEOUT_MS = 1_000;

interface Member {
  readonly port: number;
  readonly busPort: number;
  /** Where the others and the clients find it. */
  readonly announced: number;
}

/** @param lagMs how far the replica of the master that dies is behind; 0 is as loopback does it */
export async function clusterRig(lagMs: number): Promise<FailoverRig> {
  const [front = 0, ...ports] = await freePorts(1 + 2 * MEMBERS);
  const members = Array.from({ length: MEMBERS }, (_, i): Member => {
    const [port = 0, busPort = 0] = ports.slice(2 * i);
    return { port, busPort, announced: i === 0 ? front : port };
  });
  const dying = members[0]!;
  const heirs = [members[MASTERS]!, members[2 * MASTERS]!];
  const all = new Together();
  try {
    const proxy = await all.add(laggingProxy(front, dying.port, lagMs));
    const servers = await Promise.all(members.map((member) => all.add(redisProcess(member.port, optionsOf(member)))));
    await form(members);
    return {
      place: { kind: 'cluster', ports: members.map(({ announced }) => announced) },
      async failOver() {
        const killed = servers[0]!.kill();
        proxy.cut();
        await killed;
        await until(async () => {
          const replications = await Promise.all(heirs.map((heir) => info(heir, 'replication')));
          return replications.some((replication) => replication.includes('role:master'));
        });
      },
      [Symbol.asyncDispose]: () => all[Symbol.asyncDispose](),
    };
  } catch (error) {
    await all[Symbol.asyncDispose]();
    throw error;
  }
}

function optionsOf({ busPort, announced }: Member): string[] {
  return [
    'cluster-enabled yes',
    `cluster-node-timeout ${TIMEOUT_MS}`,
    `cluster-port ${busPort}`,
    `cluster-announce-port ${announced}`,
    'repl-diskless-sync-delay 0',
  ];
}

/** Slots to the first members; each of the others is the replica of one of them. */
async function form(members: readonly Member[]): Promise<void> {
  const share = Math.ceil(SLOTS / MASTERS);
  for (const [i, { port }] of members.entries()) {
    await cluster(port, 'SET-CONFIG-EPOCH', i + 1);
    if (i < MASTERS) await cluster(port, 'ADDSLOTSRANGE', i * share, Math.min((i + 1) * share, SLOTS) - 1);
    if (i > 0) await cluster(port, 'MEET', '127.0.0.1', members[0]!.announced, members[0]!.busPort);
  }
  const everywhere = (isSo: (member: Member) => Promise<boolean>, of = members): Promise<void> =>
    until(async () => (await Promise.all(of.map(isSo))).every(Boolean));
  await everywhere(async ({ port }) => knows(String(await cluster(port, 'INFO')), members.length));
  const replicas = members.slice(MASTERS);
  for (const [i, { port }] of replicas.entries()) {
    const master = String(await cluster(members[i % MASTERS]!.port, 'MYID'));
    await cluster(port, 'REPLICATE', master);
  }
  await everywhere(async (member) => (await info(member, 'replication')).includes('master_link_status:up'), replicas);
  // Each must know of each replica: a client that asked one that does not would look for it in vain after the failover.
  await everywhere(async ({ port }) => {
    const nodes = String(await cluster(port, 'NODES'));
    return nodes.split('\n').filter((line) => /\bslave\b/.test(line)).length === MEMBERS - MASTERS;
  });
}

function knows(clusterInfo: string, count: number): boolean {
  return clusterInfo.includes('cluster_state:ok') && clusterInfo.includes(`cluster_known_nodes:${count}`);
}

function cluster(port: number, ...words: (string | number)[]): Promise<unknown> {
  return asked(port, (redis) => redis.call('CLUSTER', ...words));
}

function info({ port }: Member, section: string): Promise<string> {
  return asked(port, (redis) => redis.info(section));
}

/**
 * Endpoints from Kubernetes' EndpointSlices. With KUBERNETES_URL (`kubectl proxy` gives one), NAMESPACE and SERVICE it follows a real service
 * until Ctrl-C; without, a stand-in plays one: a pod terminates while a session sticks to it, and the API server forgets the past.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { createCluster } from '@evenkeel/core';
import type { Cluster } from '@evenkeel/core';
import { kubernetesResolver } from './kubernetes-resolver.ts';
import { pod, startApiServer } from './stand-in.ts';

function follow(base: string, namespace: string, service: string): Cluster {
  const cluster = createCluster({ name: service, endpoints: kubernetesResolver(base, namespace, service, 'http') });
  cluster.on('added', ({ id, origin, zone }) => console.log(`+ ${id} at ${origin} in ${zone}`));
  cluster.on('unpickable', ({ id }, reason) => console.log(`~ ${id} is ${reason}`));
  cluster.on('removed', ({ id }) => console.log(`- ${id}`));
  cluster.on('resolveFailed', ({ message }) => console.log(`! ${message}`));
  return cluster;
}

const next = (cluster: Cluster, event: 'added' | 'removed' | 'unpickable'): Promise<void> =>
  new Promise((resolve) => void cluster.on(event, () => resolve()));

async function startPod(n: number): Promise<http.Server> {
  const server = http.createServer((_req, res) => void res.end(`pod-${n}`));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return server;
}

async function play(): Promise<void> {
  const pods = await Promise.all([0, 1, 2].map(startPod));
  const [port0, port1, port2] = pods.map((server) => (server.address() as AddressInfo).port) as [
    number,
    number,
    number,
  ];
  const api = await startApiServer();
  api.put('web-1', [pod(0)], port0);
  api.put('web-2', [pod(1)], port1);
  api.put('web-3', [pod(2, { ready: false, serving: false, terminating: false })], port2);
  const web = follow(api.url, 'default', 'web');
  await web.ready();
  assert.deepEqual(
    web.endpoints.map(({ id }) => id),
    ['pod-0', 'pod-1'],
  );

  const [leaving] = web.endpoints;
  const drains = next(web, 'unpickable');
  api.put('web-1', [pod(0, { ready: false, serving: true, terminating: true })], port0);
  await drains;
  const context = { now: 0, key: 1, attempt: 0, tried: undefined };
  assert.equal(web.pick({ ...context, preferred: leaving!.route })?.id, 'pod-0', 'its sessions stay');
  assert.equal(web.pick({ ...context, preferred: undefined })?.id, 'pod-1', 'and nothing new comes');

  const replaced = Promise.all([next(web, 'added'), next(web, 'removed')]);
  api.compact();
  api.put('web-1', [pod(2)], port2);
  await replaced;
  console.log(`answered by ${await (await web.request('/')).text()}; the slices were listed and watched: ${api.asked}`);

  await web.close();
  api.close();
  for (const server of pods) server.close();
}

const { KUBERNETES_URL: url, NAMESPACE: namespace = 'default', SERVICE: service = 'web' } = process.env;
if (url === undefined) {
  await play();
} else {
  const cluster = follow(url, namespace, service);
  setInterval(() => console.log(`${cluster.pickable} of ${cluster.endpoints.length} may be picked`), 10_000);
}

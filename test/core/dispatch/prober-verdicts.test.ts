import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { agentProbe, commandProbe, createCluster, httpProbe, isBalancerError, tcpProbe } from '@evenkeel/core';
import type { Probe, ProbeEndMessage } from '@evenkeel/core';
import { seeded } from '@evenkeel/core/testing';
import { changed, probed, scripted, serve, staged, STEP_MS } from './prober-stage.ts';
import { rawUpstream, refusedUrl, upstream } from './upstream.ts';
import { closing } from '../../closing.ts';

describe('what probes of a cluster say', () => {
  it('keep an endpoint out as long as any of several says so', async () => {
    const [first, second] = [scripted({ fall: 1, rise: 1 }), scripted({ fall: 1, rise: 1 })];
    const { cluster, clock, turn } = staged([first, second]);
    const reasons: string[] = [];
    cluster.on('unpickable', (_endpoint, reason) => reasons.push(reason));
    first.isWell = second.isWell = false;
    await turn(1_000);
    first.isWell = true;
    await turn(1_000);
    assert.equal(cluster.pickable, 0);
    second.isWell = true;
    await turn(1_000);
    assert.equal(serve(cluster, clock.now()), 'http://a');
    assert.equal(cluster.pickable, 1);
    assert.deepEqual(reasons, ['probe-failed']);
  });

  it('only keep new work away if their `onFail` is inhibit', async () => {
    const probe = scripted({ fall: 1, onFail: 'inhibit' });
    const { cluster, clock, turn } = staged(probe);
    const reasons: string[] = [];
    cluster.on('unpickable', (_endpoint, reason) => reasons.push(reason));
    probe.isWell = false;
    await turn(1_000);
    assert.deepEqual(reasons, ['inhibited']);
    const { route } = cluster.endpoints[0]!;
    const context = { now: clock.now(), key: 0, attempt: 0, tried: undefined };
    assert.equal(cluster.pick({ ...context, preferred: undefined }), undefined);
    assert.equal(cluster.pick({ ...context, preferred: route })?.id, 'http://a');
  });

  it('set weights and drain on the word of whoever answers, and take that back', async () => {
    const [agent, other] = [scripted(), scripted()];
    const { cluster, turn } = staged([agent, other], 1, { endpoints: [{ url: 'http://a', weight: 40 }] });
    const weightAfter = async (): Promise<number> => {
      await turn(1_000);
      return cluster.endpoints[0]!.weight;
    };
    agent.verdict = { weightRatio: 0.5 };
    assert.equal(await weightAfter(), 20);
    other.verdict = { weightRatio: 0.5 };
    assert.equal(await weightAfter(), 10);
    agent.verdict = { isDraining: true };
    assert.equal(await weightAfter(), 10);
    assert.equal(cluster.pickable, 0);
    agent.verdict = { isDraining: false, weightRatio: 1 };
    assert.equal(await weightAfter(), 20);
    assert.equal(cluster.pickable, 1);
    other.verdict = { weightRatio: 0 };
    await turn(1_000);
    assert.equal(cluster.pickable, 0);
  });

  it('report the load of the endpoint', async () => {
    const probe = scripted();
    const { cluster, turn } = staged(probe);
    probe.verdict = { loadReport: 'TEXT application_utilization=0.25' };
    await turn(1_000);
    assert.equal(cluster.endpoints[0]!.report?.utilization, 0.25);
  });

  it('take an endpoint out, and back, at once on the word of whoever answers', async () => {
    const probe = scripted({ fall: 3 });
    const { cluster, clock, turn } = staged(probe);
    probe.verdict = { isDown: true };
    await turn(1_000);
    assert.equal(serve(cluster, clock.now()), undefined);
    probe.verdict = { isDown: false };
    await turn(1_000);
    assert.equal(serve(cluster, clock.now()), 'http://a');
  });

  it('leave all in use if all fail, as panic has it', async () => {
    const probe = scripted({ fall: 1 });
    const { cluster, clock, turn } = staged(probe, 10, { panicPercent: 50 });
    probe.isWell = false;
    await turn(1_000);
    assert.notEqual(serve(cluster, clock.now()), undefined);
  });

  it('tell of each end on a diagnostics channel', async () => {
    const messages: ProbeEndMessage[] = [];
    const listen = (message: unknown): void => void messages.push(message as ProbeEndMessage);
    subscribe('evenkeel:probe:end', listen);
    const probe = scripted({ fall: 2 });
    const { turn } = staged(probe, 1, { name: 'shop' });
    await turn(1_000);
    probe.isWell = false;
    await turn(1_000);
    await turn(100);
    unsubscribe('evenkeel:probe:end', listen);
    const base = { cluster: 'shop', endpoint: 'http://a', probe: 'scripted' };
    assert.deepEqual(
      messages.map(({ durationMs, error, ...rest }) => {
        assert.ok(durationMs >= 0 && durationMs <= STEP_MS);
        return { ...rest, error: error?.message };
      }),
      [
        { ...base, isPassed: true, isWell: true, error: undefined },
        { ...base, isPassed: false, isWell: true, error: 'ill' },
        { ...base, isPassed: false, isWell: false, error: 'ill' },
      ],
    );
  });

  it('are refused if they have no timing, or are no probes', () => {
    const { intervalMs: _, ...untimed } = tcpProbe();
    for (const [probe, message] of [
      [{ check: () => Promise.resolve() }, /createCluster: `probe` must be a probe such as httpProbe\(\)/],
      [untimed, /`probe` must be a probe such as httpProbe\(\) \(an object with name, check\(\) and its timing\)/],
      [{ ...tcpProbe(), intervalMs: NaN }, /`probe` must be a probe/],
      [[tcpProbe(), 'http'], /`probe\.?\[1\]` must be a probe .* got "http"/],
      ['http', /`probe` must be a probe .* got "http"/],
    ] as const) {
      assert.throws(
        () => createCluster({ endpoints: ['http://a'], probe: probe as Probe }),
        (error) => isBalancerError(error) && message.test(error.message),
      );
    }
    assert.ok(closing(createCluster({ endpoints: ['http://a'], probe: [] })));
  });

  it('speak HTTP and TCP to real endpoints', async () => {
    let status = 200;
    const endpoint = closing(
      await upstream((req, res) => void res.writeHead(req.url === '/health' ? status : 404).end('fine')),
    );
    const timing = { intervalMs: 10, fastIntervalMs: 10, timeoutMs: 5_000, rise: 1, fall: 1 };
    const cluster = closing(
      createCluster({
        endpoints: [endpoint.url],
        name: 'real',
        probe: httpProbe({ ...timing, path: '/health', body: 'fine' }),
        panicPercent: 0,
      }),
    );
    const ill = changed(cluster, 'unpickable');
    status = 500;
    await ill;
    const well = probed('real', true);
    status = 200;
    await well;
    assert.equal(serve(cluster, performance.now()), endpoint.url);
    const dead = closing(createCluster({ endpoints: [await refusedUrl()], probe: tcpProbe(timing), panicPercent: 0 }));
    await changed(dead, 'unpickable');
    assert.equal(dead.pickable, 0);
  });

  it('fail on an answer that switches protocols', async () => {
    const endpoint = closing(
      await rawUpstream((socket) => {
        socket.once('data', () =>
          socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'),
        );
      }),
    );
    const probe = httpProbe({ intervalMs: 10, fastIntervalMs: 10, fall: 1 });
    const cluster = closing(createCluster({ endpoints: [endpoint.url], probe, random: seeded(1) }));
    await changed(cluster, 'unpickable');
  });

  it('fail if they throw', async () => {
    const thrown = scripted({
      fall: 1,
      check(): never {
        throw 'no error at all';
      },
    });
    const { cluster, turn } = staged(thrown);
    await turn(1_000);
    assert.equal(cluster.pickable, 0);
  });

  it('heed a real agent, and nothing but its word', async () => {
    let line = 'up\n';
    const agent = await rawUpstream((socket) => void socket.end(line));
    const probe = agentProbe({ port: agent.port, intervalMs: 10, timeoutMs: 5_000 });
    const cluster = closing(
      createCluster({ name: 'heeding', endpoints: ['http://127.0.0.1:9'], probe, panicPercent: 0 }),
    );
    const drained = changed(cluster, 'unpickable');
    line = 'drain\n';
    await drained;
    const back = changed(cluster, 'pickable');
    line = 'ready 50%\n';
    await back;
    const down = changed(cluster, 'unpickable');
    line = 'stopped # for lunch\n';
    await down;
    await agent[Symbol.asyncDispose]();
    await probed('heeding', false);
    await probed('heeding', false);
    assert.equal(serve(cluster, performance.now()), undefined);
  });

  it('heed a real program', async () => {
    const timing = { intervalMs: 10, fastIntervalMs: 10, timeoutMs: 5_000, fall: 1 };
    const probe = commandProbe({ ...timing, command: ['/bin/sh', '-c', 'exit 1'] });
    const cluster = closing(createCluster({ endpoints: ['http://127.0.0.1:9'], probe, panicPercent: 0 }));
    await changed(cluster, 'unpickable');
  });
});

import assert from 'node:assert/strict';
import { retryPolicy } from '@evenkeel/core';
import { closing } from '../../closing.ts';
import { upstream } from '../dispatch/upstream.ts';
import { discovered } from './scripted.ts';

describe('a rolling change through a resolver', () => {
  it('fails no request while all its endpoints are replaced one by one', async () => {
    const start = (name: string) => upstream((_req, res) => void setImmediate(() => res.end(name)));
    const olds = await Promise.all(['old-1', 'old-2', 'old-3'].map(start));
    const news = await Promise.all(['new-1', 'new-2', 'new-3'].map(start));
    for (const each of news) closing(each);
    const { resolver, cluster, clock } = discovered({ retry: retryPolicy({ maxAttempts: 1 }) });
    const members = olds.map(({ url }) => url);
    await resolver.say(members);
    const seen = new Map<string, number>();
    let isOver = false;
    const clients = Array.from({ length: 8 }, async () => {
      while (!isOver) {
        const response = await cluster.request('/');
        assert.equal(response.status, 200);
        const name = await response.text();
        seen.set(name, (seen.get(name) ?? 0) + 1);
      }
    });
    for (const [i, old] of olds.entries()) {
      clock.advance(1_000);
      members[i] = news[i]!.url;
      const closed = new Promise<void>((resolve) => old.onClose(resolve));
      const asked = new Promise<void>((resolve) => {
        const poll = (): void => void ((seen.get(`new-${i + 1}`) ?? 0) > 20 ? resolve() : setImmediate(poll));
        poll();
      });
      await resolver.say([...members]);
      await Promise.all([closed, asked]);
      // Nothing may be under way to it, or what is would fail: there is no second attempt.
      await old[Symbol.asyncDispose]();
    }
    isOver = true;
    await Promise.all(clients);
    assert.equal(seen.size, 6);
  });
});

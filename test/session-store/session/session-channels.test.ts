import assert from 'node:assert/strict';
import { sessionChannels } from '../../../packages/session-store/src/channels.ts';
import '../fixtures/fields.ts';
import { visits } from '../fixtures/visits.ts';
import type { Browser } from '../fixtures/visits.ts';

const HEARD = ['created', 'committed', 'rotated', 'destroyed'] as const;

describe('what a session tells the channels', () => {
  let user: Browser;
  let browserWith: () => Browser;
  let heard: [name: string, message: Record<string, unknown>][];
  const listeners = HEARD.map((name) => (message: unknown) => {
    heard.push([name, message as Record<string, unknown>]);
  });
  beforeEach(() => {
    heard = [];
    ({ browserWith } = visits());
    user = browserWith();
    HEARD.forEach((name, i) => sessionChannels[name].subscribe(listeners[i]!));
  });
  afterEach(() => HEARD.forEach((name, i) => sessionChannels[name].unsubscribe(listeners[i]!)));

  it('names what happened, to which session, whose it is and at which version', async () => {
    const ids: string[] = [];
    const note = ({ session }: { session: { id: string } }): void => void ids.push(session.id);
    note(await user.visit(({ session }) => (session.theme = 'dark')));
    await user.visit(({ session }) => (session.theme = 'light'));
    note(await user.visit(({ session }) => session.login('ada')));
    await user.visit(({ session }) => session.update('visits', () => 1));
    await user.visit(({ session }) => session.logout());
    assert.deepEqual(
      heard.map(([name, { principal, version }]) => [name, principal, version]),
      [
        ['created', undefined, 1],
        ['committed', undefined, 2],
        ['rotated', 'ada', 1],
        ['committed', 'ada', 2],
        ['destroyed', 'ada', 2],
      ],
    );
    const [created, committed, rotated, updated, destroyed] = heard.map(([, message]) => message);
    assert.equal(committed?.['key'], created?.['key']);
    assert.equal(rotated?.['key'], created?.['key']);
    assert.equal(updated?.['key'], rotated?.['newKey']);
    assert.equal(destroyed?.['key'], rotated?.['newKey']);
    assert.notEqual(rotated?.['key'], rotated?.['newKey']);
    const text = JSON.stringify(heard);
    assert.ok(ids.length === 2 && ids.every((id) => !text.includes(id)), 'no id is told');
  });

  it('says nothing for what only reads, conflicts, comes too late, or destroys what is not there', async () => {
    await user.visit(({ session }) => (session.visits = 1));
    heard = [];
    await user.visit(({ session }) => session.visits);
    await user.visit(({ session }) => session.cas('visits', 2, 3));
    await browserWith().visit(({ session }) => session.destroy());
    const late = await user.open();
    late.session.theme = 'dark';
    await user.visit(({ session }) => session.destroy());
    await late.commit();
    await late.session.destroy();
    assert.deepEqual(
      heard.map(([name]) => name),
      ['destroyed'],
    );
  });

  it('says that sessions are destroyed which are ended from a list, and at destroyAll()', async () => {
    const phone = browserWith();
    for (const browser of [user, phone]) await browser.visit(({ session }) => session.login('ada'));
    heard = [];
    await phone.visit(async ({ session }) => {
      for (const other of await session.listAll()) if (!other.isCurrent) for (let i = 0; i < 2; i++) await other.end();
    });
    await phone.visit(({ session }) => session.destroyAll());
    assert.deepEqual(
      heard.map(([name, { principal }]) => [name, principal]),
      [
        ['destroyed', 'ada'],
        ['destroyed', 'ada'],
      ],
    );
  });
});

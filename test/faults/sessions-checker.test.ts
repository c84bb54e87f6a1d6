import assert from 'node:assert/strict';
import { judge } from './sessions/checker.ts';
import { type Action, type Answer, type HistoryEvent, operationsOf } from './sessions/history.ts';
import type { FinalState, JudgeOptions, Rule } from './sessions/verdict.ts';

/** A history by hand: each call with the moments of its begin and end. */
class Story {
  readonly events: HistoryEvent[] = [];
  #serial = 0;

  call(process: string, [from, to]: [number, number?], action: Action, answer?: Answer | 'fail'): this {
    const op = `${process}:${this.#serial++}`;
    this.events.push({ type: 'invoke', op, at: from, process, session: 's', action });
    if (to === undefined) return this;
    if (answer === undefined || answer === 'fail')
      this.events.push({ type: answer ?? 'unknown', op, at: to, error: 'of the test' });
    else this.events.push({ type: 'ok', op, at: to, answer });
    return this;
  }

  commit(process: string, at: [number, number?], set: Record<string, string>, version?: number | 'fail'): this {
    const answer = typeof version === 'number' ? ({ kind: 'stored', version, sums: {} } as const) : version;
    return this.call(process, at, { kind: 'commit', set, add: {} }, answer);
  }

  add(process: string, at: [number, number?], version?: number, sum?: number): this {
    const answer = version && ({ kind: 'stored', version, sums: { n: String(sum) } } as const);
    return this.call(process, at, { kind: 'commit', set: {}, add: { n: 1 } }, answer || undefined);
  }

  load(process: string, at: [number, number], version: number, fields: Record<string, string>): this {
    return this.call(process, at, { kind: 'load' }, { kind: 'there', version, fields });
  }

  gone(process: string, at: [number, number], kind: 'load' | 'touch' = 'load'): this {
    return this.call(process, at, { kind }, { kind: 'gone' });
  }

  destroy(process: string, at: [number, number?], version?: number): this {
    const answer = version && ({ kind: 'there', version, fields: {} } as const);
    return this.call(process, at, { kind: 'destroy' }, answer || undefined);
  }

  judged(final: FinalState | undefined, options: JudgeOptions = { leaseMs: 0 }): Rule[] {
    return judge(operationsOf(this.events), new Map([['s', final]]), options).map(({ rule }) => rule);
  }
}

const story = (): Story => new Story();
/** What two processes do when nothing goes wrong: one field each, one field of both, one counter. */
function clean(): Story {
  return story()
    .commit('a', [0, 2], { x: '1' }, 1)
    .commit('b', [1, 4], { y: '2' }, 2)
    .load('a', [5, 6], 2, { x: '1', y: '2' })
    .add('a', [7, 9], 4, 2)
    .add('b', [7, 9], 3, 1);
}
const CLEAN = { version: 4, fields: { x: '1', y: '2', n: '2' } };

describe('the checker of session histories', () => {
  it('has nothing against a history in which all went well', () => {
    assert.deepEqual(clean().judged(CLEAN), []);
  });

  it('has nothing against calls whose outcome nobody knows, whether they took effect or not', () => {
    const unsure = clean().commit('a', [10, 20], { x: '3' }).add('b', [10]).destroy('b', [10, 20]);
    assert.deepEqual(unsure.judged(CLEAN), []);
    assert.deepEqual(unsure.judged({ version: 6, fields: { x: '3', y: '2', n: '3' } }), []);
    assert.deepEqual(unsure.gone('a', [21, 22]).judged(undefined), []);
  });

  it('has nothing against an update that a later or concurrent one replaced', () => {
    const replaced = story().commit('a', [0, 2], { x: '1' }, 1).commit('b', [1, 4], { x: '2' }, 2);
    assert.deepEqual(replaced.judged({ version: 2, fields: { x: '2' } }), []);
  });

  it('has nothing against commits that were refused, if nothing is seen of them', () => {
    assert.deepEqual(clean().commit('a', [10, 12], { x: '3' }, 'fail').judged(CLEAN), []);
  });

  it('has nothing against the end of a session, nor against what overlaps with it', () => {
    const ended = clean()
      .destroy('a', [10, 20], 5)
      .commit('b', [11, 13], { y: '3' }, 5)
      .load('b', [19, 21], 5, { x: '1', y: '3', n: '2' })
      .gone('b', [22, 23])
      .gone('a', [30, 31], 'touch');
    assert.deepEqual(ended.judged(undefined), []);
  });

  it('has nothing against commits that were sent again and answered with what was there by then', () => {
    const again = story()
      .commit('a', [0, 20], { x: '1' }, 3)
      .commit('b', [0, 20], { x: '2' }, 2)
      .commit('b', [21, 30], { y: '1' }, 3)
      .load('b', [31, 32], 3, { x: '2', y: '1' });
    const final = { version: 3, fields: { x: '2', y: '1' } };
    assert.deepEqual(again.judged(final, { leaseMs: 0, isExact: false }), []);
    assert.deepEqual(again.judged(final), ['lost', 'version', 'twice', 'lost', 'torn']);
  });

  it('has nothing against what a failover had lost for a while, where that may be', () => {
    const back = story().add('a', [0, 5], 2, 1).add('a', [50, 51], 2, 1);
    const final = { version: 2, fields: { n: '2' } };
    assert.deepEqual(back.judged(final, { leaseMs: 0, isExact: false, mayLose: true }), []);
    assert.notDeepEqual(back.judged(final, { leaseMs: 0, isExact: false }), []);
  });

  describe('finds', () => {
    const broken: Record<string, () => [Rule[], ...Rule[]]> = {
      'an acknowledged update that is not there': () => [
        clean().judged({ ...CLEAN, fields: { x: '1', n: '2' } }),
        'lost',
      ],
      'an acknowledged update behind an older one': () => {
        const older = story().commit('a', [0, 2], { x: '1' }, 1).commit('b', [3, 4], { x: '2' }, 2);
        return [older.judged({ version: 2, fields: { x: '1' } }), 'lost'];
      },
      'an acknowledged update behind a lower version': () => {
        const lower = story().commit('a', [0, 5], { x: '1' }, 2).commit('b', [0, 5], { x: '2' }, 1);
        return [lower.judged({ version: 2, fields: { x: '2' } }), 'lost'];
      },
      'an update overwritten by one that had failed long before': () => {
        const late = story().commit('a', [0, 1], { x: '1' }, 1).commit('b', [2, 4], { x: '2' });
        late.commit('a', [50, 52], { x: '3' }, 2);
        const final = { version: 3, fields: { x: '2' } };
        assert.deepEqual(late.judged(final, { leaseMs: 0, settledAfterMs: 60 }), []);
        return [late.judged(final, { leaseMs: 0, settledAfterMs: 20 }), 'lost', 'twice'];
      },
      'a failed update that came back over a later one': () => {
        const late = story().commit('b', [2, 4], { x: '2' }).commit('a', [50, 52], { x: '3' }, 1);
        late.load('a', [60, 61], 2, { x: '2' }).commit('a', [70, 71], { x: '4' }, 3);
        const final = { version: 3, fields: { x: '4' } };
        assert.deepEqual(late.judged(final, { leaseMs: 0, settledAfterMs: 60 }), []);
        return [late.judged(final, { leaseMs: 0, settledAfterMs: 20 }), 'twice', 'lost'];
      },
      'a lost increment': () => [clean().judged({ ...CLEAN, fields: { ...CLEAN.fields, n: '1' } }), 'lost'],
      'two increments with one sum': () => {
        const twins = story().add('a', [0, 1], 1, 1).add('b', [0, 1], 2, 1);
        return [twins.judged({ version: 2, fields: { n: '1' } }), 'lost'];
      },
      'a lost version': () => [clean().judged({ ...CLEAN, version: 3 }), 'lost'],
      'an increment that was applied twice': () => [
        clean().judged({ ...CLEAN, fields: { ...CLEAN.fields, n: '3' } }),
        'twice',
      ],
      'an increment that was applied twice while others were in doubt': () => {
        const unsure = story().add('a', [0, 5]).add('b', [50, 51], 1, 1).add('b', [52, 53], 3, 3);
        const final = { version: 3, fields: { n: '3' } };
        assert.deepEqual(unsure.judged(final), []);
        return [unsure.judged(final, { leaseMs: 0, settledAfterMs: 20 }), 'twice', 'twice'];
      },
      'an increment of one writer that was applied twice, however it was answered': () => {
        const own = story().add('a', [0, 5]).add('b', [50, 51], 1, 1).add('b', [52, 53], 3, 3);
        const inexact = { leaseMs: 0, settledAfterMs: 20, isExact: false };
        return [own.judged({ version: 3, fields: { n: '3' } }, inexact), 'twice', 'twice'];
      },
      'a sum that is more than all increments, however they were answered': () => {
        const more = story().add('a', [0, 5], 2, 2).add('b', [0, 5], 2, 2);
        return [more.judged({ version: 2, fields: { n: '3' } }, { leaseMs: 0, isExact: false }), 'twice'];
      },
      'a sum that is less than all increments, however they were answered': () => {
        const less = story().add('a', [0, 5], 2, 2).add('b', [0, 5], 2, 2);
        return [less.judged({ version: 2, fields: { n: '1' } }, { leaseMs: 0, isExact: false }), 'lost'];
      },
      'a commit that was applied twice': () => [clean().judged({ ...CLEAN, version: 5 }), 'twice'],
      'a value that nobody wrote': () => [
        clean().judged({ ...CLEAN, fields: { ...CLEAN.fields, y: '7' } }),
        'unwritten',
        'lost',
      ],
      'a refused commit that took effect': () => {
        const refused = story().commit('a', [0, 1], { x: '1' }, 'fail').commit('a', [2, 3], { y: '1' }, 1);
        return [refused.judged({ version: 1, fields: { x: '1', y: '1' } }), 'unwritten'];
      },
      'a read of what was written after it': () => {
        const early = story().commit('a', [0, 1], { x: '1' }, 1).load('b', [2, 3], 2, { x: '2' });
        return [early.commit('a', [4, 5], { x: '2' }, 2).judged({ version: 2, fields: { x: '2' } }), 'unwritten'];
      },
      'a version that was given twice': () => {
        const twins = story().commit('a', [0, 2], { x: '1' }, 1).commit('b', [0, 2], { y: '1' }, 1);
        return [twins.judged({ version: 1, fields: { x: '1', y: '1' } }), 'version', 'lost'];
      },
      'a version that goes against time': () => {
        const back = story().commit('a', [0, 2], { x: '1' }, 2).commit('b', [3, 4], { y: '1' }, 1);
        return [back.judged({ version: 2, fields: { x: '1', y: '1' } }), 'version'];
      },
      'a process that reads less than it had read': () => {
        const back = clean().load('b', [10, 11], 4, CLEAN.fields).load('b', [12, 13], 2, { x: '1', y: '2' });
        return [back.judged(CLEAN, { leaseMs: 600 }), 'backwards'];
      },
      'a process that does not read its own commit': () => [
        clean().load('a', [10, 11], 3, CLEAN.fields).judged(CLEAN, { leaseMs: 600 }),
        'backwards',
      ],
      'a read that is older than the lease': () => {
        const old = clean().load('c', [600, 601], 2, { x: '1', y: '2' });
        assert.deepEqual(old.judged(CLEAN, { leaseMs: 600 }), []);
        old.load('c', [610, 611], 2, { x: '1', y: '2' });
        return [old.judged(CLEAN, { leaseMs: 600 }), 'stale'];
      },
      'a read that mixes versions': () => [clean().load('c', [2, 6], 2, { x: '1' }).judged(CLEAN), 'torn'],
      'a read with a field that is newer than its version': () => [
        clean().load('c', [2, 6], 1, { x: '1', y: '2' }).judged(CLEAN, { leaseMs: 600 }),
        'torn',
      ],
      'a read after the end': () => {
        const after = clean().destroy('a', [10, 20], 4).load('b', [30, 31], 4, CLEAN.fields);
        assert.deepEqual(after.judged(undefined, { leaseMs: 600 }), []);
        return [after.load('b', [621, 622], 4, CLEAN.fields).judged(undefined, { leaseMs: 600 }), 'revived'];
      },
      'a read by the process that knew of the end': () => [
        clean().destroy('a', [10, 20], 4).load('a', [30, 31], 4, CLEAN.fields).judged(undefined, { leaseMs: 600 }),
        'revived',
      ],
      'a commit after the end, lease or not': () => [
        clean().destroy('a', [10, 20], 4).commit('b', [21, 22], { y: '3' }, 5).judged(undefined, { leaseMs: 600 }),
        'revived',
      ],
      'a session that is there in the end, and was gone': () => [
        clean().destroy('a', [10]).gone('b', [12, 13]).judged(CLEAN),
        'revived',
      ],
      'a session that was gone for no reason': () => [
        clean().gone('a', [10, 11]).destroy('b', [12, 13]).judged(undefined),
        'vanished',
      ],
      'a session that is gone in the end for no reason': () => [clean().judged(undefined), 'vanished'],
    };
    for (const [what, judged] of Object.entries(broken)) {
      it(what, () => {
        const [found, ...expected] = judged();
        assert.deepEqual(found, expected);
      });
    }
  });
});

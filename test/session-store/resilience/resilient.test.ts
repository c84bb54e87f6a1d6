import { memorySessionStore } from '@evenkeel/session-store';
import { resilient } from '../../../packages/session-store/src/resilience/resilient.ts';
import { describeSessionStore } from '../../conformance/session-store.ts';

for (const options of [{}, { whenDown: 'cached', writes: 'journal' }, { whenDown: 'open' }] as const) {
  describeSessionStore(`A memory store behind resilient(${JSON.stringify(options)})`, () => {
    const memory = memorySessionStore();
    const store = resilient(memory, options);
    return { store, other: memory, close: () => store.close() };
  });
}

export { balance } from './balance.ts';
export { session } from './session.ts';

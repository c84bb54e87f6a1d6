/**
 * What the applications do with a session, and what each candidate is given to do it with. The same work for all: five fields, one of
 * them an object; an answer of 128 bytes.
 */

/** `untouched`: the client has no session. `unread`: it has one, which the application leaves alone. */
export type Work = 'untouched' | 'unread' | 'read' | 'write';

export const WORKS: readonly Work[] = ['untouched', 'unread', 'read', 'write'];

/** What `work` needs of a session, whoever made it. */
export interface BenchFields {
  user?: string;
  role?: string;
  theme?: string;
  cart?: { items: string[] };
  visits?: number;
}

export const BODY_BYTES = 128;

const BODY = 'x'.repeat(BODY_BYTES);

/** Fills a new session. */
export function logIn(session: BenchFields): void {
  session.user = 'ada';
  session.role = 'editor';
  session.theme = 'dark';
  session.cart = { items: ['a book', 'a lamp', 'a chair'] };
  session.visits = 0;
}

/** Uses a session and makes the answer's body. @throws Error if it is not the one that `logIn` filled */
export function use(work: 'read' | 'write', session: BenchFields): string {
  const { user, cart, visits } = session;
  if (user !== 'ada' || cart?.items.length !== 3 || visits === undefined) throw new Error('a session that is not ours');
  if (work === 'write') session.visits = visits + 1;
  return BODY;
}

/** The body for who uses no session. */
export function plainBody(): string {
  return BODY;
}

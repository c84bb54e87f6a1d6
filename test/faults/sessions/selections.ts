/** The kinds of operations that the rules speak of. */
import type { Action, Answer, Operation } from './history.ts';

type Of<K extends Action['kind']> = Extract<Action, { kind: K }>;
type Answered<K extends Answer['kind']> = { readonly answer: Extract<Answer, { kind: K }> };

export type Commit = Operation<Of<'commit'>>;
/** A commit that was acknowledged. */
export type Stored = Commit & Answered<'stored'>;
/** A read that found the session. */
export type Found = Operation & Answered<'there'>;

export function commitsOf(operations: readonly Operation[]): Commit[] {
  return operations.filter((operation): operation is Commit => operation.action.kind === 'commit');
}

export function storedOf(commits: readonly Commit[]): Stored[] {
  return commits.filter((commit): commit is Stored => commit.answer?.kind === 'stored');
}

export function foundOf(operations: readonly Operation[]): Found[] {
  return operations.filter(
    (operation): operation is Found => operation.action.kind === 'load' && operation.answer?.kind === 'there',
  );
}

/** The version that an operation was told, if it was. */
export function versionOf({ answer }: Operation): number | undefined {
  return answer?.kind === 'stored' || answer?.kind === 'there' ? answer.version : undefined;
}

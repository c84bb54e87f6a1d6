const MAX_CHARACTERS = 200;

/** What a program said, fit for an error message: the first line that is not empty, cut short, without control characters. */
export function firstLine(output: string): string {
  const line = output.split(/[\r\n]/).find((candidate) => candidate.trim() !== '') ?? 'no output';
  return line
    .trim()
    .slice(0, MAX_CHARACTERS)
    .replace(/\p{Cc}/gu, '?');
}

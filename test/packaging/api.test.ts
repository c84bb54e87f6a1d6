import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { apiReport, reportPath } from './api-report.ts';
import { build, PACKAGES } from './workspace.ts';

/** The lines that are in one text only, marked as a diff marks them; short, where a diff of whole reports is slow and long. */
function differences(before: string, after: string): string {
  const [old, now] = [before.split('\n'), after.split('\n')];
  const [known, wanted] = [new Set(old), new Set(now)];
  return [
    ...old.filter((line) => !wanted.has(line)).map((line) => `- ${line}`),
    ...now.filter((line) => !known.has(line)).map((line) => `+ ${line}`),
  ].join('\n');
}

describe('the API report', function () {
  this.timeout(60_000);
  before(build);

  for (const each of PACKAGES) {
    it(`of ${each.manifest.name} matches the types that are built`, () => {
      const committed = existsSync(reportPath(each)) ? readFileSync(reportPath(each), 'utf8') : '';
      const built = apiReport(each);
      if (built !== committed) {
        assert.fail(
          `if users are meant to see this, run \`pnpm api\` and commit it:\n${differences(committed, built)}`,
        );
      }
    });
  }
});

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const TEST = join(import.meta.dirname, '..');

interface Row {
  readonly law: number;
  readonly tests: readonly string[];
  readonly source: string;
}

function rows(): Row[] {
  const text = readFileSync(join(TEST, '../docs/proxy-laws.md'), 'utf8');
  return [...text.matchAll(/^\| (\d+) \|[^|]*\|([^|]*)\|([^|]*)\|$/gm)].map(([, law, tests, source]) => ({
    law: Number(law),
    tests: [...tests!.matchAll(/`([^`]+)`/g)].map(([, file]) => file!),
    source: source!.trim(),
  }));
}

describe('docs/proxy-laws.md', () => {
  it('lists the laws from 1 to 22, each with a source', () => {
    assert.deepEqual(
      rows().map(({ law }) => law),
      Array.from({ length: 22 }, (_, i) => i + 1),
    );
    for (const { law, source } of rows()) assert.match(source, /RFC \d/, `law ${law}`);
  });

  it('names files that test the law', () => {
    for (const { law, tests } of rows()) {
      assert.ok(tests.length > 0, `law ${law}`);
      for (const file of tests) {
        const path = join(TEST, file);
        assert.ok(existsSync(path), file);
        // Those of HTTP/2 are all of law 16, and go by the numbers of the laws that they hold it to.
        if (/^conformance\/adapter-(?!http2)/.test(file)) {
          assert.match(readFileSync(path, 'utf8'), new RegExp(`law\\(\\s*${law},`), `${file} on law ${law}`);
        }
      }
    }
  });
});

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { STATUS_OF } from '../../packages/core/src/errors.ts';

const DOCS = join(import.meta.dirname, '../../docs/errors.md');

describe('docs/errors.md', () => {
  /** Rows such as "| `NO_ENDPOINT` | 503 | ...". */
  const documented = Array.from(readFileSync(DOCS, 'utf8').matchAll(/^\| `([A-Z_]+)` +\| (\d{3}) +\|/gm));

  it('lists every error code once, with its status, and no other, in the order of the source', () => {
    const rows = documented.map(([, code, status]) => [code, Number(status)]);
    assert.deepEqual(rows, Object.entries(STATUS_OF));
  });
});

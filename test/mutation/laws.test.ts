import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import { mutations } from './laws.ts';
import { broken, specOf } from './mutation.ts';

const ROOT = join(import.meta.dirname, '../..');

describe('the mutations of the laws of the proxy', () => {
  it('break each law', () => {
    const numbers = new Set(mutations.map(({ law }) => law));
    assert.deepEqual(
      [...numbers],
      Array.from({ length: 22 }, (_, i) => i + 1),
    );
  });

  for (const mutation of mutations) {
    const { law, what, file, from, to } = mutation;
    it(`know where to break law ${law}: ${what}`, () => {
      assert.match(file, /^packages\/[\w-]+\/src\//);
      const text = broken(readFileSync(join(ROOT, file), 'utf8'), mutation);
      assert.ok(text !== undefined, `${JSON.stringify(from)} has to be in ${file} once`);
      assert.notEqual(from, to);
      assert.doesNotThrow(() => stripTypeScriptTypes(text));
      assert.ok(existsSync(join(ROOT, specOf(mutation))), specOf(mutation));
    });
  }
});

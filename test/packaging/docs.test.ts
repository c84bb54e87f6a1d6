import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { filesBelow, PACKAGES, ROOT } from './workspace.ts';

/** Every document that users read, by its path from the root. */
const DOCUMENTS = [
  ...filesBelow(ROOT, '.md').filter((file) => !file.includes('/')),
  ...filesBelow(join(ROOT, 'docs'), '.md').map((file) => `docs/${file}`),
  ...PACKAGES.flatMap(({ folder, path }) => filesBelow(path, '.md').map((file) => `packages/${folder}/${file}`)),
  ...filesBelow(join(ROOT, 'examples'), '.md').map((file) => `examples/${file}`),
];

interface Snippet {
  /** What follows the language after the fence: the file that the snippet is a copy of, or nothing. */
  readonly file: string;
  readonly code: string;
}

function snippetsOf(markdown: string): Snippet[] {
  const fences = markdown.matchAll(/^```\w+ *(?<file>\S*)[^\n]*\n(?<code>[^]*?)^```$/gm);
  return [...fences].map(({ groups }) => groups as unknown as Snippet);
}

/** Targets of links and images, outside of code. */
function linksOf(markdown: string): string[] {
  const prose = markdown.replace(/^```[^]*?^```$/gm, '').replace(/`[^`\n]*`/g, '');
  return Array.from(prose.matchAll(/\]\((?<target>[^)\s]+)[^)]*\)/g), ({ groups }) => groups!['target']!);
}

/** The anchors that a document's headings make, as GitHub makes them. */
function anchorsOf(markdown: string): string[] {
  const headings = markdown.replace(/^```[^]*?^```$/gm, '').matchAll(/^#+ (.+)$/gm);
  return Array.from(headings, ([, text]) =>
    text!
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

for (const document of DOCUMENTS) {
  const markdown = readFileSync(join(ROOT, document), 'utf8');

  describe(document, () => {
    for (const { file, code } of snippetsOf(markdown).filter((snippet) => snippet.file.includes('/'))) {
      it(`shows ${file} as it is`, () => {
        assert.equal(code, readFileSync(join(ROOT, file), 'utf8'));
      });
    }

    it('links to files and headings that exist', () => {
      const broken = linksOf(markdown).filter((target) => {
        if (/^[a-z]+:/.test(target)) return false;
        const [path, anchor] = target.split('#') as [string, string?];
        const file = path === '' ? join(ROOT, document) : join(ROOT, dirname(document), path);
        if (!existsSync(file)) return true;
        return anchor !== undefined && file.endsWith('.md') && !anchorsOf(readFileSync(file, 'utf8')).includes(anchor);
      });
      assert.deepEqual(broken, []);
    });
  });
}

/**
 * Which way imports may point, as data: the picture of ARCHITECTURE.md in a form that the linter and a test can read.
 */

/** What the files of one layer may import. */
interface Layer {
  /** The layer's files, by their path below `src/`. */
  readonly files: RegExp;
  /** Files of the same package, by their path below `src/`. */
  readonly local: RegExp;
  /** Everything else, by its specifier. */
  readonly external: RegExp;
}

const NOTHING = /^$/;
const ANYTHING = /./;
const NOUNS = /^(errors|endpoint|outcome|session-cookie|load-report|channels|options)\.ts$/;
const BELOW_POLICIES = `lib/|${NOUNS.source}`;

function policies(folder: string): Layer {
  return { files: new RegExp(`^${folder}/`), local: new RegExp(`^${folder}/|${BELOW_POLICIES}`), external: NOTHING };
}

/** The layers inside core, lowest first. A policy folder never imports another: policies meet in `cluster/`. */
const CORE_LAYERS: readonly Layer[] = [
  { files: /^lib\//, local: /^lib\//, external: NOTHING },
  { files: NOUNS, local: new RegExp(BELOW_POLICIES), external: /^(valibot|node:(crypto|diagnostics_channel))$/ },
  policies('strategies'),
  policies('health'),
  policies('retry'),
  policies('discovery'),
  policies('concurrency'),
  {
    files: /^cluster\//,
    local: new RegExp(`^(cluster|strategies|health|retry|discovery|concurrency)/|${BELOW_POLICIES}`),
    external: /^node:(events|diagnostics_channel)$/,
  },
  { files: /^(transport|dispatch)\//, local: /^(?!testing\/|index\.ts)/, external: /^(undici|node:.*)$/ },
  { files: /^testing\//, local: new RegExp(BELOW_POLICIES), external: NOTHING },
  { files: /^index\.ts$/, local: ANYTHING, external: NOTHING },
];

const CORE = '@evenkeel/core(/[a-z-]+)?';

/** What each other package may import from outside itself. `proxy` and `session-store` share nothing but core. */
const PACKAGES: Readonly<Record<string, RegExp>> = {
  proxy: new RegExp(`^(${CORE}|cookie|node:.*)$`),
  'session-store': new RegExp(`^(${CORE}|cookie|lru-cache|ioredis|node:.*)$`),
  express: new RegExp(`^(${CORE}|@evenkeel/(proxy|session-store)|express|node:.*)$`),
  koa: new RegExp(`^(${CORE}|@evenkeel/(proxy|session-store)|koa|node:.*)$`),
};

/**
 * Why `file` may not import `specifier`, or undefined if it may.
 * @param file a path that contains `packages/<name>/src/`; any other file may import anything
 */
export function importProblem(file: string, specifier: string): string | undefined {
  const [, name, path] = /(?:^|\/)packages\/([^/]+)\/src\/(.+)$/.exec(file) ?? [];
  if (name === undefined || path === undefined) return undefined;
  if (specifier.startsWith('.')) {
    const target = resolveBelowSource(path, specifier);
    if (target === undefined) return `${specifier} is outside this package's src; import the other package by its name`;
    if (name !== 'core') return undefined;
    return layerProblem(path, (layer) => layer.local.test(target), specifier);
  }
  if (name === 'core') return layerProblem(path, (layer) => layer.external.test(specifier), specifier);
  const allowed = PACKAGES[name];
  if (allowed === undefined) return `packages/${name} has no line in test/packaging/layers.ts`;
  return allowed.test(specifier) ? undefined : `packages/${name} may not import ${specifier}`;
}

function layerProblem(path: string, isAllowed: (layer: Layer) => boolean, specifier: string): string | undefined {
  const layer = CORE_LAYERS.find(({ files }) => files.test(path));
  if (layer === undefined) return `${path} is in no layer of test/packaging/layers.ts`;
  return isAllowed(layer) ? undefined : `the layer of ${path} may not import ${specifier}`;
}

/** The path below `src/` that a relative specifier means; undefined if it is outside. */
function resolveBelowSource(path: string, specifier: string): string | undefined {
  const base = 'file:///package/src/';
  const { pathname } = new URL(specifier, new URL(path, base));
  return pathname.startsWith('/package/src/') ? pathname.slice('/package/src/'.length) : undefined;
}

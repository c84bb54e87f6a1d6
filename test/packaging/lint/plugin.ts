/**
 * The laws of this codebase that no rule of oxlint says, as a plugin for it. `.oxlintrc.json` switches them on.
 */
import { importProblem } from '../layers.ts';

interface Node {
  readonly type: string;
  readonly parent?: Node | null;
  readonly name?: string;
  readonly source?: { readonly value: unknown } | null;
  readonly superClass?: Node | null;
  readonly declare?: boolean;
  readonly kind?: string;
}

interface Context {
  readonly filename: string;
  report(problem: { node: Node; message: string }): void;
}

type Visitor = Readonly<Record<string, (node: Node) => void>>;
interface Rule {
  create(context: Context): Visitor;
}

function eachImport(check: (node: Node, specifier: string) => void): Visitor {
  function visit(node: Node): void {
    if (typeof node.source?.value === 'string') check(node, node.source.value);
  }
  return {
    ImportDeclaration: visit,
    ImportExpression: visit,
    ExportNamedDeclaration: visit,
    ExportAllDeclaration: visit,
    TSImportType: visit,
  };
}

const layers: Rule = {
  create: (context) =>
    eachImport((node, specifier) => {
      const problem = importProblem(context.filename.replaceAll('\\', '/'), specifier);
      if (problem !== undefined) context.report({ node, message: `Imports point one way: ${problem}.` });
    }),
};

const noBarrel: Rule = {
  create(context) {
    if (/[/\\]index\.ts$/.test(context.filename)) return {};
    const check = (node: Node): void => {
      if (typeof node.source?.value === 'string' && node.source.value.startsWith('.')) {
        context.report({ node, message: 'Only index.ts re-exports: import a thing from the file that makes it.' });
      }
    };
    return { ExportNamedDeclaration: check, ExportAllDeclaration: check };
  },
};

const noInheritance: Rule = {
  create(context) {
    const isDispatch = /packages[/\\]core[/\\]src[/\\]dispatch[/\\]/.test(context.filename);
    const check = (node: Node): void => {
      if (node.superClass === null || node.superClass === undefined) return;
      const name = node.superClass.name;
      if (name === 'Error' || (isDispatch && name === 'Dispatcher')) return;
      context.report({ node, message: 'No inheritance but from Error: pass the varying part as an argument instead.' });
    };
    return { ClassDeclaration: check, ClassExpression: check };
  },
};

/** True within `declare`: it describes code and makes none. */
function isDeclaration(node: Node): boolean {
  return node.declare === true || (node.parent !== null && node.parent !== undefined && isDeclaration(node.parent));
}

const erasableOnly: Rule = {
  create(context) {
    const refuse =
      (what: string) =>
      (node: Node): void => {
        if (!isDeclaration(node)) {
          context.report({
            node,
            message: `${what}: the code runs with its types stripped, so types may not make code.`,
          });
        }
      };
    return {
      TSEnumDeclaration: refuse('No enum, use a union of strings'),
      TSModuleDeclaration: refuse('No namespace, use a module'),
      TSParameterProperty: refuse('No parameter property, declare the field and assign it'),
    };
  },
};

const noUsing: Rule = {
  create: (context) => ({
    VariableDeclaration(node) {
      if (node.kind !== 'using' && node.kind !== 'await using') return;
      context.report({
        node,
        message: 'Node 22 cannot parse `using`: in a test take closing(), elsewhere try and finally.',
      });
    },
  }),
};

export default {
  meta: { name: 'laws' },
  rules: {
    layers,
    'no-barrel': noBarrel,
    'no-inheritance': noInheritance,
    'erasable-only': erasableOnly,
    'no-using': noUsing,
  },
};

/* floors.ts: THE FLOOR CHECKER
 *
 * Imports in code/ go down the floors and only through a floor's door; nothing below the command line needs more than the
 * language; values are never imported in a circle <design/floors>.
 */
import { posix } from 'node:path';
import { importsOf, type Import } from './imports.ts';
import { cyclesOf, type Graph } from './cycles.ts';
import { isMain, report, root, treeRead, type Problem, type Tree } from './tree.ts';

/** The folders of code/ and how high each stands <design/floors#.order>. */
export const FloorHEIGHT: ReadonlyMap<string, number> = new Map([
  ['base', 0], ['machine', 1], ['os', 2], ['mps', 3],
  ['scheme', 4], ['userland', 4], ['varnish', 4], ['observe', 4],
  ['capstan.ts', 5], ['cli', 6],
]);

const isModule = (file: string): boolean => /\.(?:ts|js)$/.test(file);
const isRelative = (specifier: string): boolean => /^\.{1,2}(?:\/|$)/.test(specifier);

/** floorOf -- the floor of a path: the folder of code/ that holds it, or the package's own door, or null outside code/. */
const floorOf = (path: string): string | null => (path.startsWith('code/') ? path.split('/')[1] ?? null : null);

/** doorOf -- the one file of a floor that other floors import. */
const doorOf = (floor: string): string => (floor === 'capstan.ts' ? 'code/capstan.ts' : `code/${floor}/${floor}.ts`);

/** wrongPackage -- what is wrong with importing something that is not a file of the repository. */
function wrongPackage(file: string, specifier: string): string | null {
  if (/^benchmark(?:\/|$)/.test(specifier) && !file.startsWith('tool/bench/')) {
    return '"benchmark" is imported outside tool/bench (time it there, or do without)';
  }
  const floor = floorOf(file);
  if (floor === null || floor === 'cli') return null;
  return `"${specifier}" is imported below code/cli (take it as a value from above, or do without)`;
}

/** wrongFile -- what is wrong with importing `target`, a file of the repository, into `file`. */
function wrongFile(file: string, target: string, isValue: boolean): string | null {
  const from = floorOf(file), to = floorOf(target);
  if (from === null || from === to) return null;
  if (to === null) return `${target} is imported into code/ (code/ stands alone: move what is needed into it)`;
  const height = FloorHEIGHT.get(from), other = FloorHEIGHT.get(to);
  if (height === undefined || other === undefined) return null;
  if (from === 'mps' && to === 'os' && !file.startsWith('code/mps/ix/')) {
    return `${target} is imported outside code/mps/ix (ask through the plinth)`;
  }
  if (other > height || (other === height && isValue)) {
    const what = other > height ? `${to} is above ${from}` : `${to} is beside ${from}`;
    return `${target} is imported, but ${what} (hand it down as a value${other > height ? '' : ', or import type'})`;
  }
  return target === doorOf(to) ? null : `${target} is imported past its floor's door (import ${doorOf(to)})`;
}

/** wrongImport -- what is wrong with one import, and the file that it leads to where there is one. */
function wrongImport(tree: Tree, file: string, found: Import): { what: string | null; target: string | null } {
  const { specifier, isValue } = found;
  if (specifier === null) {
    const free = floorOf(file) === null || floorOf(file) === 'cli';
    return { what: free ? null : 'import of a computed name below code/cli (write the name)', target: null };
  }
  if (!isRelative(specifier)) return { what: wrongPackage(file, specifier), target: null };
  const target = posix.join(posix.dirname(file), specifier);
  if (isModule(target) && !tree.has(target) && /^(?:code|test|tool)\//.test(target)) {
    return { what: `${target} is imported but does not exist (correct the path)`, target: null };
  }
  return { what: wrongFile(file, target, isValue), target };
}

/** homeless -- the files of code/ that stand on no floor. */
function homeless(tree: Tree): Problem[] {
  const strangers = [...tree.keys()].filter((file) => isModule(file) && file.startsWith('code/') && !FloorHEIGHT.has(floorOf(file) ?? ''));
  return strangers.map((file) => ({
    file, line: 1, what: `code/${floorOf(file) ?? ''} is no floor (move the file, or give it a height in tool/floors.ts)`,
  }));
}

/** floorsCheck -- everything that is wrong with the imports of a tree. */
export function floorsCheck(tree: Tree): Problem[] {
  const problems = homeless(tree);
  const graph: Graph = new Map();
  for (const [file, text] of tree) {
    if (!isModule(file)) continue;
    const edges = new Map<string, number>();
    graph.set(file, edges);
    for (const found of importsOf(file, text)) {
      const { what, target } = wrongImport(tree, file, found);
      if (what !== null) problems.push({ file, line: found.line, what });
      if (target !== null && found.isValue && !edges.has(target)) edges.set(target, found.line);
    }
  }
  for (const cycle of cyclesOf(graph)) {
    const [file = '', next = ''] = cycle;
    const what = `values are imported in a circle: ${cycle.join(' -> ')} (make one an import type, or move what they share)`;
    problems.push({ file, line: graph.get(file)?.get(next) ?? 1, what });
  }
  return problems.sort((a, b) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1));
}

if (isMain(import.meta.url)) report('floors', floorsCheck(treeRead(root)));

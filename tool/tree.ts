/* tree.ts: THE REPOSITORY AS TEXT
 *
 * What the checkers look at: a map from path to text. They are pure functions of it, so a test can hand them a tree that was
 * never written to a disk <design/tags#.tree>.
 */
import { readFileSync, readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** File texts by path from the repository's root, with forward slashes. */
export type Tree = ReadonlyMap<string, string>;

/** Something wrong at a place in the tree. */
export interface Problem {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** What is wrong, then in brackets what to do. */
  readonly what: string;
}

const folders: readonly string[] = ['code', 'design', 'test', 'tool'];
const kinds = /\.(?:ts|js|md)$/;

/** The repository's root. */
export const root: string = fileURLToPath(new URL('..', import.meta.url));

/** treeRead -- every source and document below the four folders of `base`, in order of path. */
export function treeRead(base: string): Tree {
  const tree = new Map<string, string>();
  const visit = (path: string): void => {
    const entries = readdirSync(join(base, path), { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const child = `${path}/${entry.name}`;
      if (entry.isDirectory()) visit(child);
      else if (entry.isFile() && kinds.test(entry.name)) tree.set(child, readFileSync(join(base, child), 'utf8'));
    }
  };
  for (const folder of folders) visit(folder);
  return tree;
}

/** lineOf -- the number of the line that holds index `at` of a text. */
export function lineOf(text: string, at: number): number {
  let line = 1;
  for (let i = text.indexOf('\n'); i >= 0 && i < at; i = text.indexOf('\n', i + 1)) ++line;
  return line;
}

/** problemLine -- a problem as the line that editors and people can follow. */
export const problemLine = (problem: Problem): string => `${problem.file}:${problem.line}: ${problem.what}`;

/** report -- print the problems of a checker, a line each, and set the exit code. */
export function report(name: string, problems: readonly Problem[]): void {
  for (const problem of problems) console.error(problemLine(problem));
  if (problems.length === 0) return;
  console.error(`${name}: ${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}`);
  process.exitCode = 1;
}

/** isMain -- whether the module with this URL is what Node was told to run. */
export function isMain(url: string): boolean {
  const main = process.argv[1];
  return main !== undefined && fileURLToPath(url) === realpathSync(main);
}

/* tags.ts: THE TAG CHECKER
 *
 * Documents in design/ define tags; code, tests, tools and documents cite them. A citation that leads nowhere, a tag that is
 * defined twice and a requirement that nothing defends are errors <design/tags>.
 */
import { isMain, lineOf, report, root, treeRead, type Problem, type Tree } from './tree.ts';

/** A place in a document where a tag is given its meaning. */
export interface Definition {
  /** The document's name: its path below design/, without `.md`. */
  readonly document: string;
  /** With its leading dot. */
  readonly tag: string;
  readonly file: string;
  readonly line: number;
  /** Marked as stating no behaviour, so that nothing need cite it <design/tags#.statement>. */
  readonly statement: boolean;
}

/** A place that leans on a document, or on one of its tags. */
export interface Citation {
  readonly document: string;
  /** With its leading dot; null where the whole document is cited. */
  readonly tag: string | null;
  readonly file: string;
  readonly line: number;
}

const defining = /^ {0,6}(?:(?:[-*]|\d+\.) +)?`(\.[a-z0-9][a-z0-9.-]*)`:/;
const itemHead = /^ *(?:[-*]|\d+\.) /;
const citing = /<design\/(?:([a-z0-9][a-z0-9/-]*)(?:#(\.[a-z0-9][a-z0-9.-]*))?>)?/g;
/** How prose speaks of citations in general, and how a program makes one. */
const placeholder = /^<design\/(?:NAME(?:#\.tag)?>|\$\{)/;
const mustBeCited = /^\.(?:req|inv)(?:\.|$)/;

const documentOf = (file: string): string => file.slice('design/'.length, -'.md'.length);
const isDocument = (file: string): boolean => file.startsWith('design/') && file.endsWith('.md');

/** definitionsOf -- the tags that one document defines; adds to `problems` those in the wrong place <design/tags#.define>. */
export function definitionsOf(file: string, text: string, problems: Problem[] = []): Definition[] {
  const found: Definition[] = [];
  const lines = text.split('\n');
  let fenced = false;
  for (const [i, line] of lines.entries()) {
    if (/^ *```/.test(line)) fenced = !fenced;
    const tag = fenced ? undefined : defining.exec(line)?.[1];
    if (tag === undefined) continue;
    const before = i === 0 ? '' : lines[i - 1] ?? '';
    if (before.trim() !== '' && !before.startsWith('#') && !itemHead.test(line)) {
      problems.push({ file, line: i + 1, what: `tag ${tag} is inside a paragraph (put an empty line before it)` });
    }
    let limit = i + 1;
    while (limit < lines.length && (lines[limit] ?? '').trim() !== '' && !itemHead.test(lines[limit] ?? '')) ++limit;
    const statement = lines.slice(i, limit).join('\n').includes('[statement]');
    found.push({ document: documentOf(file), tag, file, line: i + 1, statement });
  }
  return found;
}

/** citationsOf -- what one file cites; adds to `problems` what looks like a citation but is none <design/tags#.cite>. */
export function citationsOf(file: string, text: string, problems: Problem[] = []): Citation[] {
  const found: Citation[] = [];
  for (const match of text.matchAll(citing)) {
    const [, document, tag] = match;
    if (document !== undefined) {
      found.push({ document, tag: tag ?? null, file, line: lineOf(text, match.index) });
    } else if (!placeholder.test(text.slice(match.index))) {
      const what = 'malformed citation (write <design/NAME> or <design/NAME#.tag> on one line)';
      problems.push({ file, line: lineOf(text, match.index), what });
    }
  }
  return found;
}

const keyOf = (document: string, tag: string | null): string => (tag === null ? document : `${document}#${tag}`);

/** twice -- the definitions that repeat a tag of their document <design/tags#.inv.once>. */
function twice(definitions: readonly Definition[]): Problem[] {
  const first = new Map<string, Definition>();
  const problems: Problem[] = [];
  for (const definition of definitions) {
    const { document, tag, file, line } = definition;
    const earlier = first.get(keyOf(document, tag));
    if (earlier === undefined) first.set(keyOf(document, tag), definition);
    else problems.push({ file, line, what: `tag ${tag} is already defined at line ${earlier.line} (rename or remove one)` });
  }
  return problems;
}

/** dangling -- the citations that lead nowhere <design/tags#.inv.resolve>. */
function dangling(citations: readonly Citation[], definitions: readonly Definition[], documents: ReadonlySet<string>): Problem[] {
  const defined = new Set(definitions.map(({ document, tag }) => keyOf(document, tag)));
  const problems: Problem[] = [];
  for (const { document, tag, file, line } of citations) {
    const cited = `<design/${keyOf(document, tag)}>`;
    if (!documents.has(document)) {
      problems.push({ file, line, what: `${cited}: there is no design/${document}.md (write it or correct the name)` });
    } else if (tag !== null && !defined.has(keyOf(document, tag))) {
      problems.push({ file, line, what: `${cited}: design/${document}.md does not define it (define it or correct the tag)` });
    }
  }
  return problems;
}

/** undefended -- requirements and invariants that neither code nor test cites <design/tags#.inv.defended>. */
function undefended(definitions: readonly Definition[], citations: readonly Citation[]): Problem[] {
  const cited = new Set<string>();
  for (const { document, tag, file } of citations) {
    if (tag !== null && /^(?:code|test)\//.test(file)) cited.add(keyOf(document, tag));
  }
  return definitions
    .filter(({ document, tag, statement }) => mustBeCited.test(tag) && !statement && !cited.has(keyOf(document, tag)))
    .map(({ tag, file, line }) => ({
      file, line, what: `${tag} is cited by neither code nor test (cite it where it is kept or tested, or mark it [statement])`,
    }));
}

/** tagsCheck -- everything that is wrong with the tags of a tree. */
export function tagsCheck(tree: Tree): Problem[] {
  const problems: Problem[] = [];
  const definitions: Definition[] = [];
  const citations: Citation[] = [];
  const documents = new Set<string>();
  for (const [file, text] of tree) {
    if (isDocument(file)) {
      documents.add(documentOf(file));
      definitions.push(...definitionsOf(file, text, problems));
    }
    citations.push(...citationsOf(file, text, problems));
  }
  problems.push(...twice(definitions), ...dangling(citations, definitions, documents), ...undefended(definitions, citations));
  return problems.sort((a, b) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1));
}

if (isMain(import.meta.url)) report('tags', tagsCheck(treeRead(root)));

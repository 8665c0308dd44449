/* template.ts: TEMPLATES OF SYNTAX-RULES
 *
 * A template is checked and compiled with its rule, and filled in for each use: pattern variables are replaced by what
 * they matched, every other name by an alias, one a name and use <design/expander#.inv.hygiene>.
 */
import type { Datum, PairDatum, Position, SymbolDatum } from './datum.ts';
import { SchemeSyntaxError } from './datum.ts';
import { datumPosition, datumText, listParts } from './form.ts';
import type { Matches, Match, Rules } from './pattern.ts';
import { isEllipsis, PatternDEPTH } from './pattern.ts';
import type { Key } from './scope.ts';
import { Alias, identifierKey } from './scope.ts';

export type Template =
  | { readonly kind: 'insert'; readonly id: SymbolDatum }
  | { readonly kind: 'variable'; readonly key: Key }
  | { readonly kind: 'datum'; readonly value: Datum }
  | { readonly kind: 'list'; readonly elements: readonly Element[]; readonly tail: Template | null }
  | { readonly kind: 'vector'; readonly elements: readonly Element[] };

/** A template with the ellipses that follow it, and the variables in it that can drive them. */
interface Element { readonly template: Template; readonly ellipses: number; readonly keys: readonly Key[] }

interface Compilation {
  readonly rules: Rules;
  readonly depths: ReadonlyMap<Key, number>;
  readonly near: Position;
  /** The variables met, in order. */
  readonly met: Key[];
}

/** templateCompile -- a template of a rule whose pattern variables have these depths */
export function templateCompile(rules: Rules, datum: Datum, depths: ReadonlyMap<Key, number>, near: Position): Template {
  return compile({ rules, depths, near, met: [] }, datum, 0, 0, true);
}

/** `depth` counts ellipses around, `level` nesting; under (... TEMPLATE) ellipses are names like others. */
function compile(on: Compilation, datum: Datum, depth: number, level: number, ellipses: boolean): Template {
  const at = datumPosition(datum, on.near);
  if (level > PatternDEPTH) throw new SchemeSyntaxError(at, 'a template is nested too deeply', `at most ${PatternDEPTH} levels`);
  if (datum.type === 'symbol') return compileName(on, datum, depth, ellipses);
  if (datum.type === 'vector') return { kind: 'vector', elements: compileItems(on, datum.items, at, depth, level, ellipses) };
  if (datum.type !== 'pair') return { kind: 'datum', value: datum };
  const { items, tail } = listParts(datum);
  const second = items[1];
  if (ellipses && isEllipsis(on.rules, datum.car)) {
    if (items.length !== 2 || tail !== null || second === undefined) {
      throw new SchemeSyntaxError(at, 'an ellipsis begins a template', 'write (... TEMPLATE) for an ellipsis as such, or put it after what repeats');
    }
    return compile(on, second, depth, level + 1, false);
  }
  const elements = compileItems(on, items, at, depth, level, ellipses);
  return { kind: 'list', elements, tail: tail === null ? null : compile(on, tail, depth, level + 1, ellipses) };
}

function compileName(on: Compilation, id: SymbolDatum, depth: number, ellipses: boolean): Template {
  if (ellipses && isEllipsis(on.rules, id)) {
    throw new SchemeSyntaxError(id.at, `${id.name} out of place in a template`, 'it follows what repeats');
  }
  const key = identifierKey(id);
  const needed = on.depths.get(key);
  if (needed === undefined) return { kind: 'insert', id };
  if (needed > depth) {
    throw new SchemeSyntaxError(id.at, `${id.name} needs ${needed - depth} more ${needed - depth === 1 ? 'ellipsis' : 'ellipses'} here`,
      'it must be followed by as many as in the pattern');
  }
  on.met.push(key);
  return { kind: 'variable', key };
}

function compileItems(
  on: Compilation, items: readonly Datum[], at: Position, depth: number, level: number, ellipses: boolean,
): Element[] {
  const elements: Element[] = [];
  for (let i = 0; i < items.length; ++i) {
    const item = items[i];
    let count = 0;
    while (ellipses && i + 1 < items.length && isEllipsis(on.rules, items[i + 1])) {
      count += 1;
      i += 1;
    }
    const met: Key[] = [];
    const template = compile({ ...on, met }, item, depth + count, level + 1, ellipses);
    on.met.push(...met);
    const keys = [...new Set(met)].filter((key) => (on.depths.get(key) as number) > 0);
    if (count > 0 && !keys.some((key) => (on.depths.get(key) as number) >= depth + count)) {
      throw new SchemeSyntaxError(datumPosition(item, at), `nothing in ${datumText(item)} repeats with its ellipsis`,
        'use a pattern variable that is followed by as many ellipses in the pattern');
    }
    elements.push({ template, ellipses: count, keys });
  }
  return elements;
}

/** How much the macros of one top-level form may still write <design/expander#.req.ends>. */
export interface Budget { left: number }

/** One filling-in. All that it makes stands, for messages, where the macro is used <design/expander#.req.errors>. */
export interface Filling {
  readonly rules: Rules;
  readonly at: Position;
  readonly name: string;
  readonly aliases: Map<Key, Alias>;
  readonly budget: Budget;
}

/** templateFill -- a template with its variables replaced */
export function templateFill(filling: Filling, template: Template, matches: Matches): Datum {
  if (--filling.budget.left < 0) {
    throw new SchemeSyntaxError(filling.at, `the expansion of ${filling.name} does not end`, 'let each use of the macro lead to a smaller one');
  }
  switch (template.kind) {
    case 'insert': return alias(filling, template.id);
    case 'variable': return matches.get(template.key) as Datum;
    case 'datum': return template.value;
    case 'vector': return { type: 'vector', items: fillItems(filling, template.elements, matches) };
    case 'list': {
      const items = fillItems(filling, template.elements, matches);
      let list: Datum = template.tail === null ? { type: 'null' } : templateFill(filling, template.tail, matches);
      for (let i = items.length - 1; i >= 0; --i) {
        const pair: PairDatum = { type: 'pair', car: items[i], cdr: list, at: filling.at };
        list = pair;
      }
      return list;
    }
  }
}

function alias(filling: Filling, id: SymbolDatum): Alias {
  const key = identifierKey(id);
  let made = filling.aliases.get(key);
  if (made === undefined) {
    made = new Alias(id, filling.rules.scope, filling.at);
    filling.aliases.set(key, made);
  }
  return made;
}

function fillItems(filling: Filling, elements: readonly Element[], matches: Matches): Datum[] {
  const items: Datum[] = [];
  for (const element of elements) fillElement(filling, element, element.ellipses, matches, items);
  return items;
}

function fillElement(filling: Filling, element: Element, ellipses: number, matches: Matches, into: Datum[]): void {
  if (ellipses === 0) {
    into.push(templateFill(filling, element.template, matches));
    return;
  }
  const lists = new Map<Key, readonly Match[]>();
  for (const key of element.keys) {
    const match = matches.get(key);
    if (Array.isArray(match)) lists.set(key, match as readonly Match[]);
  }
  const lengths = [...lists.values()].map((list) => list.length);
  const count = lengths[0] ?? 0;
  if (lengths.some((length) => length !== count)) {
    throw new SchemeSyntaxError(filling.at, `in ${filling.name} sequences of different lengths (${lengths.join(', ')}) share an ellipsis`,
      'give as many of the one as of the other');
  }
  for (let i = 0; i < count; ++i) {
    const each: Matches = new Map(matches);
    for (const [key, list] of lists) each.set(key, list[i]);
    fillElement(filling, element, ellipses - 1, each, into);
  }
}

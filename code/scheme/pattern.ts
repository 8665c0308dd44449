/* pattern.ts: PATTERNS OF SYNTAX-RULES
 *
 * A pattern is checked and compiled where it is written, so that its mistakes have a place, and matched against each use
 * <design/expander#.def.pattern>.
 */
import type { Datum, PairDatum, Position, SymbolDatum } from './datum.ts';
import { SchemeSyntaxError } from './datum.ts';
import { datumPosition, datumText, listParts } from './form.ts';
import type { Key, Scope } from './scope.ts';
import { auxiliary, identifierKey } from './scope.ts';

export type Pattern =
  | { readonly kind: 'any' }
  | { readonly kind: 'variable'; readonly key: Key }
  | { readonly kind: 'literal'; readonly id: SymbolDatum }
  | { readonly kind: 'datum'; readonly value: Datum }
  | ListPattern
  | { readonly kind: 'vector'; readonly list: ListPattern };

/** (before ... repeat ellipsis after ... . tail); a proper list has no tail. */
export interface ListPattern {
  readonly kind: 'list';
  readonly before: readonly Pattern[];
  readonly repeat: Pattern | null;
  /** The variables inside `repeat`. */
  readonly keys: readonly Key[];
  readonly after: readonly Pattern[];
  readonly tail: Pattern | null;
}

/** What a variable matched: a datum, or under an ellipsis one match a repetition. */
export type Match = Datum | readonly Match[];
export type Matches = Map<Key, Match>;

/** Levels to which patterns and templates may nest <design/expander#.req.depth>. */
export const PatternDEPTH = 400;

/** Where a syntax-rules form is written and what it says of names. */
export interface Rules {
  readonly scope: Scope;
  readonly literals: readonly SymbolDatum[];
  /** The name chosen for the ellipsis, or null: `...`. */
  readonly ellipsis: SymbolDatum | null;
}

/** isEllipsis -- whether a datum is the ellipsis of these rules; as a literal it is none */
export function isEllipsis(rules: Rules, datum: Datum): boolean {
  if (datum.type !== 'symbol' || isLiteral(rules, datum)) return false;
  if (rules.ellipsis !== null) return identifierKey(datum) === identifierKey(rules.ellipsis);
  return auxiliary(datum, rules.scope) === '...';
}

function isLiteral(rules: Rules, id: SymbolDatum): boolean {
  return rules.literals.some((literal) => identifierKey(literal) === identifierKey(id));
}

/** patternCompile -- a pattern, with the depth of each of its variables added to `depths` */
export function patternCompile(rules: Rules, datum: Datum, depths: Map<Key, number>, near: Position): Pattern {
  return compile(rules, datum, depths, near, 0, 0);
}

function compile(rules: Rules, datum: Datum, depths: Map<Key, number>, near: Position, depth: number, level: number): Pattern {
  const at = datumPosition(datum, near);
  if (level > PatternDEPTH) throw new SchemeSyntaxError(at, 'a pattern is nested too deeply', `at most ${PatternDEPTH} levels`);
  if (datum.type === 'symbol') return compileName(rules, datum, depths, depth);
  if (datum.type === 'vector') {
    const list = compileList(rules, datum.items, null, depths, at, depth, level);
    return { kind: 'vector', list };
  }
  if (datum.type === 'pair' || datum.type === 'null') {
    const { items, tail } = listParts(datum);
    return compileList(rules, items, tail, depths, at, depth, level);
  }
  return { kind: 'datum', value: datum };
}

function compileName(rules: Rules, id: SymbolDatum, depths: Map<Key, number>, depth: number): Pattern {
  if (isLiteral(rules, id)) return { kind: 'literal', id };
  if (isEllipsis(rules, id)) {
    throw new SchemeSyntaxError(id.at, `${id.name} out of place in a pattern`, 'it follows the one pattern of its list that repeats');
  }
  if (auxiliary(id, rules.scope) === '_') return { kind: 'any' };
  const key = identifierKey(id);
  if (depths.has(key)) throw new SchemeSyntaxError(id.at, `pattern variable ${id.name} appears twice`, 'give each its own name');
  depths.set(key, depth);
  return { kind: 'variable', key };
}

function compileList(
  rules: Rules, items: readonly Datum[], tail: Datum | null, depths: Map<Key, number>, at: Position, depth: number, level: number,
): ListPattern {
  const ellipsis = items.findIndex((item) => isEllipsis(rules, item));
  const each = (item: Datum): Pattern => compile(rules, item, depths, at, depth, level + 1);
  if (ellipsis === 0) {
    throw new SchemeSyntaxError(at, `${datumText(items[0])} begins a pattern`, 'it follows the pattern that repeats');
  }
  const fixed = ellipsis < 0 ? items.length : ellipsis - 1;
  const before = items.slice(0, fixed).map(each);
  let repeat: Pattern | null = null;
  const inside = new Map<Key, number>(depths);
  if (ellipsis > 0) repeat = compile(rules, items[fixed], inside, at, depth + 1, level + 1);
  const keys = [...inside.keys()].filter((key) => !depths.has(key));
  for (const key of keys) depths.set(key, inside.get(key) as number);
  const after = ellipsis < 0 ? [] : items.slice(ellipsis + 1).map(each);
  return { kind: 'list', before, repeat, keys, after, tail: tail === null ? null : each(tail) };
}

/** patternMatch -- whether a datum matches; fills `matches` */
export function patternMatch(rules: Rules, pattern: Pattern, datum: Datum, use: Scope, matches: Matches): boolean {
  switch (pattern.kind) {
    case 'any': return true;
    case 'variable':
      matches.set(pattern.key, datum);
      return true;
    case 'literal':
      return datum.type === 'symbol' && use.resolve(datum) === rules.scope.resolve(pattern.id);
    case 'datum': return datumEqual(pattern.value, datum);
    case 'vector':
      return datum.type === 'vector' && matchItems(rules, pattern.list, datum.items, null, use, matches);
    case 'list': return matchList(rules, pattern, datum, use, matches);
  }
}

function matchList(rules: Rules, pattern: ListPattern, datum: Datum, use: Scope, matches: Matches): boolean {
  if (pattern.repeat !== null) {
    const { items, tail } = listParts(datum);
    return matchItems(rules, pattern, items, tail, use, matches);
  }
  let rest = datum;
  for (const each of pattern.before) {
    if (rest.type !== 'pair' || !patternMatch(rules, each, rest.car, use, matches)) return false;
    rest = rest.cdr;
  }
  return pattern.tail === null ? rest.type === 'null' : patternMatch(rules, pattern.tail, rest, use, matches);
}

function matchItems(
  rules: Rules, pattern: ListPattern, items: readonly Datum[], tail: Datum | null, use: Scope, matches: Matches,
): boolean {
  const { before, repeat, after } = pattern;
  const repeats = items.length - before.length - after.length;
  if (repeats < 0 || (repeat === null && repeats > 0)) return false;
  const one = (each: Pattern, i: number): boolean => patternMatch(rules, each, items[i], use, matches);
  if (!before.every((each, i) => one(each, i))) return false;
  if (!after.every((each, i) => one(each, before.length + repeats + i))) return false;
  if (repeat !== null && !matchRepeat(rules, pattern, repeat, items.slice(before.length, before.length + repeats), use, matches)) {
    return false;
  }
  if (pattern.tail === null) return tail === null;
  return patternMatch(rules, pattern.tail, tail ?? { type: 'null' }, use, matches);
}

function matchRepeat(
  rules: Rules, list: ListPattern, repeat: Pattern, items: readonly Datum[], use: Scope, matches: Matches,
): boolean {
  const lists = list.keys.map((): Match[] => []);
  const each: Matches = new Map();
  for (const item of items) {
    if (!patternMatch(rules, repeat, item, use, each)) return false;
    list.keys.forEach((key, i) => lists[i]?.push(each.get(key) as Match));
  }
  list.keys.forEach((key, i) => matches.set(key, lists[i]));
  return true;
}

/** Equality of the data that are not names or compounds. */
function datumEqual(a: Datum, b: Datum): boolean {
  if (a.type === 'bytes') return b.type === 'bytes' && a.bytes.length === b.bytes.length && a.bytes.every((byte, i) => byte === b.bytes[i]);
  if ('value' in a && 'value' in b) return a.type === b.type && Object.is(a.value, b.value);
  return false;
}

/** patternUsage -- a pattern as the user wrote it, for the hint of an error */
export function patternUsage(name: string, pattern: Datum): string {
  if (pattern.type !== 'pair') return datumText(pattern);
  const head: SymbolDatum = { type: 'symbol', name, at: pattern.at };
  const shown: PairDatum = { type: 'pair', car: head, cdr: pattern.cdr, at: pattern.at };
  return datumText(shown);
}

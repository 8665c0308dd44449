/* rules.ts: SYNTAX-RULES
 *
 * Matching and instantiating. Symbols of a template that are not pattern variables become aliases, new for each
 * expansion <design/testing#.plain>.
 */
import { isEqual } from './equality.ts';
import { isSame, strip } from './scope.ts';
import { Alias, items, list, Pair, Sym, symbol } from './values.ts';
import type { Id, Macro, Scope } from './scope.ts';
import type { Value } from './values.ts';

/** What a pattern variable matched: a form, or under an ellipsis one match for each repetition. */
type Match = { readonly form: Value } | { readonly each: readonly Matches[] };
type Matches = Map<Id, Match>;

interface Rules { readonly scope: Scope; readonly ellipsis: Sym; readonly literals: readonly Id[] }

const isId = (form: Value): form is Id => form instanceof Sym || form instanceof Alias;

/** rules -- the expander for the parts of a (syntax-rules ...) form found in `scope` */
export function rules(parts: readonly Value[], scope: Scope): Macro['expand'] {
  const custom = isId(parts[1]);
  const ellipsis = custom ? strip(parts[1] as Id) : symbol('...');
  const literals = items(parts[custom ? 2 : 1]) as Id[];
  const all = { scope, ellipsis, literals };
  const clauses = parts.slice(custom ? 3 : 2).map(items);
  return (form, use) => {
    for (const [pattern, template] of clauses) {
      const matches: Matches = new Map();
      if (match(all, (pattern as Pair).cdr, (form as Pair).cdr, use, matches)) {
        const aliases = new Map<Id, Alias>();
        return instantiate(all, template, matches, (id) => {
          let alias = aliases.get(id);
          if (alias === undefined) aliases.set(id, alias = new Alias(id, scope));
          return alias;
        });
      }
    }
    throw new SyntaxError(`no rule of ${strip((form as Pair).car as Id).name} matches`);
  };
}

const isEllipsis = (all: Rules, form: Value): boolean => isId(form) && strip(form) === all.ellipsis;

function match(all: Rules, pattern: Value, form: Value, use: Scope, matches: Matches): boolean {
  if (isId(pattern)) {
    if (all.literals.includes(pattern)) return isId(form) && isSame(all.scope.lookup(pattern), use.lookup(form));
    if (strip(pattern).name !== '_') matches.set(pattern, { form });
    return true;
  }
  if (pattern instanceof Pair) {
    if (pattern.cdr instanceof Pair && isEllipsis(all, pattern.cdr.car)) {
      return matchEach(all, pattern.car, pattern.cdr.cdr, form, use, matches);
    }
    return form instanceof Pair && match(all, pattern.car, form.car, use, matches)
      && match(all, pattern.cdr, form.cdr, use, matches);
  }
  if (Array.isArray(pattern)) return Array.isArray(form) && match(all, list(pattern), list(form), use, matches);
  return isEqual(pattern, form);
}

function matchEach(all: Rules, repeated: Value, rest: Value, form: Value, use: Scope, matches: Matches): boolean {
  const found: Value[] = [];
  let tail = form;
  for (; tail instanceof Pair; tail = tail.cdr) found.push(tail.car);
  let least = 0;
  for (let part = rest; part instanceof Pair; part = part.cdr) least += 1;
  if (found.length < least) return false;
  const each: Matches[] = [];
  for (const item of found.slice(0, found.length - least)) {
    const inner: Matches = new Map();
    if (!match(all, repeated, item, use, inner)) return false;
    each.push(inner);
  }
  for (const id of variables(all, repeated)) matches.set(id, { each });
  return match(all, rest, list(found.slice(found.length - least), tail), use, matches);
}

function variables(all: Rules, pattern: Value): Id[] {
  if (isId(pattern)) return all.literals.includes(pattern) || isEllipsis(all, pattern) ? [] : [pattern];
  if (pattern instanceof Pair) return [...variables(all, pattern.car), ...variables(all, pattern.cdr)];
  return Array.isArray(pattern) ? pattern.flatMap((item) => variables(all, item)) : [];
}

function instantiate(all: Rules, template: Value, matches: Matches, alias: (id: Id) => Alias): Value {
  if (isId(template)) {
    const found = matches.get(template);
    if (found === undefined) return alias(template);
    if ('each' in found) throw new SyntaxError(`${strip(template).name} needs an ellipsis`);
    return found.form;
  }
  if (Array.isArray(template)) return items(instantiate(all, list(template), matches, alias));
  if (!(template instanceof Pair)) return template;
  if (isEllipsis(all, template.car)) {
    return instantiate({ ...all, ellipsis: symbol(' none') }, (template.cdr as Pair).car, matches, alias);
  }
  let rest = template.cdr, levels = 0;
  for (; rest instanceof Pair && isEllipsis(all, rest.car); rest = rest.cdr) levels += 1;
  const after = instantiate(all, rest, matches, alias);
  return levels === 0
    ? new Pair(instantiate(all, template.car, matches, alias), after)
    : list(repeat(all, template.car, matches, alias, levels), after);
}

function repeat(all: Rules, template: Value, matches: Matches, alias: (id: Id) => Alias, levels: number): Value[] {
  if (levels === 0) return [instantiate(all, template, matches, alias)];
  const used = variables(all, template).map((id) => matches.get(id)).filter((found) => found !== undefined && 'each' in found);
  if (used.length === 0) throw new SyntaxError('an ellipsis follows a template without a repeated variable');
  const results: Value[] = [];
  const longest = Math.max(...used.map((found) => (found as { each: readonly Matches[] }).each.length));
  for (let i = 0; i < longest; i += 1) {
    const inner: Matches = new Map(matches);
    for (const found of used) for (const [id, one] of (found as { each: readonly Matches[] }).each[i] ?? []) inner.set(id, one);
    results.push(...repeat(all, template, inner, alias, levels - 1));
  }
  return results;
}

/* letrec.ts: LETREC
 *
 * Definitions of a body, taken apart: what refers only backwards becomes a plain binding, procedures that refer to each
 * other become one group, and only what may be seen before its value stays general <design/expander#.letrec>.
 */
import { binding, sequence } from './build.ts';
import type { Position } from './datum.ts';
import type { Expander } from './expander.ts';
import type { Expr, Letrec, Variable } from './ir.ts';
import type { LetrecGroup } from './scope.ts';

/** letrecGroup -- for so many variables; `first` is filled by the references that the expander meets */
export function letrecGroup(count: number): LetrecGroup {
  return { current: Infinity, first: new Array<number>(count).fill(Infinity) };
}

interface Segment { readonly base: number; readonly limit: number }

/** letrecSplit -- nested bindings for a letrec*; a variable of null has an init that is run for effect
 *
 * Keeps <design/expander#.inv.letrec>. The body is expanded within the levels that the bindings take.
 */
export function letrecSplit(
  x: Expander, variables: readonly (Variable | null)[], inits: readonly Expr[], group: LetrecGroup, at: Position, body: () => Expr,
): Expr {
  const segments = segmentsOf(group.first);
  x.chain(at, segments.length);
  const result = body();
  x.unchain(segments.length);
  return segments.reduceRight<Expr>((rest, segment) => segmentBind(segment, variables, inits, group, rest), result);
}

/** The least runs of inits such that no reference goes forward from one to another. */
function segmentsOf(first: readonly number[]): Segment[] {
  const reach = first.map((_, i) => i);
  first.forEach((from, i) => {
    if (from !== Infinity) reach[from] = Math.max(reach[from], i);
  });
  const segments: Segment[] = [];
  for (let base = 0; base < first.length;) {
    let last = base;
    for (let i = base; i <= last; ++i) last = Math.max(last, reach[i]);
    segments.push({ base, limit: last + 1 });
    base = last + 1;
  }
  return segments;
}

function segmentBind(
  { base, limit }: Segment, variables: readonly (Variable | null)[], inits: readonly Expr[], group: LetrecGroup, rest: Expr,
): Expr {
  const values = inits.slice(base, limit);
  const single = variables[base];
  if (limit - base === 1 && group.first[base] === Infinity) {
    const init = inits[base];
    return single === null || single === undefined ? sequence([init, rest]) : binding([single], [init], rest);
  }
  const bound = variables.slice(base, limit).map((variable) => variable ?? { name: '', assigned: false, captured: false });
  if (!values.every(({ op }) => op === 'lambda')) {
    bound.forEach((variable, i) => {
      if (group.first[base + i] === Infinity) return;
      variable.assigned = true;
      variable.early = true;
    });
  }
  const made: Letrec = { op: 'letrec', variables: bound, inits: values, body: rest };
  return made;
}

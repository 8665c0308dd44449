/* equality.ts: WHEN TWO VALUES ARE THE SAME
 *
 * `eq?` compares granules, `eqv?` also bignums, `equal?` structure. `equal?` ends on every datum, circular ones included, and
 * uses the host's stack no deeper for a deep one <design/scheme#.inv.equal>: it first tries a walk of bounded depth and length,
 * and where that does not decide, one with a stack of its own that remembers what it has taken for equal.
 */
import type { Hart } from '../../machine/machine.ts';
import {
  BytesBYTES, KindBIGNUM, KindBYTES, KindPAIR, KindSTRING, KindVECTOR, PairCAR, PairCDR, StringCHARS, ValueSIZE, VectorELEMENTS,
  type Kind,
} from '../kinds.ts';
import { primitive, type Primitive } from '../primitive.ts';
import type { Vm } from '../vm.ts';
import { isSameBignum } from './bignum.ts';
import { addressIn, RawStack } from './slots.ts';

/** How far the quick walk goes: levels, and comparisons. */
const QuickDEPTH = 16;
const QuickSTEPS = 4000;

/** isEqv -- whether the values of two slots are the same: bignums by value, others by granule. */
export function isEqv(vm: Vm, a: number, b: number): boolean {
  const hart = vm.hart;
  if (hart.isSame(a, b)) return true;
  if (!hart.isTagged(a) || !hart.isTagged(b)) return false;
  return vm.kindOf(a) === KindBIGNUM && vm.kindOf(b) === KindBIGNUM && isSameBignum(vm, a, b);
}

/** isLeafEqual -- whether two objects of one kind that hold no values are equal. */
function isLeafEqual(vm: Vm, kind: Kind, a: number, b: number): boolean {
  if (kind === KindBIGNUM) return isSameBignum(vm, a, b);
  if (kind !== KindSTRING && kind !== KindBYTES) return false;
  const hart = vm.hart, length = vm.lengthOf(a);
  if (vm.lengthOf(b) !== length) return false;
  if (kind === KindSTRING) {
    for (let i = 0; i < length; i += 1) {
      if (hart.load32(a, StringCHARS + 4 * i) !== hart.load32(b, StringCHARS + 4 * i)) return false;
    }
  } else {
    for (let i = 0; i < length; i += 1) {
      if (hart.load8(a, BytesBYTES + i) !== hart.load8(b, BytesBYTES + i)) return false;
    }
  }
  return true;
}

/** quickEqual -- `equal?` within QuickDEPTH and the steps left; null where they do not decide. */
function quickEqual(vm: Vm, one: number, other: number, depth: number, steps: { left: number }): boolean | null {
  const hart = vm.hart;
  if (hart.isSame(one, other)) return true;
  if (!hart.isTagged(one) || !hart.isTagged(other)) return false;
  if (depth === 0) return null;
  const f = hart.enter(4), a = f, b = f + 1, x = f + 2, y = f + 3;
  hart.move(a, one);
  hart.move(b, other);
  try {
    for (;;) {
      if ((steps.left -= 1) < 0) return null;
      const kind = vm.kindOf(a);
      if (kind !== vm.kindOf(b)) return false;
      if (kind === KindVECTOR) return quickVectors(vm, a, b, x, y, depth, steps);
      if (kind !== KindPAIR) return isLeafEqual(vm, kind, a, b);
      hart.loadCap(x, a, PairCAR);
      hart.loadCap(y, b, PairCAR);
      const heads = quickEqual(vm, x, y, depth - 1, steps);
      if (heads !== true) return heads;
      hart.loadCap(a, a, PairCDR);
      hart.loadCap(b, b, PairCDR);
      if (hart.isSame(a, b)) return true;
      if (!hart.isTagged(a) || !hart.isTagged(b)) return false;
    }
  } finally {
    hart.leave(f);
  }
}

function quickVectors(vm: Vm, a: number, b: number, x: number, y: number, depth: number, steps: { left: number }): boolean | null {
  const hart = vm.hart, length = vm.lengthOf(a);
  if (vm.lengthOf(b) !== length) return false;
  for (let i = 0; i < length; i += 1) {
    if ((steps.left -= 1) < 0) return null;
    hart.loadCap(x, a, VectorELEMENTS + ValueSIZE * i);
    hart.loadCap(y, b, VectorELEMENTS + ValueSIZE * i);
    const same = quickEqual(vm, x, y, depth - 1, steps);
    if (same !== true) return same;
  }
  return true;
}

/** Objects taken for equal, as a forest keyed by address: two in one tree need no second look. */
class Classes {
  private readonly parents: Map<number, number> = new Map();

  private find(key: number): number {
    let root = key;
    for (let up = this.parents.get(root); up !== undefined; up = this.parents.get(root)) root = up;
    for (let at = key; at !== root;) {
      const up = this.parents.get(at) as number;
      this.parents.set(at, root);
      at = up;
    }
    return root;
  }

  /** unite -- take two for equal; false where they were already. */
  unite(hart: Hart, a: number, b: number): boolean {
    const one = this.find(addressIn(hart, a)), other = this.find(addressIn(hart, b));
    if (one === other) return false;
    this.parents.set(one, other);
    return true;
  }
}

/** fullEqual -- `equal?` of any two values; allocates nothing in the heap. */
function fullEqual(vm: Vm, one: number, other: number): boolean {
  const hart = vm.hart, f = hart.enter(4), a = f, b = f + 1, x = f + 2, y = f + 3;
  const todo = new RawStack(), classes = new Classes();
  todo.push(hart, one);
  todo.push(hart, other);
  let equal = true;
  while (equal && todo.count > 0) {
    todo.pop(hart, b);
    todo.pop(hart, a);
    if (hart.isSame(a, b)) continue;
    const kind = hart.isTagged(a) && hart.isTagged(b) ? vm.kindOf(a) : 0;
    if (kind === 0 || kind !== vm.kindOf(b)) {
      equal = false;
    } else if (kind !== KindPAIR && kind !== KindVECTOR) {
      equal = isLeafEqual(vm, kind, a, b);
    } else if (kind === KindVECTOR && vm.lengthOf(a) !== vm.lengthOf(b)) {
      equal = false;
    } else if (classes.unite(hart, a, b)) {
      const from = kind === KindPAIR ? PairCAR : VectorELEMENTS, count = kind === KindPAIR ? 2 : vm.lengthOf(a);
      for (let i = count - 1; i >= 0; i -= 1) {
        hart.loadCap(x, a, from + ValueSIZE * i);
        hart.loadCap(y, b, from + ValueSIZE * i);
        todo.push(hart, x);
        todo.push(hart, y);
      }
    }
  }
  hart.leave(f);
  return equal;
}

/** isEqual -- whether the values of two slots are `equal?`. */
export function isEqual(vm: Vm, a: number, b: number): boolean {
  if (vm.hart.isSame(a, b)) return true;
  if (!vm.hart.isTagged(a) || !vm.hart.isTagged(b)) return false;
  return quickEqual(vm, a, b, QuickDEPTH, { left: QuickSTEPS }) ?? fullEqual(vm, a, b);
}

/** Equivalence. */
export const equalityPrimitives: readonly Primitive[] = [
  primitive('eq?', 2, 2, (vm, base) => {
    vm.setBoolean(base, vm.hart.isSame(base + 2, base + 3));
  }),
  primitive('eqv?', 2, 2, (vm, base) => {
    vm.setBoolean(base, isEqv(vm, base + 2, base + 3));
  }),
  primitive('equal?', 2, 2, (vm, base) => {
    vm.setBoolean(base, isEqual(vm, base + 2, base + 3));
  }),
];

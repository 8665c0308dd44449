/* pairs.ts: PAIRS AND LISTS
 *
 * What can be done to lists without calling back into Scheme. A list that turns out improper or circular is an error of the
 * caller's that names the procedure, never an endless loop of the host's <design/scheme#.inv.circular>.
 */
import { ConstantNULL, ConstantUNSPECIFIC, KindPAIR, PairCAR, PairCDR, SlotTMP0, SlotTMP1, SlotTMP2 } from '../kinds.ts';
import { primitive, type Primitive } from '../primitive.ts';
import type { Vm } from '../vm.ts';
import { isEqual, isEqv } from './equality.ts';
import { indexOf, sizeOf } from './slots.ts';

/** After so many pairs a walk asks whether the list ever ends. */
const LongLIST = 65536;

/** What a list is, when it is not a proper one. */
export const ListIMPROPER = -1;
export const ListCIRCULAR = -2;

/** listLength -- pairs in the list in a slot, or ListIMPROPER or ListCIRCULAR. */
export function listLength(vm: Vm, list: number): number {
  const hart = vm.hart, rest = SlotTMP0, mark = SlotTMP1;
  hart.move(rest, list);
  hart.clear(mark);
  // Brent: the mark jumps to where the walk is at every power of two, and is met again on a circle.
  for (let count = 0, next = 1; ; count += 1) {
    if (!vm.isPair(rest)) return vm.isConstant(rest, ConstantNULL) ? count : ListIMPROPER;
    if (hart.isSame(rest, mark)) return ListCIRCULAR;
    if (count === next) {
      hart.move(mark, rest);
      next *= 2;
    }
    hart.loadCap(rest, rest, PairCDR);
  }
}

/** properLength -- the length of the list in a slot, argument `index` of `who`. */
export function properLength(vm: Vm, list: number, who: string, index: number): number {
  const count = listLength(vm, list);
  if (count === ListCIRCULAR) throw vm.error(`${who}: expected a list, got a circular one`);
  if (count === ListIMPROPER) throw vm.wrongType(who, index, list, 'a list');
  return count;
}

/** takePair -- the pair in a slot is one, or the error of `who`. */
function takePair(vm: Vm, slot: number, who: string): void {
  if (!vm.isPair(slot)) throw vm.wrongType(who, 1, slot, 'a pair');
}

/** accessor -- `cadr` and its like: the letters between c and r, last first. */
function accessor(name: string): Primitive {
  const path = [...name.slice(1, -1)].reverse().map((letter) => letter === 'a' ? PairCAR : PairCDR);
  return primitive(name, 1, 1, (vm, base) => {
    const hart = vm.hart, at = SlotTMP0;
    hart.move(at, base + 2);
    for (const offset of path) {
      takePair(vm, at, name);
      hart.loadCap(at, at, offset);
    }
    hart.move(base, at);
  });
}

const accessors: readonly Primitive[] = [1, 2, 3, 4].flatMap((letters) =>
  Array.from({ length: 2 ** letters }, (_unused, bits) =>
    accessor(`c${Array.from({ length: letters }, (_none, i) => (bits >> i & 1) === 0 ? 'a' : 'd').join('')}r`)));

function setter(name: string, offset: number): Primitive {
  return primitive(name, 2, 2, (vm, base) => {
    takePair(vm, base + 2, name);
    vm.hart.storeCap(base + 2, offset, base + 3);
    vm.setConstant(base, ConstantUNSPECIFIC);
  });
}

/** listOfSlots -- dst := list of the values of `count` slots. */
export function listOfSlots(vm: Vm, dst: number, first: number, count: number): void {
  const list = SlotTMP0;
  vm.setConstant(list, ConstantNULL);
  for (let i = count - 1; i >= 0; i -= 1) vm.cons(list, first + i, list);
  vm.hart.move(dst, list);
}

/** copyOnto -- dst := copy of the first `count` pairs of `list`, ending in the value of `tail`. All different slots. */
function copyOnto(vm: Vm, dst: number, list: number, count: number, tail: number): void {
  const hart = vm.hart, f = hart.enter(4), rest = f, last = f + 1, item = f + 2, pair = f + 3;
  hart.move(dst, tail);
  hart.move(rest, list);
  for (let i = 0; i < count; i += 1) {
    hart.loadCap(item, rest, PairCAR);
    hart.loadCap(rest, rest, PairCDR);
    vm.cons(pair, item, tail);
    if (i === 0) hart.move(dst, pair);
    else hart.storeCap(last, PairCDR, pair);
    hart.move(last, pair);
  }
  hart.leave(f);
}

function append(vm: Vm, base: number, argc: number): void {
  const hart = vm.hart, tail = SlotTMP2;
  if (argc === 0) {
    vm.setConstant(base, ConstantNULL);
    return;
  }
  hart.move(tail, base + 1 + argc);
  for (let i = argc - 2; i >= 0; i -= 1) {
    const count = properLength(vm, base + 2 + i, 'append', i + 1);
    copyOnto(vm, base, base + 2 + i, count, tail);
    hart.move(tail, base);
  }
  hart.move(base, tail);
}

function reverse(vm: Vm, base: number): void {
  const hart = vm.hart, rest = SlotTMP0, item = SlotTMP1, list = SlotTMP2;
  properLength(vm, base + 2, 'reverse', 1);
  hart.move(rest, base + 2);
  vm.setConstant(list, ConstantNULL);
  for (; vm.isPair(rest); hart.loadCap(rest, rest, PairCDR)) {
    hart.loadCap(item, rest, PairCAR);
    vm.cons(list, item, list);
  }
  hart.move(base, list);
}

/** listCopy -- the pairs of the spine are new; whatever ends it is kept. */
function listCopy(vm: Vm, base: number): void {
  const hart = vm.hart, rest = SlotTMP2;
  if (listLength(vm, base + 2) === ListCIRCULAR) throw vm.error('list-copy: expected a list, got a circular one');
  let count = 0;
  hart.move(rest, base + 2);
  for (; vm.isPair(rest); hart.loadCap(rest, rest, PairCDR)) count += 1;
  copyOnto(vm, base, base + 2, count, rest);
}

/** seek -- slot SlotTMP0 := the tail of the list in base + 2 after `count` pairs. */
function seek(vm: Vm, base: number, who: string, last: number): void {
  const hart = vm.hart, rest = SlotTMP0;
  const n = vm.expectFixnum(who, 2, base + 3);
  if (n < 0) throw vm.wrongType(who, 2, base + 3, 'an index');
  if (n > LongLIST && listLength(vm, base + 2) === ListCIRCULAR) throw vm.error(`${who}: expected a list, got a circular one`);
  hart.move(rest, base + 2);
  for (let i = 0; i < n + last; i += 1) {
    if (!vm.isPair(rest)) {
      properLength(vm, base + 2, who, 1);
      indexOf(vm, base + 3, who, 2, 0, i - last);
    }
    if (i < n) hart.loadCap(rest, rest, PairCDR);
  }
}

const lists: readonly Primitive[] = [
  primitive('cons', 2, 2, (vm, base) => {
    vm.cons(base, base + 2, base + 3);
  }),
  setter('set-car!', PairCAR),
  setter('set-cdr!', PairCDR),
  primitive('pair?', 1, 1, (vm, base) => {
    vm.setBoolean(base, vm.isKind(base + 2, KindPAIR));
  }),
  primitive('null?', 1, 1, (vm, base) => {
    vm.setBoolean(base, vm.isConstant(base + 2, ConstantNULL));
  }),
  primitive('list?', 1, 1, (vm, base) => {
    vm.setBoolean(base, listLength(vm, base + 2) >= 0);
  }),
  primitive('length', 1, 1, (vm, base) => {
    vm.setFixnum(base, properLength(vm, base + 2, 'length', 1));
  }),
  primitive('list', 0, -1, (vm, base, argc) => {
    listOfSlots(vm, base, base + 2, argc);
  }),
  primitive('%cons*', 1, -1, (vm, base, argc) => {
    vm.hart.move(SlotTMP0, base + 1 + argc);
    for (let i = argc - 2; i >= 0; i -= 1) vm.cons(SlotTMP0, base + 2 + i, SlotTMP0);
    vm.hart.move(base, SlotTMP0);
  }),
  primitive('make-list', 1, 2, (vm, base, argc) => {
    const n = sizeOf(vm, base + 2, 'make-list', 1), fill = SlotTMP1, list = SlotTMP0;
    if (argc === 2) vm.hart.move(fill, base + 3);
    else vm.setConstant(fill, ConstantUNSPECIFIC);
    vm.setConstant(list, ConstantNULL);
    for (let i = 0; i < n; i += 1) vm.cons(list, fill, list);
    vm.hart.move(base, list);
  }),
  primitive('append', 0, -1, append),
  primitive('reverse', 1, 1, reverse),
  primitive('list-copy', 1, 1, listCopy),
  primitive('list-tail', 2, 2, (vm, base) => {
    seek(vm, base, 'list-tail', 0);
    vm.hart.move(base, SlotTMP0);
  }),
  primitive('list-ref', 2, 2, (vm, base) => {
    seek(vm, base, 'list-ref', 1);
    vm.hart.loadCap(base, SlotTMP0, PairCAR);
  }),
  primitive('list-set!', 3, 3, (vm, base) => {
    seek(vm, base, 'list-set!', 1);
    vm.hart.storeCap(SlotTMP0, PairCAR, base + 4);
    vm.setConstant(base, ConstantUNSPECIFIC);
  }),
];

type Same = (vm: Vm, a: number, b: number) => boolean;

const isEq: Same = (vm, a, b) => vm.hart.isSame(a, b);

/** ended -- a search met the end of its list in `rest`: a proper end, or the error of `who`. */
function ended(vm: Vm, base: number, rest: number, who: string): void {
  if (!vm.isConstant(rest, ConstantNULL)) throw vm.wrongType(who, 2, base + 3, 'a list');
  vm.setBoolean(base, false);
}

/** member -- the search of `memq` and its like. */
function member(name: string, who: string, same: Same): Primitive {
  return primitive(name, 2, 2, (vm, base) => {
    const hart = vm.hart, rest = SlotTMP2, item = hart.local();
    hart.move(rest, base + 3);
    for (let count = 1; vm.isPair(rest); count += 1, hart.loadCap(rest, rest, PairCDR)) {
      hart.loadCap(item, rest, PairCAR);
      if (same(vm, base + 2, item)) {
        hart.move(base, rest);
        return;
      }
      if (count === LongLIST) properLength(vm, base + 3, who, 2);
    }
    ended(vm, base, rest, who);
  });
}

/** association -- the search of `assq` and its like. */
function association(name: string, who: string, same: Same): Primitive {
  return primitive(name, 2, 2, (vm, base) => {
    const hart = vm.hart, rest = SlotTMP2, item = hart.enter(2), key = item + 1;
    hart.move(rest, base + 3);
    for (let count = 1; vm.isPair(rest); count += 1, hart.loadCap(rest, rest, PairCDR)) {
      hart.loadCap(item, rest, PairCAR);
      if (!vm.isPair(item)) throw vm.wrongType(who, 2, base + 3, 'a list of pairs');
      hart.loadCap(key, item, PairCAR);
      if (same(vm, base + 2, key)) {
        hart.move(base, item);
        return;
      }
      if (count === LongLIST) properLength(vm, base + 3, who, 2);
    }
    ended(vm, base, rest, who);
  });
}

/** Pairs and lists; `member` and `assoc` of two arguments are `%member` and `%assoc` here. */
export const pairPrimitives: readonly Primitive[] = [
  ...accessors, ...lists,
  member('memq', 'memq', isEq), member('memv', 'memv', isEqv), member('%member', 'member', isEqual),
  association('assq', 'assq', isEq), association('assv', 'assv', isEqv), association('%assoc', 'assoc', isEqual),
];

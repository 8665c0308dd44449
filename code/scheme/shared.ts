/* shared.ts: WHAT THREADS SHARE
 *
 * Threads that run on one heap have the same symbols and the same constants, and each its own globals <design/vm#.shared>. The
 * objects are in the heap, in two boxes that a register of every thread holds; here is what the host knows of them: which
 * harts hold the boxes, and which element of the table of constants belongs to which literal.
 *
 * .atomic: Nothing here yields <design/vm#.inv.atomic>.
 */
import { aver } from '../base/base.ts';
import type { Hart } from '../machine/machine.ts';
import type { Datum } from './datum.ts';
import { ConstantUNSPECIFIC, FixnumMAX, SlotLITERALS, SlotSYMBOLS, ValueSIZE, VectorELEMENTS } from './kinds.ts';
import { datumIsSame, datumTo } from './literal.ts';
import type { Outcome } from './runtime.ts';
import type { Symbols } from './symbols.ts';

/** Makes slot dst the value of a literal. */
export type LiteralMaker = (store: Symbols, dst: number, datum: Datum) => void;

/** A literal that has been made: its datum, and its element in the table. */
interface Literal {
  readonly datum: Datum;
  readonly index: number;
}

/** What the runtimes on one heap have in common; each is made with it. */
export class Shared {
  /** Why the programs cannot begin: one of the runtimes does not start. */
  failure: Outcome | null = null;
  /** How many runtimes are to start before a program begins. */
  private readonly threads: number;
  private started: number = 0;
  /** The harts whose registers hold the boxes. */
  private readonly holders: Hart[] = [];
  /** By form, then in the order in which its code refers to them. */
  private literals = new Map<number, Literal[]>();
  /** Elements of the table in use. */
  private count: number = 0;

  /** `threads` runtimes start before any of their programs begins <design/vm#.shared.begin>. */
  constructor(threads: number = 1) {
    this.threads = threads;
  }

  /** isReady -- whether programs may begin. */
  get isReady(): boolean {
    return this.started >= this.threads;
  }

  /** start -- another runtime has started. */
  start(): void {
    this.started += 1;
  }

  // The boxes --------------------------------------------------------------------------------------------------------

  /** lend -- give the boxes to a hart whose virtual machine is about to be made; if nobody holds any, it makes its own. */
  lend(hart: Hart): void {
    if (this.holders.length === 0) {
      this.literals = new Map();
      this.count = 0;
      return;
    }
    for (const slot of [SlotSYMBOLS, SlotLITERALS]) registerCopy(hart, this.holders[0], slot);
  }

  /** join -- a hart holds the boxes from now on: they can be taken from its registers. */
  join(hart: Hart): void {
    this.holders.push(hart);
  }

  /** leave -- the same no more, for its slots will soon be no roots. */
  leave(hart: Hart): void {
    const at = this.holders.indexOf(hart);
    if (at >= 0) this.holders.splice(at, 1);
  }

  // Constants --------------------------------------------------------------------------------------------------------

  /** literalsOf -- what makes the literals of form number `form`, in order, for one compilation of it
   *
   * The same object each time, as long as the datum is the same <design/vm#.shared.literal>.
   */
  literalsOf(form: number): LiteralMaker {
    const known = this.literals.get(form) ?? [];
    this.literals.set(form, known);
    let next = 0;
    return (store, dst, datum) => {
      if (!isObject(datum)) {
        datumTo(store, dst, datum);
        return;
      }
      const literal = known.at(next);
      if (literal !== undefined && datumIsSame(literal.datum, datum)) this.take(store, dst, literal.index);
      else datumTo(store, dst, datum);
      if (literal === undefined) known.push({ datum, index: this.keep(store, dst) });
      next += 1;
    };
  }

  private take(store: Symbols, dst: number, index: number): void {
    store.hart.loadCap(dst, SlotLITERALS, 0);
    store.hart.loadCap(dst, dst, VectorELEMENTS + ValueSIZE * index);
  }

  /** keep -- add what is in a slot to the table; returns the number of its element. */
  private keep(store: Symbols, slot: number): number {
    const hart = store.hart, table = hart.enter(1), index = this.count;
    hart.loadCap(table, SlotLITERALS, 0);
    if (index === store.lengthOf(table)) this.grow(store, table);
    hart.storeCap(table, VectorELEMENTS + ValueSIZE * index, slot);
    hart.leave(table);
    this.count += 1;
    return index;
  }

  /** grow -- replace the table, which is in a slot, by one twice as long. */
  private grow(store: Symbols, table: number): void {
    const hart = store.hart, f = hart.enter(2), wider = f, item = f + 1, length = store.lengthOf(table);
    store.setConstant(item, ConstantUNSPECIFIC);
    store.makeVector(wider, 2 * length, item);
    for (let at = VectorELEMENTS; at < VectorELEMENTS + ValueSIZE * length; at += ValueSIZE) {
      hart.loadCap(item, table, at);
      hart.storeCap(wider, at, item);
    }
    hart.storeCap(SlotLITERALS, 0, wider);
    hart.move(table, wider);
    hart.leave(f);
  }
}

/** isObject -- whether a datum's value is an object of its own: neither an immediate nor a symbol. */
function isObject(datum: Datum): boolean {
  switch (datum.type) {
    case 'pair': case 'vector': case 'string': case 'bytes': return true;
    case 'integer': return datum.value > FixnumMAX || datum.value < -FixnumMAX;
    default: return false;
  }
}

/** registerCopy -- Hart.move from one hart to another
 *
 * Both are at rest, for one thread at a time runs and neither is inside the arena: the collector has seen both harts' slots, or
 * neither's.
 */
function registerCopy(to: Hart, from: Hart, slot: number): void {
  aver(from.isTagged(slot), '<design/vm#.inv.holders>');
  const c = slot << 3;
  to.r.set(from.r.subarray(c, c + 7), c);
}

/* procedure.ts: CALLS OFF THE FAST PATH
 *
 * What the virtual machine's loop leaves to methods: making closures, calls of what is no closure, spreading lists, globals,
 * vectors <design/vm#.slow>. Methods take slots, the loop words.
 */
import type { Datum } from './datum.ts';
import { SchemeHalt, type SchemeRaise } from './errors.ts';
import {
  ClosureCODE, ClosureFREE, ConstantNULL, ConstantUNASSIGNED, GlobalSYMBOL, GlobalVALUE, HeaderTHIRD, KindCLOSURE,
  KindCONTINUATION, KindPRIMITIVE, KindVALUES, KindVECTOR, PairCAR, PairCDR, PrimitiveNAME, PrimitiveSIZE, SlotAUDIT, SlotCODE, SlotREWIND,
  SlotVM0, SlotVM1, SlotVM2, SlotVM4, ValueSIZE, ValuesVALUES, VectorELEMENTS, WindowBASE, objectSize,
} from './kinds.ts';
import { datumTo } from './literal.ts';
import { OpAPPLY, OpAPPLYVALUES, OpCALLCC } from './opcodes.ts';
import type { Primitive, PrimitiveCode } from './primitive.ts';
import { Raises } from './raise.ts';
import type { Vm } from './vm.ts';

/** The virtual machine but for its loop. */
export class Procedures extends Raises {
  /** What the program has printed goes here. */
  output: (text: string) => void = () => undefined;
  protected readonly codes: PrimitiveCode[] = [];
  private readonly primitives: Primitive[] = [];

  // Primitives -------------------------------------------------------------------------------------------------------

  /** definePrimitive -- bind a global variable to a primitive. */
  definePrimitive(primitive: Primitive): void {
    const hart = this.hart, slot = SlotVM4, name = SlotVM2, index = this.primitives.length;
    this.primitives.push(primitive);
    this.codes.push(primitive.code);
    this.intern(slot, primitive.name);
    hart.move(name, slot);
    do {
      this.allocate(slot, PrimitiveSIZE);
      this.header(slot, KindPRIMITIVE, index, 0, 0);
      hart.storeCap(slot, PrimitiveNAME, name);
      this.blank(slot, PrimitiveNAME + ValueSIZE);
    } while (!this.commit(slot));
    this.setGlobal(primitive.name, slot);
    hart.clear(slot);
    hart.clear(name);
  }

  /** arity -- raise unless primitive `index` takes `argc` arguments. */
  protected arity(index: number, argc: number): void {
    const { name, min, max } = this.primitives[index];
    if (argc < min || (max >= 0 && argc > max)) throw this.error(`${name}: expected ${countText(min, max)}, got ${argc}`);
  }

  /** wrongCount -- raise: the running procedure was given `argc` arguments, not `min` or so; -1: no clause takes them. */
  protected wrongCount(min: number, max: number, argc: number): SchemeRaise {
    const name = this.codeName(SlotCODE), who = name === '' ? 'procedure' : name;
    return this.error(min < 0 ? `${who}: no clause for ${argc} arguments` : `${who}: expected ${countText(min, max)}, got ${argc}`);
  }

  // Calls ------------------------------------------------------------------------------------------------------------

  /** callSlow -- call what is in slot base + 1, whatever it is; `tail`: in place of the running procedure. */
  protected callSlow(base: number, argc: number, tail: boolean): void {
    const hart = this.hart, callee = base + 1, kind = this.kindOf(callee);
    if (kind === KindCLOSURE) {
      if (!tail) this.link(base);
      else for (let i = 1; i < argc + 2; i += 1) hart.move(this.fp + i, base + i);
      this.enterClosure(tail ? this.fp : base, argc);
    } else if (kind === KindPRIMITIVE) {
      this.callPrimitive(base, argc);
      if (tail) this.giveBack(base);
    } else if (kind === KindCONTINUATION) {
      this.throwTo(base, argc, tail);
    } else throw this.error('not a procedure:', callee);
  }

  private callPrimitive(base: number, argc: number): void {
    const hart = this.hart, index = hart.load32(base + 1, 4), top = Math.max(this.fp + this.frameSize(), base + 2 + argc);
    this.arity(index, argc);
    hart.top = top;
    (this.codes[index])(this as unknown as Vm, base, argc);
    hart.top = top;
  }

  /** giveBack -- return what is in slot `from` to the caller. */
  protected giveBack(from: number): void {
    const hart = this.hart, fp = this.fp, pc = this.linkPc(fp), distance = this.distance(fp);
    hart.move(SlotCODE, fp);
    hart.move(fp, from);
    this.pc = pc;
    this.fp = fp - distance;
  }

  /** throwTo -- call a continuation: at once, or by way of the dynamic extents that lie between. */
  private throwTo(base: number, argc: number, tail: boolean): void {
    const hart = this.hart, k = base + 1, value = base + 3;
    this.raiseTop(base + 4);
    this.valuesOfSlots(value, base + 2, argc);
    if (this.isHere(k) || !hart.isTagged(SlotREWIND)) {
      this.reinstate(k, value);
      this.resume();
      return;
    }
    hart.move(base + 2, k);
    hart.move(k, SlotREWIND);
    this.callSlow(base, 2, tail);
  }

  /** resume -- go on with what CONT names, given slot WindowBASE; throws SchemeHalt where there is nothing. */
  protected resume(): void {
    this.escaped = true;
    if (!this.underflow()) throw new SchemeHalt();
  }

  /** spread -- put the elements of the list in slot `list` into slots from `first` on; returns how many. */
  private spread(list: number, first: number, keep: number): number {
    const hart = this.hart, most = this.slotLimit, count = this.listLength(list, most);
    if (count < 0) throw this.wrongType('apply', 2, list, 'a list');
    if (first + count > this.windowLimit) {
      if (first - this.fp + count + WindowBASE > most) throw this.error(`apply: a list of ${count} elements or more is too long`);
      const fp = this.fp;
      this.spill(keep);
      first -= fp - this.fp;
      list -= fp - this.fp;
    }
    this.raiseTop(first + count);
    hart.move(SlotVM1, list);
    for (let i = 0; i < count; i += 1) {
      hart.loadCap(first + i, SlotVM1, PairCAR);
      hart.loadCap(SlotVM1, SlotVM1, PairCDR);
    }
    hart.clear(SlotVM1);
    return count;
  }

  /** apply -- the running frame is one of `apply`: f, arguments, a list; makes the frame of f above it and tail-calls f. */
  private apply(): void {
    const hart = this.hart, given = this.argc;
    if (given < 2) throw this.error(`apply: expected ${countText(2, -1)}, got ${given}`);
    // Frame: 2 f, 3.. arguments, given + 1 the list. The callee's frame: link at 1, f at 2: in place.
    const list = this.fp + given + 1;
    const count = this.spread(list, this.fp + given + 2, given + 2);
    const last = this.fp + given + 1;
    for (let i = 0; i < count; i += 1) hart.move(last + i, last + i + 1);
    this.callSlow(this.fp + 1, given - 2 + count, true);
  }

  /** applyValues -- tail-call what is in slot `f` with the values that slot `values` stands for. */
  private applyValues(f: number, values: number): void {
    const hart = this.hart, base = values + 1 - this.fp, several = this.kindOf(values) === KindVALUES;
    const count = several ? this.lengthOf(values) : 1;
    if (this.fp + base + 2 + count > this.windowLimit) {
      const fp = this.fp;
      this.spill(base);
      f -= fp - this.fp;
      values -= fp - this.fp;
    }
    const at = this.fp + base;
    this.raiseTop(at + 2 + count);
    hart.move(at + 1, f);
    if (!several) hart.move(at + 2, values);
    else for (let i = 0; i < count; i += 1) hart.loadCap(at + 2 + i, values, ValuesVALUES + ValueSIZE * i);
    this.callSlow(at, count, true);
  }

  /** control -- the instructions that are in the running frames of the machine's own procedures only. */
  protected control(op: number, a: number, b: number): void {
    if (op === OpAPPLY) this.apply();
    else if (op === OpAPPLYVALUES) this.applyValues(a, b);
    else if (op === OpCALLCC) this.callcc();
    else {
      this.reinstate(a, b);
      this.resume();
    }
  }

  /** callcc -- the running frame is one of call/cc: its argument is tail-called with the continuation. */
  private callcc(): void {
    // Just the arguments: what calls before this one left above is not to be kept.
    this.hart.top = this.fp + 3;
    this.ballast();
    this.raiseTop(this.fp + 6);
    this.capture(3, 2 + 3);
    this.hart.move(this.fp + 4, this.fp + 2);
    this.callSlow(this.fp + 3, 1, true);
  }

  /** rest -- make a list of the arguments from number `first` on, in the slot of that one. */
  protected rest(first: number, argc: number): void {
    const slot = this.fp + 2 + first, list = SlotVM2;
    this.raiseTop(slot + 1);
    this.setConstant(list, ConstantNULL);
    for (let i = argc - 1; i >= first; i -= 1) this.cons(list, this.fp + 2 + i, list);
    this.hart.move(slot, list);
    this.hart.clear(list);
  }

  /** makeDatum -- put the value of a datum in slot `dst`. */
  makeDatum(dst: number, datum: Datum): void {
    datumTo(this, dst, datum);
  }

  // Closures and globals ---------------------------------------------------------------------------------------------

  /** makeClosure -- slot dst := closure of constant granule `k`; what it captures is told by the words from pc on. */
  protected makeClosure(dst: number, count: number, k: number): void {
    const hart = this.hart, size = objectSize(ClosureFREE - ValueSIZE + ValueSIZE * count), code = SlotVM1, value = SlotVM2;
    do {
      this.allocate(SlotVM0, size);
      hart.loadCap(code, SlotCODE, k * ValueSIZE);
      this.header(SlotVM0, KindCLOSURE, count, hart.load32(code, HeaderTHIRD), 0);
      hart.storeCap(SlotVM0, ClosureCODE, code);
      for (let i = 0; i < count; i += 1) {
        const from = hart.load32(SlotCODE, this.pc + 4 * i);
        if (from < 0) hart.loadCap(value, this.fp + 1, ~from * ValueSIZE);
        const source = from < 0 ? value : this.fp + (from >>> 3);
        hart.storeCap(SlotVM0, ClosureFREE + ValueSIZE * i, source);
      }
      this.blank(SlotVM0, ClosureFREE + ValueSIZE * count);
    } while (!this.commit(SlotVM0));
    hart.move(dst, SlotVM0);
    hart.clear(SlotVM0);
    hart.clear(value);
    this.pc += ((count + 1) >>> 1) * 8;
  }

  /** globalSet -- give the global cell in constant granule `k` a value; it must be bound, unless this defines it. */
  protected globalSet(k: number, from: number, define: boolean): void {
    const hart = this.hart, cell = SlotVM1;
    hart.loadCap(cell, SlotCODE, k * ValueSIZE);
    hart.loadCap(SlotVM2, cell, GlobalVALUE);
    if (!define && this.isConstant(SlotVM2, ConstantUNASSIGNED)) throw this.unbound(cell);
    hart.storeCap(cell, GlobalVALUE, from);
  }

  /** globalSlow -- slot dst := value of the global cell in constant granule `k`, which must be bound. */
  protected globalSlow(dst: number, k: number): void {
    const hart = this.hart, cell = SlotVM1;
    hart.loadCap(cell, SlotCODE, k * ValueSIZE);
    hart.loadCap(dst, cell, GlobalVALUE);
    if (this.isConstant(dst, ConstantUNASSIGNED)) throw this.unbound(cell);
  }

  /** auditGlobal -- make the accesses of `globalSlow` through the hart, for their checks alone <design/vm#.inv.varieties>. */
  protected auditGlobal(k: number): void {
    const hart = this.hart;
    hart.loadCap(SlotAUDIT, SlotCODE, k * ValueSIZE);
    hart.loadCap(SlotAUDIT, SlotAUDIT, GlobalVALUE);
    hart.clear(SlotAUDIT);
  }

  /** auditCall -- the same for the accesses of a call of what is in a slot. */
  protected auditCall(callee: number): void {
    const hart = this.hart;
    if (this.kindOf(callee) !== KindCLOSURE) return;
    hart.loadCap(SlotAUDIT, callee, ClosureCODE);
    hart.clear(SlotAUDIT);
  }

  private unbound(cell: number): SchemeRaise {
    this.hart.loadCap(SlotVM2, cell, GlobalSYMBOL);
    return this.error(`unbound variable: ${this.symbolName(SlotVM2)}`);
  }

  /** boxRefCheck -- slot dst := content of a box, which must not be unassigned; the variable's name is in granule `k`. */
  protected boxRefCheck(dst: number, box: number, k: number): void {
    const hart = this.hart;
    hart.loadCap(dst, box, 0);
    if (!this.isConstant(dst, ConstantUNASSIGNED)) return;
    hart.loadCap(SlotVM1, SlotCODE, k * ValueSIZE);
    throw this.error(`unassigned variable: ${this.symbolName(SlotVM1)}`);
  }

  // Pairs and vectors ------------------------------------------------------------------------------------------------

  /** element -- offset of element `index` of the vector in a slot. */
  protected element(procedure: string, vector: number, index: number): number {
    if (this.kindOf(vector) !== KindVECTOR) throw this.wrongType(procedure, 1, vector, 'a vector');
    const n = this.expectFixnum(procedure, 2, index), length = this.lengthOf(vector);
    if (n < 0 || n >= length) {
      throw this.error(length === 0 ? `${procedure}: index ${n} in an empty vector` : `${procedure}: index ${n} is outside 0..${length - 1}`);
    }
    return VectorELEMENTS + ValueSIZE * n;
  }

  /** part -- slot dst := car (offset 0) or cdr (16) of slot src, which `procedure` needs to be a pair. */
  protected part(procedure: string, dst: number, src: number, offset: number): void {
    if (!this.isPair(src)) throw this.wrongType(procedure, 1, src, 'a pair');
    this.hart.loadCap(dst, src, offset);
  }

  /** setPart -- car or cdr of slot `pair` := slot value. */
  protected setPart(procedure: string, pair: number, offset: number, value: number): void {
    if (!this.isPair(pair)) throw this.wrongType(procedure, 1, pair, 'a pair');
    this.hart.storeCap(pair, offset, value);
  }
}

/** countText -- how many arguments, in words. */
function countText(min: number, max: number): string {
  if (max < 0) return `at least ${min} argument${min === 1 ? '' : 's'}`;
  return min === max ? `${min} argument${min === 1 ? '' : 's'}` : `${min} to ${max} arguments`;
}

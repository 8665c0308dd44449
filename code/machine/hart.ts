/* hart.ts: HARTS
 *
 * A hart is what runs a thread: its capability registers and its stack of slots, and the checked accesses through them.
 * Client code holds slot numbers, never addresses or capability values <design/machine#.hart.slots>, so a collector finds and
 * changes every reference in place.
 *
 * .fast: A checked access is a compare of the offset with 0 and with the room, one page-table word and one array access
 * <design/critical-path#.access> <design/machine#.req.fast>. Whatever else may be the case is for `reach.ts`, which asks the ladder. It
 * fails closed: a slot that does not exist reads as `undefined`, and a compare with that, or with an offset that is no number, is false.
 *
 * .shape: One shape of hart, every field assigned in the constructor <design/machine#.hart.shape>.
 */
import { aver, cool } from '../base/base.ts';
import type { FormatName } from './format.ts';
import { MachineFault, type Fault } from './fault.ts';
import type { Memory } from './memory.ts';
import {
  PageDIRTYCAP, PageNEVER, PageQUICK, PageREAD, PageSTORECAP, pageLoadCap, type AddressSpace, type Generation,
} from './pages.ts';
import { audit, loadCapSlow, loadDoubleSlow, slow, storeCapSlow, storeSlow } from './reach.ts';
import {
  PermLOADCAP, PermSTORECAP, PermSTORELOCAL, SlotSHIFT, SlotWORDS, slotDecode, slotDecodeWords,
} from './slot.ts';
import { morelloDecode } from './slot-morello.ts';

const COOL = cool;

/** How many slots a hart has when nothing else is asked. */
export const HartSLOTS = 16_384;

/** Slots below this number are registers, always scanned; the stack of locals grows upward from it. */
export const HartREGISTERS = 32;

// Copies, for V8 folds a module's own constants but not imported ones <design/critical-path#.fold>.
const LoadCAP: number = PermLOADCAP;
const StoreAnyCAP: number = PermSTORECAP | PermSTORELOCAL;
const StoreRIGHTS: number = PageQUICK | PageSTORECAP | PageDIRTYCAP;

const scratch = new DataView(new ArrayBuffer(8));

/** Handles a fault: returns a negative number to have the access tried again, or the physical address at which it is made
 * this once whatever its page says <design/machine#.fault.grant>, or does not return. */
export type Trap = (hart: Hart, fault: Fault) => number;

/** Hears of each access that takes the slow path, before it is tried; may run whatever it likes <design/machine#.explore>. */
export type Explore = (hart: Hart) => void;

/** A hardware thread with its slots. */
export class Hart {
  readonly name: string;
  readonly memory: Memory;
  /** Where it runs; `enterSpace` changes it. */
  space: AddressSpace;
  /** Its capabilities are Morello's; else CHERI-RISC-V's. */
  readonly isMorello: boolean;
  /** The slots, eight words each. */
  readonly r: Int32Array;
  readonly i32: Int32Array;
  readonly u8: Uint8Array;
  readonly u16: Uint16Array;
  readonly tags: Uint8Array;
  /** What fast paths take for the window's page table: the space's, or one that grants nothing <design/machine#.explore>. */
  pte: Int32Array;
  /** What loads of capabilities are admitted by <design/machine#.pages.generation>; `generationSet` changes it. */
  generation: Generation;
  /** Rights that a page must have for the fast path of a capability load: by the generation. */
  private loadRights: number;
  /** The same of a load of eight bytes, which is two of four and so not for several workers <design/workers#.whole.double>. */
  private readonly doubleRights: number;
  /** Slots in use: registers and locals below it. Slots from here up hold nothing that counts. */
  top: number = HartREGISTERS;
  /** The highest `top` may go. */
  readonly limit: number;
  /** The highest it may go without more ado: the memory of a thread's stack has been touched for so many <design/thread#.inv.depth>. */
  touched: number;
  /** Called when `top` has gone higher than that, with the first of the slots that are new: it touches the stack, and may fault. */
  deepen: ((slot: number) => void) | null = null;
  /** Called at each fault. */
  trap: Trap;
  /** Called at each access that takes the slow path. */
  explore: Explore | null = null;
  /** How many faults this hart has taken. */
  faults: number = 0;
  /** The physical address that the trap has granted to the access that is being made; else -1. For `reach.ts`. */
  granted: number = -1;

  constructor(name: string, memory: Memory, space: AddressSpace, slots: number = HartSLOTS, format: FormatName = 'riscv') {
    aver(slots >= HartREGISTERS, '<design/machine#.hart.registers>');
    this.name = name;
    this.memory = memory;
    this.space = space;
    this.r = new Int32Array(new SharedArrayBuffer(slots * SlotWORDS * 4));
    this.i32 = memory.i32;
    this.u8 = memory.u8;
    this.u16 = memory.u16;
    this.tags = memory.tags;
    this.isMorello = format === 'morello';
    this.pte = space.window;
    this.generation = space.generation;
    this.loadRights = this.rightsToLoad();
    this.doubleRights = PageREAD | (memory.isShared ? PageNEVER : 0);
    this.limit = slots;
    this.touched = slots;
    this.trap = (_hart, fault) => {
      throw new MachineFault(fault);
    };
  }

  // Spaces -----------------------------------------------------------------------------------------------------------

  /** enterSpace -- run in another address space, in its generation; what the slots hold stays. */
  enterSpace(space: AddressSpace): void {
    if (this.pte === this.space.window) this.pte = space.window;
    this.space = space;
    this.generationSet(space.generation);
  }

  /** generationSet -- from now on load capabilities as a hart of this generation. */
  generationSet(generation: Generation): void {
    this.generation = generation;
    this.loadRights = this.rightsToLoad();
  }

  /** rightsToLoad -- a fast load of a capability has no lock, and decodes what it loads as CHERI-RISC-V does. */
  private rightsToLoad(): number {
    return PageREAD | pageLoadCap(this.generation) | (this.isMorello || this.memory.isShared ? PageNEVER : 0);
  }

  // Slots ------------------------------------------------------------------------------------------------------------

  /** enter -- claim `count` cleared locals; returns the first. `leave` of that number gives them back. */
  enter(count: number): number {
    const base = this.top, top = base + count;
    if (!(top <= this.touched)) this.enterDeeper(base, top);
    this.r.fill(0, base << SlotSHIFT, top << SlotSHIFT);
    this.top = top;
    return base;
  }

  /** enterDeeper -- go where the stack has not been touched; what faults there has the new slots below it. */
  private enterDeeper(base: number, top: number): void {
    aver(top <= this.limit, '<design/machine#.hart.overflow>');
    this.r.fill(0, base << SlotSHIFT, top << SlotSHIFT);
    this.top = top;
    this.deepen?.(base);
  }

  /** leave -- give back the locals from `base` up; they are cleared when claimed again. */
  leave(base: number): void {
    this.top = base;
  }

  /** local -- claim one cleared local for as long as the surrounding frame lasts. */
  local(): number {
    return this.enter(1);
  }

  /** move -- copy a capability or word from slot to slot. .critical */
  move(dst: number, src: number): void {
    if (COOL) {
      this.insist(dst, 0);
      this.insist(src, 0);
    }
    const r = this.r, d = dst << 3, s = src << 3;
    r[d] = r[s];
    r[d + 1] = r[s + 1];
    r[d + 2] = r[s + 2];
    r[d + 3] = r[s + 3];
    r[d + 4] = r[s + 4];
    r[d + 5] = r[s + 5];
    r[d + 6] = r[s + 6];
  }

  /** clear -- make a slot NULL. .critical */
  clear(dst: number): void {
    this.set(dst, 0, 0, 0, 0);
  }

  /** set -- make a slot the untagged 128 bits of four words, low address word first. .critical */
  set(dst: number, low: number, high: number, bounds: number, perms: number): void {
    if (COOL) this.insist(dst, 0);
    const r = this.r, d = dst << 3;
    r[d] = low;
    r[d + 1] = high;
    r[d + 2] = bounds;
    r[d + 3] = perms;
    r[d + 4] = 0;
    r[d + 5] = 0;
    r[d + 6] = 0;
  }

  /** isTagged -- whether a slot holds a capability. .critical */
  isTagged(slot: number): boolean {
    return (this.r[(slot << 3) + 4] & 1) !== 0;
  }

  /** isSame -- whether two slots hold the same 128 bits and tag (CSetEqualExact). .critical */
  isSame(one: number, other: number): boolean {
    const r = this.r, a = one << 3, b = other << 3;
    return r[a] === r[b] && r[a + 2] === r[b + 2] && r[a + 1] === r[b + 1] && r[a + 3] === r[b + 3]
      && (r[a + 4] !== 0) === (r[b + 4] !== 0);
  }

  // Data -------------------------------------------------------------------------------------------------------------

  /** load8 -- the byte at `offset` from the address in slot `src`, unsigned. Every access may fault. .critical */
  load8(src: number, offset: number): number {
    const c = src << 3, a = (this.r[c] + offset) | 0, e = this.pte[a >>> 12];
    const p = offset >= 0 && offset <= this.r[c + 5] - 1 && (e & 1) !== 0
      ? (e & -4096) | (a & 4095) : slow(this, 'load', src, offset, 1);
    if (COOL) audit(this, 'load', src, offset, 1, p);
    return this.u8[p >>> 0];
  }

  /** load16 -- two bytes, unsigned. .critical */
  load16(src: number, offset: number): number {
    const c = src << 3, a = (this.r[c] + offset) | 0, e = this.pte[a >>> 12];
    const p = offset >= 0 && offset <= this.r[c + 5] - 2 && (e & 1) !== 0 && (a & 1) === 0
      ? (e & -4096) | (a & 4095) : slow(this, 'load', src, offset, 2);
    if (COOL) audit(this, 'load', src, offset, 2, p);
    return this.u16[p >>> 1];
  }

  /** load32 -- four bytes, as a signed integer. .critical */
  load32(src: number, offset: number): number {
    const c = src << 3, a = (this.r[c] + offset) | 0, e = this.pte[a >>> 12];
    const p = offset >= 0 && offset <= this.r[c + 5] - 4 && (e & 1) !== 0 && (a & 3) === 0
      ? (e & -4096) | (a & 4095) : slow(this, 'load', src, offset, 4);
    if (COOL) audit(this, 'load', src, offset, 4, p);
    return this.i32[p >>> 2];
  }

  /** loadDouble -- eight bytes, as an IEEE 754 number. .critical */
  loadDouble(src: number, offset: number): number {
    const c = src << 3, a = (this.r[c] + offset) | 0, e = this.pte[a >>> 12], need = this.doubleRights;
    if (!(offset >= 0 && offset <= this.r[c + 5] - 8 && (e & need) === need && (a & 7) === 0)) return loadDoubleSlow(this, src, offset);
    const p = (e & -4096) | (a & 4095);
    if (COOL) audit(this, 'load', src, offset, 8, p);
    scratch.setInt32(0, this.i32[p >>> 2], true);
    scratch.setInt32(4, this.i32[(p >>> 2) + 1], true);
    return scratch.getFloat64(0, true);
  }

  /** store8 -- one byte; the granule loses its tag. .critical */
  store8(dst: number, offset: number, value: number): void {
    const c = dst << 3, a = (this.r[c] + offset) | 0, e = this.pte[a >>> 12];
    if (!(offset >= 0 && offset <= this.r[c + 6] - 1 && (e & 2) !== 0)) {
      storeSlow(this, dst, offset, 1, value);
      return;
    }
    const p = (e & -4096) | (a & 4095);
    if (COOL) audit(this, 'store', dst, offset, 1, p);
    this.u8[p >>> 0] = value;
    this.tags[p >>> 4] = 0;
  }

  /** store16 -- two bytes. .critical */
  store16(dst: number, offset: number, value: number): void {
    const c = dst << 3, a = (this.r[c] + offset) | 0, e = this.pte[a >>> 12];
    if (!(offset >= 0 && offset <= this.r[c + 6] - 2 && (e & 2) !== 0 && (a & 1) === 0)) {
      storeSlow(this, dst, offset, 2, value);
      return;
    }
    const p = (e & -4096) | (a & 4095);
    if (COOL) audit(this, 'store', dst, offset, 2, p);
    this.u16[p >>> 1] = value;
    this.tags[p >>> 4] = 0;
  }

  /** store32 -- four bytes. .critical */
  store32(dst: number, offset: number, value: number): void {
    const c = dst << 3, a = (this.r[c] + offset) | 0, e = this.pte[a >>> 12];
    if (!(offset >= 0 && offset <= this.r[c + 6] - 4 && (e & 2) !== 0 && (a & 3) === 0)) {
      storeSlow(this, dst, offset, 4, value);
      return;
    }
    const p = (e & -4096) | (a & 4095);
    if (COOL) audit(this, 'store', dst, offset, 4, p);
    this.i32[p >>> 2] = value;
    this.tags[p >>> 4] = 0;
  }

  /** storeDouble -- eight bytes. .critical */
  storeDouble(dst: number, offset: number, value: number): void {
    const c = dst << 3, a = (this.r[c] + offset) | 0, e = this.pte[a >>> 12];
    if (!(offset >= 0 && offset <= this.r[c + 6] - 8 && (e & 2) !== 0 && (a & 7) === 0)) {
      storeSlow(this, dst, offset, 8, value);
      return;
    }
    const p = (e & -4096) | (a & 4095);
    if (COOL) audit(this, 'store', dst, offset, 8, p);
    scratch.setFloat64(0, value, true);
    this.i32[p >>> 2] = scratch.getInt32(0, true);
    this.i32[(p >>> 2) + 1] = scratch.getInt32(4, true);
    this.tags[p >>> 4] = 0;
  }

  // Capabilities -----------------------------------------------------------------------------------------------------

  /** loadCap -- the granule at `offset` from the address in `src`, with its tag, into `dst`. .critical */
  loadCap(dst: number, src: number, offset: number): void {
    if (COOL) this.insist(dst, 0);
    const r = this.r, c = src << 3, a = (r[c] + offset) | 0, e = this.pte[a >>> 12], need = this.loadRights;
    if (!(offset >= 0 && offset <= r[c + 5] - 16 && (e & need) === need && (a & 15) === 0 && (r[c + 4] & LoadCAP) !== 0)) {
      loadCapSlow(this, dst, src, offset);
      return;
    }
    const i32 = this.i32, p = (e & -4096) | (a & 4095), q = p >>> 2, d = dst << 3;
    if (COOL) audit(this, 'loadcap', src, offset, 16, p);
    const x0 = i32[q], x1 = i32[q + 1], x2 = i32[q + 2], x3 = i32[q + 3];
    r[d] = x0;
    r[d + 1] = x1;
    r[d + 2] = x2;
    r[d + 3] = x3;
    if (this.tags[p >>> 4] !== 0) {
      slotDecodeWords(r, d, x0, x1, x2, x3);
    } else {
      r[d + 4] = 0;
      r[d + 5] = 0;
      r[d + 6] = 0;
    }
  }

  /** storeCap -- slot `value`, with its tag, to the granule at `offset` from the address in `dst`. .critical */
  storeCap(dst: number, offset: number, value: number): void {
    const r = this.r, c = dst << 3, a = (r[c] + offset) | 0, e = this.pte[a >>> 12];
    const v = value << 3, tag = r[v + 4];
    // A value slot that does not exist has a tag word that is no integer.
    if (!(offset >= 0 && offset <= r[c + 6] - 16 && (a & 15) === 0 && (e & StoreRIGHTS) === StoreRIGHTS
        && (r[c + 4] & StoreAnyCAP) === StoreAnyCAP && (tag | 0) === tag)) {
      storeCapSlow(this, dst, offset, value);
      return;
    }
    const i32 = this.i32, p = (e & -4096) | (a & 4095), q = p >>> 2;
    if (COOL) audit(this, 'storecap', dst, offset, 16, p, value);
    i32[q] = r[v];
    i32[q + 1] = r[v + 1];
    i32[q + 2] = r[v + 2];
    i32[q + 3] = r[v + 3];
    this.tags[p >>> 4] = tag & 1;
  }

  // Off the fast path ------------------------------------------------------------------------------------------------

  /** decode -- set tag word and rooms of a slot from its 128 bits, which are tagged. */
  decode(slot: number): void {
    if (this.isMorello) morelloDecode(this.r, slot << SlotSHIFT);
    else slotDecode(this.r, slot << SlotSHIFT);
  }

  /** insist -- a slot exists and an offset is a word: anything else is a client's defect, never an access. */
  insist(slot: number, offset: number): void {
    aver((slot >>> 0) === slot && slot < this.limit, '<design/machine#.hart.slot.exists>');
    aver((offset | 0) === offset, '<design/machine#.hart.offset>');
  }
}

/* hart.ts: HARTS
 *
 * A hart is what runs a thread: its capability registers and its stack of slots, and the checked accesses through them.
 * Client code holds slot numbers, never addresses or capability values <design/machine#.hart.slots>, so a collector finds and
 * changes every reference in place.
 *
 * .fast: A checked access is a compare of the offset with 0 and with the room, one page-table word and one array access
 * <design/critical-path#.access> <design/machine#.req.fast>. Whatever else may be the case is decided by `ladder.ts`. It fails closed: a slot that does
 * not exist reads as `undefined`, and a compare with that, or with an offset that is no number, is false.
 *
 * .shape: One shape of hart, every field assigned in the constructor <design/machine#.hart.shape>.
 */
import { aver, cool } from '../base/base.ts';
import { MachineFault, type AccessKind, type Fault } from './fault.ts';
import { ladder, ladderStrips } from './ladder.ts';
import type { Memory } from './memory.ts';
import type { AddressSpace } from './pages.ts';
import {
  PermLOADCAP, PermSTORECAP, PermSTORELOCAL, SlotPERMS, SlotSHIFT, SlotTAG, SlotWORDS, slotDecode, slotDecodeWords,
} from './slot.ts';

const COOL = cool;

/** How many slots a hart has when nothing else is asked. */
export const HartSLOTS = 16_384;

/** Slots below this number are registers, always scanned; the stack of locals grows upward from it. */
export const HartREGISTERS = 32;

// Copies, for V8 folds a module's own constants but not imported ones <design/critical-path#.fold>.
const LoadCAP: number = PermLOADCAP;
const StoreAnyCAP: number = PermSTORECAP | PermSTORELOCAL;

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
  readonly space: AddressSpace;
  /** The slots, eight words each. */
  readonly r: Int32Array;
  readonly i32: Int32Array;
  readonly u8: Uint8Array;
  readonly u16: Uint16Array;
  readonly tags: Uint8Array;
  /** What fast paths take for the window's page table: the space's, or one that grants nothing <design/machine#.explore>. */
  pte: Int32Array;
  /** Slots in use: registers and locals below it. Slots from here up hold nothing that counts. */
  top: number = HartREGISTERS;
  /** The highest `top` may go. */
  readonly limit: number;
  /** Called at each fault. */
  trap: Trap;
  /** Called at each access that takes the slow path. */
  explore: Explore | null = null;
  /** How many faults this hart has taken. */
  faults: number = 0;
  /** The physical address that the trap has granted to the access that is being made; else -1. */
  private granted: number = -1;

  constructor(name: string, memory: Memory, space: AddressSpace, slots: number = HartSLOTS) {
    aver(slots >= HartREGISTERS, '<design/machine#.hart.registers>');
    this.name = name;
    this.memory = memory;
    this.space = space;
    this.r = new Int32Array(new SharedArrayBuffer(slots * SlotWORDS * 4));
    this.i32 = memory.i32;
    this.u8 = memory.u8;
    this.u16 = memory.u16;
    this.tags = memory.tags;
    this.pte = space.window;
    this.limit = slots;
    this.trap = (_hart, fault) => {
      throw new MachineFault(fault);
    };
  }

  // Slots ------------------------------------------------------------------------------------------------------------

  /** enter -- claim `count` cleared locals; returns the first. `leave` of that number gives them back. */
  enter(count: number): number {
    const base = this.top, top = base + count;
    aver(top <= this.limit, '<design/machine#.hart.overflow>');
    this.r.fill(0, base << SlotSHIFT, top << SlotSHIFT);
    this.top = top;
    return base;
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
      ? (e & -4096) | (a & 4095) : this.slow('load', src, offset, 1);
    if (COOL) this.audit('load', src, offset, 1, p, 0);
    return this.u8[p >>> 0];
  }

  /** load16 -- two bytes, unsigned. .critical */
  load16(src: number, offset: number): number {
    const c = src << 3, a = (this.r[c] + offset) | 0, e = this.pte[a >>> 12];
    const p = offset >= 0 && offset <= this.r[c + 5] - 2 && (e & 1) !== 0 && (a & 1) === 0
      ? (e & -4096) | (a & 4095) : this.slow('load', src, offset, 2);
    if (COOL) this.audit('load', src, offset, 2, p, 0);
    return this.u16[p >>> 1];
  }

  /** load32 -- four bytes, as a signed integer. .critical */
  load32(src: number, offset: number): number {
    const c = src << 3, a = (this.r[c] + offset) | 0, e = this.pte[a >>> 12];
    const p = offset >= 0 && offset <= this.r[c + 5] - 4 && (e & 1) !== 0 && (a & 3) === 0
      ? (e & -4096) | (a & 4095) : this.slow('load', src, offset, 4);
    if (COOL) this.audit('load', src, offset, 4, p, 0);
    return this.i32[p >>> 2];
  }

  /** loadDouble -- eight bytes, as an IEEE 754 number. .critical */
  loadDouble(src: number, offset: number): number {
    const c = src << 3, a = (this.r[c] + offset) | 0, e = this.pte[a >>> 12];
    const p = offset >= 0 && offset <= this.r[c + 5] - 8 && (e & 1) !== 0 && (a & 7) === 0
      ? (e & -4096) | (a & 4095) : this.slow('load', src, offset, 8);
    if (COOL) this.audit('load', src, offset, 8, p, 0);
    scratch.setInt32(0, this.i32[p >>> 2], true);
    scratch.setInt32(4, this.i32[(p >>> 2) + 1], true);
    return scratch.getFloat64(0, true);
  }

  /** store8 -- one byte; the granule loses its tag. .critical */
  store8(dst: number, offset: number, value: number): void {
    const c = dst << 3, a = (this.r[c] + offset) | 0, e = this.pte[a >>> 12];
    const p = offset >= 0 && offset <= this.r[c + 6] - 1 && (e & 2) !== 0
      ? (e & -4096) | (a & 4095) : this.slow('store', dst, offset, 1);
    if (COOL) this.audit('store', dst, offset, 1, p, 0);
    this.u8[p >>> 0] = value;
    this.tags[p >>> 4] = 0;
  }

  /** store16 -- two bytes. .critical */
  store16(dst: number, offset: number, value: number): void {
    const c = dst << 3, a = (this.r[c] + offset) | 0, e = this.pte[a >>> 12];
    const p = offset >= 0 && offset <= this.r[c + 6] - 2 && (e & 2) !== 0 && (a & 1) === 0
      ? (e & -4096) | (a & 4095) : this.slow('store', dst, offset, 2);
    if (COOL) this.audit('store', dst, offset, 2, p, 0);
    this.u16[p >>> 1] = value;
    this.tags[p >>> 4] = 0;
  }

  /** store32 -- four bytes. .critical */
  store32(dst: number, offset: number, value: number): void {
    const c = dst << 3, a = (this.r[c] + offset) | 0, e = this.pte[a >>> 12];
    const p = offset >= 0 && offset <= this.r[c + 6] - 4 && (e & 2) !== 0 && (a & 3) === 0
      ? (e & -4096) | (a & 4095) : this.slow('store', dst, offset, 4);
    if (COOL) this.audit('store', dst, offset, 4, p, 0);
    this.i32[p >>> 2] = value;
    this.tags[p >>> 4] = 0;
  }

  /** storeDouble -- eight bytes. .critical */
  storeDouble(dst: number, offset: number, value: number): void {
    const c = dst << 3, a = (this.r[c] + offset) | 0, e = this.pte[a >>> 12];
    const p = offset >= 0 && offset <= this.r[c + 6] - 8 && (e & 2) !== 0 && (a & 7) === 0
      ? (e & -4096) | (a & 4095) : this.slow('store', dst, offset, 8);
    if (COOL) this.audit('store', dst, offset, 8, p, 0);
    scratch.setFloat64(0, value, true);
    this.i32[p >>> 2] = scratch.getInt32(0, true);
    this.i32[(p >>> 2) + 1] = scratch.getInt32(4, true);
    this.tags[p >>> 4] = 0;
  }

  // Capabilities -----------------------------------------------------------------------------------------------------

  /** loadCap -- the granule at `offset` from the address in `src`, with its tag, into `dst`. .critical */
  loadCap(dst: number, src: number, offset: number): void {
    if (COOL) this.insist(dst, 0);
    const r = this.r, c = src << 3, a = (r[c] + offset) | 0, e = this.pte[a >>> 12];
    if (!(offset >= 0 && offset <= r[c + 5] - 16 && (e & 5) === 5 && (a & 15) === 0 && (r[c + 4] & LoadCAP) !== 0)) {
      this.loadCapSlow(dst, src, offset);
      return;
    }
    const i32 = this.i32, p = (e & -4096) | (a & 4095), q = p >>> 2, d = dst << 3;
    if (COOL) this.audit('loadcap', src, offset, 16, p, 0);
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
    const fast = offset >= 0 && offset <= r[c + 6] - 16 && (a & 15) === 0 && (e & 10) === 10
      && (r[c + 4] & StoreAnyCAP) === StoreAnyCAP && (tag | 0) === tag;
    const p = fast ? (e & -4096) | (a & 4095) : this.slow('storecap', dst, offset, 16, value);
    if (COOL) this.audit('storecap', dst, offset, 16, p, value);
    const i32 = this.i32, q = p >>> 2;
    i32[q] = r[v];
    i32[q + 1] = r[v + 1];
    i32[q + 2] = r[v + 2];
    i32[q + 3] = r[v + 3];
    // Not `tag`: who handled a fault may have changed the value <design/machine#.fault.retry>.
    this.tags[p >>> 4] = r[v + 4] & 1;
  }

  // Off the fast path ------------------------------------------------------------------------------------------------

  /** loadCapSlow -- a capability load that the ladder decides; authority or page may keep the tag from the register. */
  private loadCapSlow(dst: number, src: number, offset: number): void {
    const p = this.slow('loadcap', src, offset, 16), i32 = this.i32, q = p >>> 2;
    const strips = this.granted >= 0 ? (this.r[(src << SlotSHIFT) + SlotPERMS] & LoadCAP) === 0 : ladderStrips(this, src, offset);
    this.granted = -1;
    const tag = strips ? 0 : this.tags[p >>> 4];
    this.set(dst, i32[q], i32[q + 1], i32[q + 2], i32[q + 3]);
    if (tag !== 0) slotDecode(this.r, dst << SlotSHIFT);
  }

  /** slow -- the whole ladder, trapping until the access may be made; returns the physical address
   *
   * `value` is the slot that is to be stored, or -1. Everything is read anew at each try <design/machine#.fault.retry>.
   */
  private slow(access: AccessKind, slot: number, offset: number, size: number, value: number = -1): number {
    this.insist(slot, offset);
    if (access === 'storecap') this.insist(value, 0);
    if (this.explore !== null) this.explore(this);
    for (;;) {
      const found = ladder(this, access, slot, offset, size, this.valueTag(access, value), value);
      if (typeof found === 'number') {
        this.granted = -1;
        return found;
      }
      this.faults += 1;
      const granted = this.trap(this, found);
      if (granted >= 0) {
        this.granted = granted;
        return granted;
      }
    }
  }

  /** valueTag -- the tag word that an access stores. */
  private valueTag(access: AccessKind, value: number): number {
    return access === 'storecap' ? this.r[(value << SlotSHIFT) + SlotTAG] : 0;
  }

  /** insist -- a slot exists and an offset is a word: anything else is a client's defect, never an access. */
  private insist(slot: number, offset: number): void {
    aver((slot >>> 0) === slot && slot < this.limit, '<design/machine#.hart.slot.exists>');
    aver((offset | 0) === offset, '<design/machine#.hart.offset>');
  }

  /** audit -- in `cool`, an access that is made is one that the ladder grants, tag and all <design/machine#.ladder.agree>, or
   * the one that the trap has granted <design/machine#.fault.grant>. */
  private audit(access: AccessKind, slot: number, offset: number, size: number, physical: number, value: number): void {
    this.insist(slot, offset);
    const granted = this.granted;
    this.granted = -1;
    if (granted >= 0) {
      aver(granted === physical, '<design/machine#.ladder.agree>');
      return;
    }
    const found = ladder(this, access, slot, offset, size, this.valueTag(access, value), value);
    aver(typeof found === 'number' && found === physical >>> 0, '<design/machine#.ladder.agree>');
    aver(access !== 'loadcap' || !ladderStrips(this, slot, offset), '<design/machine#.ladder.agree>');
  }
}

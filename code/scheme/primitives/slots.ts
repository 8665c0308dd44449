/* slots.ts: WHAT PRIMITIVES SHARE
 *
 * Indices, ranges and lengths taken from argument slots, each with the message that names what was wrong; copying between
 * objects; raw copies of slots for walks that never allocate <design/scheme#.walk>.
 */
import type { Hart } from '../../machine/machine.ts';
import { ValueSIZE, type Kind } from '../kinds.ts';
import type { Vm } from '../vm.ts';

/** The longest sequence that is tried: longer ones would not fit an object. */
const LengthMAX = 0x0fff_ffff;

/** indexOf -- the fixnum in a slot from `low` to `high`; else the error that names both <design/scheme#.error.text>. */
export function indexOf(vm: Vm, slot: number, who: string, index: number, low: number, high: number): number {
  const n = vm.expectFixnum(who, index, slot);
  if (n >= low && n <= high) return n;
  throw vm.error(high < low ? `${who}: index ${n} in an empty ${who.split('-', 1)[0]}` : `${who}: index ${n} is outside ${low}..${high}`);
}

/** sizeOf -- the fixnum in a slot that is to be a length. */
export function sizeOf(vm: Vm, slot: number, who: string, index: number): number {
  const n = vm.expectFixnum(who, index, slot);
  if (n < 0) throw vm.wrongType(who, index, slot, 'a length');
  if (n > LengthMAX) throw vm.error(`${who}: a length of ${n} is beyond the heap`);
  return n;
}

/** byteOf -- the fixnum in a slot from 0 to 255. */
export function byteOf(vm: Vm, slot: number, who: string, index: number): number {
  const n = vm.isFixnum(slot) ? vm.fixnum(slot) : -1;
  if (n < 0 || n > 255) throw vm.wrongType(who, index, slot, 'a byte');
  return n;
}

/** charOf -- the code point of the character in a slot. */
export function charOf(vm: Vm, slot: number, who: string, index: number): number {
  if (!vm.isChar(slot)) throw vm.wrongType(who, index, slot, 'a character');
  return vm.char(slot);
}

/** Part of a sequence, half open. */
export interface Range { readonly base: number; readonly limit: number }

/** rangeOf -- optional arguments number `index` and the next: where a part of a sequence begins and ends. */
export function rangeOf(vm: Vm, base: number, argc: number, who: string, index: number, length: number): Range {
  const first = index - 1, low = first < argc ? indexOf(vm, base + 2 + first, who, index, 0, length) : 0;
  const limit = first + 1 < argc ? indexOf(vm, base + 3 + first, who, index + 1, low, length) : length;
  return { base: low, limit };
}

/** lengthIn -- the length of the object of `kind` in a slot, which is argument `index` of `who`. */
export function lengthIn(vm: Vm, slot: number, who: string, index: number, kind: Kind): number {
  vm.expectKind(who, index, slot, kind);
  return vm.lengthOf(slot);
}

/** copyCells -- `count` values from offset to offset; the parts may overlap. `via` is a free slot. */
export function copyCells(hart: Hart, dst: number, to: number, src: number, from: number, count: number, via: number): void {
  const backward = to > from;
  for (let i = 0; i < count; i += 1) {
    const at = (backward ? count - 1 - i : i) * ValueSIZE;
    hart.loadCap(via, src, from + at);
    hart.storeCap(dst, to + at, via);
  }
}

/** copyWords -- `count` words of four bytes; the parts may overlap. */
export function copyWords(hart: Hart, dst: number, to: number, src: number, from: number, count: number): void {
  const backward = to > from;
  for (let i = 0; i < count; i += 1) {
    const at = (backward ? count - 1 - i : i) * 4;
    hart.store32(dst, to + at, hart.load32(src, from + at));
  }
}

/** copyBytes -- `count` bytes; the parts may overlap. */
export function copyBytes(hart: Hart, dst: number, to: number, src: number, from: number, count: number): void {
  const backward = to > from;
  for (let i = 0; i < count; i += 1) {
    const at = backward ? count - 1 - i : i;
    hart.store8(dst, to + at, hart.load8(src, from + at));
  }
}

/** addressIn -- the address in a slot that holds a capability, as a key. Means nothing after the next allocation. */
export function addressIn(hart: Hart, slot: number): number {
  const r = hart.r, s = slot << 3;
  return (r[s + 1]) * 0x1_0000_0000 + ((r[s]) >>> 0);
}

/** A stack of copies of slots, outside the collector's sight: nothing may allocate while it holds any <design/scheme#.walk>. */
export class RawStack {
  private words: Int32Array = new Int32Array(8 * 32);
  private used: number = 0;

  /** How many copies are on the stack. */
  get count(): number {
    return this.used >> 3;
  }

  /** push -- copy a slot; `note` comes back when it is popped. */
  push(hart: Hart, slot: number, note: number = 0): void {
    if (this.used === this.words.length) {
      const wider = new Int32Array(2 * this.used);
      wider.set(this.words);
      this.words = wider;
    }
    const r = hart.r, s = slot << 3, at = this.used;
    for (let i = 0; i < 7; i += 1) this.words[at + i] = r[s + i];
    this.words[at + 7] = note;
    this.used = at + 8;
  }

  /** pop -- the newest copy back into a slot; returns its note. */
  pop(hart: Hart, slot: number): number {
    const r = hart.r, s = slot << 3, at = this.used - 8;
    for (let i = 0; i < 7; i += 1) r[s + i] = this.words[at + i];
    this.used = at;
    return this.words[at + 7];
  }
}

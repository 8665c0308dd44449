/* loader.ts: WRITING IN A NEW ADDRESS SPACE
 *
 * What the kernel has at hand while it makes the first memory of a program: a hart that nobody else sees, which makes the pages that it
 * touches <design/exec>.
 */
import { aver } from '../../base/base.ts';
import {
  formatOf, Hart, HartREGISTERS, PageSIZE, SlotSHIFT, type Format,
} from '../../machine/machine.ts';
import type { AddressMap } from '../vm/address-map.ts';
import type { Kernel } from '../kernel.ts';
import { permsOfProt, ProtALL, ProtEXEC, ProtHASCAP, ProtREAD } from '../vm/mman.ts';
import { capWrite, type Extent } from '../vm/representable.ts';

/** There is no room, or no frame, for what is to be written. */
export class NoMemory extends Error {
  override readonly name = 'NoMemory';
}

/** Bytes of a stack that are mapped from the first. */
const FirstSTACK = 0x2_0000;

/** Slots beside the registers: authority over what is written, and what is to be stored. */
const WholeSLOT: number = HartREGISTERS;
const ValueSLOT: number = HartREGISTERS + 1;

/** Parts of a range that is yet to be reserved, one after the other; their bases are relative to it. */
export class Layout {
  private readonly format: Format;
  size: number = 0;

  constructor(format: Format) {
    this.format = format;
  }

  /** take -- the next `size` bytes, aligned to `alignment`, a power of 2, at least, and so that a capability can name them exactly. */
  take(size: number, alignment: number = 1): Extent {
    const length = BigInt(size), granule = Number(BigInt.asUintN(64, -this.format.lengthMask(length))), unit = Math.max(granule, alignment);
    const base = Math.ceil(this.size / unit) * unit, whole = Math.ceil(Number(this.format.lengthRound(length)) / alignment) * alignment;
    this.size = base + whole;
    return { base, limit: base + whole };
  }
}

/** extentAt -- a part of what is reserved from `base` on. */
export const extentAt = (base: number, part: Extent): Extent => ({ base: base + part.base, limit: base + part.limit });

/** The kernel's hand in an address space. Everything throws NoMemory where there is none. */
export class Loader {
  readonly hart: Hart;
  readonly format: Format;
  private readonly map: AddressMap;

  constructor({ memory, format }: Kernel, map: AddressMap) {
    this.map = map;
    this.hart = new Hart('exec', memory, map.space, HartREGISTERS + 2, format);
    this.hart.enter(2);
    this.format = formatOf(this.hart);
    this.hart.trap = (_hart, fault) => {
      if (map.fault(fault) === 'resolved') return -1;
      throw new NoMemory();
    };
  }

  /** The registers as they are now: eight words each. */
  get registers(): Int32Array {
    return this.hart.r.slice(0, HartREGISTERS << SlotSHIFT);
  }

  /** reserve -- a new reservation, mapped. */
  reserve(size: number, prot: number, max: number): Extent {
    return insist(this.map.reserve(size, prot, max));
  }

  /** reserveStack -- one for a stack, which grows when it is touched. */
  reserveStack(size: number): Extent {
    return insist(this.map.reserveGrowing(size, Math.min(size, FirstSTACK), size));
  }

  /** protectText -- let whole pages be read and executed from now on, and not written. */
  protectText(text: Extent): void {
    this.cap(ValueSLOT, text, permsOfProt(this.format, ProtALL | ProtHASCAP, 0));
    const refusal = this.map.mprotect(this.hart, ValueSLOT, Math.ceil((text.limit - text.base) / PageSIZE) * PageSIZE, ProtREAD | ProtEXEC);
    aver(refusal === 0, '<design/exec#.start.text>');
  }

  /** cap -- a capability for an extent, at its base or at `address`, with permissions in the format's numbers. */
  cap(slot: number, extent: Extent, perms: number, address: number = extent.base): void {
    capWrite(this.hart, slot, extent, address, perms);
  }

  /** number -- an integer, below 2^52. */
  number(slot: number, value: number): void {
    this.hart.set(slot, value | 0, Math.floor(value / 0x1_0000_0000), 0, 0);
  }

  /** open -- what is stored from here on goes to a reservation, at offsets from its base. */
  open(extent: Extent): void {
    this.cap(WholeSLOT, extent, permsOfProt(this.format, ProtALL | ProtHASCAP, 0));
  }

  /** storeBytes -- at an offset from what is open. */
  storeBytes(offset: number, bytes: Uint8Array): void {
    for (const [index, byte] of bytes.entries()) this.hart.store8(WholeSLOT, offset + index, byte);
  }

  /** storeNumber -- 32 bits. */
  storeNumber(offset: number, value: number): void {
    this.hart.store32(WholeSLOT, offset, value);
  }

  /** store -- what `put` puts into a slot, as a capability. */
  store(offset: number, put: (slot: number) => void): void {
    put(ValueSLOT);
    this.hart.storeCap(WholeSLOT, offset, ValueSLOT);
  }
}

function insist(found: { base: number; size: number } | null): Extent {
  if (found === null) throw new NoMemory();
  const base = found.base >>> 0;
  return { base, limit: base + found.size };
}

/* representable.ts: REPRESENTABLE RANGES
 *
 * Which ranges a capability of a machine's format can name exactly, and the capability that does <design/reservation#.inv.representable>.
 * CHERI-RISC-V goes by words, for most machines have it; Morello by its format.
 */
import { aver, cool } from '../../base/base.ts';
import {
  addrOfWindow, boundsEncode, boundsGranule, boundsRound, formatOf, formats, PageSIZE, slotRead, slotWrite, WindowHIGH,
  type Capability, type FormatName, type Hart,
} from '../../machine/machine.ts';

/** A range of the window: low addresses, unsigned. */
export interface Extent {
  readonly base: number;
  readonly limit: number;
}

const WindowSIZE = 0x1_0000_0000;

/** Up to so many bytes Morello needs no more than pages. */
const MorelloPAGES = 0x80_0000;

/** granuleOf -- what a range of `size` bytes, whole pages, must be aligned to; no less than a page. */
export function granuleOf(format: FormatName, size: number): number {
  if (format === 'riscv') return Math.max(PageSIZE, boundsGranule(size));
  if (size <= MorelloPAGES) return PageSIZE;
  return Math.max(PageSIZE, Number(BigInt.asUintN(64, -formats.morello.lengthMask(BigInt(size)))));
}

/** sizeRound -- the least representable size that is no smaller, whole pages. */
export function sizeRound(format: FormatName, size: number): number {
  if (format === 'riscv') return boundsRound(size);
  return size <= MorelloPAGES ? size : Number(formats.morello.lengthRound(BigInt(size)));
}

/** spread -- the least representable range that holds [base, limit): the granule depends on the size, and the size on where it begins.
 * What is longer than the window fits nowhere, and stays as it is. */
export function spread(format: FormatName, base: number, limit: number): Extent {
  if (limit - base > WindowSIZE) return { base, limit };
  for (let from = base; ;) {
    const size = sizeRound(format, limit - from), granule = granuleOf(format, size), low = Math.floor(from / granule) * granule;
    if (low === from) return { base: from, limit: from + size };
    from = low;
  }
}

/** capWrite -- put into a slot a capability for exactly [base, limit), at an address, with permissions in the format's numbers. */
export function capWrite(hart: Hart, slot: number, { base, limit }: Extent, address: number, perms: number): void {
  if (hart.isMorello) {
    slotWrite(hart, slot, capMake(hart, base, limit, address, perms));
    return;
  }
  hart.set(slot, address | 0, WindowHIGH, boundsEncode(base, limit - base), (((perms >>> 15) << 12) | (perms & 0xfff)) << 16);
  hart.decode(slot);
  if (cool) aver(slotRead(hart, slot).hi === capMake(hart, base, limit, address, perms).hi, '<design/reservation#.inv.representable>');
}

function capMake(hart: Hart, base: number, limit: number, address: number, perms: number): Capability {
  const format = formatOf(hart), from = BigInt(addrOfWindow(0)), bounds = { base: from + BigInt(base), top: from + BigInt(limit) };
  const { cap, exact } = format.encode(bounds, from + BigInt(address), perms, format.types.unsealed, 0n, true);
  aver(exact, '<design/reservation#.inv.representable>');
  return cap;
}

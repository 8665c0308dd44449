/* caps.ts: WHAT A CALL SEES IN A SLOT
 *
 * The capability in a slot as the rules of address spaces speak of it, and what the format can represent, by search rather than by its own
 * rounding <design/vm-oracle#.def.naive>.
 */
import { formatOf, slotRead, WindowHIGH, type Format, type Hart } from '../../../../code/machine/machine.ts';
import { CAPS, PAGE, R, W, X } from './space.ts';

const WINDOW = BigInt(WindowHIGH) << 32n;

/** A capability; addresses are offsets into the window, and may be far outside. */
export interface Cap {
  readonly isTagged: boolean;
  readonly isSealed: boolean;
  /** Nothing but an address is left. */
  readonly isNullDerived: boolean;
  /** The address is 0. */
  readonly isNull: boolean;
  readonly addr: number;
  readonly base: number;
  readonly top: number;
  /** All of them, in the format's numbers. */
  readonly perms: number;
  readonly hasVmem: boolean;
  readonly hasGlobal: boolean;
  readonly load: boolean;
  readonly store: boolean;
  readonly execute: boolean;
  readonly loadCap: boolean;
  readonly storeCap: boolean;
}

/** capOf -- the capability in a slot. */
export function capOf(hart: Hart, slot: number): Cap {
  const format = formatOf(hart), cap = slotRead(hart, slot), { base, top, perms, type } = format.fields(cap), { perm } = format;
  const has = (bits: number): boolean => (perms & bits) === bits;
  return {
    isTagged: cap.tag, isSealed: type !== format.types.unsealed, isNullDerived: !cap.tag && cap.hi === 0n, isNull: cap.lo === 0n,
    addr: Number(cap.lo - WINDOW), base: Number(base - WINDOW), top: Number(top - WINDOW),
    perms, hasVmem: has(perm.user1), hasGlobal: has(perm.global), load: has(perm.load), store: has(perm.store), execute: has(perm.execute),
    loadCap: has(perm.loadCap), storeCap: has(perm.storeCap),
  };
}

/** permsMissing -- whether a capability lacks what it takes to ask for `prot`. */
export function permsMissing(cap: Cap, prot: number): boolean {
  const caps = (prot & CAPS) !== 0;
  return ((prot & R) !== 0 && (!cap.load || (caps && !cap.loadCap))) || ((prot & W) !== 0 && (!cap.store || (caps && !cap.storeCap)))
    || ((prot & X) !== 0 && !cap.execute);
}

/** isExact -- whether a capability can have exactly the bounds [base, limit). */
export function isExact(format: Format, base: number, limit: number): boolean {
  const bounds = { base: WINDOW + BigInt(base), top: WINDOW + BigInt(limit) };
  return format.encode(bounds, bounds.base, 0, format.types.unsealed, 0n, true).exact;
}

const rounded = new Map<string, { size: number; alignment: number }>();

/** wholeOf -- the least length from `size` on, in pages, for which there is an alignment that makes it exact at every multiple; and that. */
export function wholeOf(format: Format, size: number): { size: number; alignment: number } {
  const key = `${format.name} ${size}`, known = rounded.get(key);
  if (known !== undefined) return known;
  let found: { size: number; alignment: number } | null = null;
  for (let whole = size; found === null; whole += PAGE) {
    // An odd place shows what is needed of every place; a range that would have to be as aligned as it is long is no candidate.
    for (let alignment = PAGE; alignment <= whole / 4 || alignment === PAGE; alignment *= 2) {
      if (whole % alignment === 0 && isExact(format, 0x1000_0000 + alignment, 0x1000_0000 + alignment + whole)) {
        found = { size: whole, alignment };
        break;
      }
    }
  }
  rounded.set(key, found);
  return found;
}

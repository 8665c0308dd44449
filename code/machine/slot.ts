/* slot.ts: SLOTS
 *
 * A slot is a capability register: eight words of a hart's shared buffer <design/machine#.slot>.
 *
 *     word  0    address, low          3    metadata, high: permissions, flag, object type
 *           1    address, high         4    tag word: 0, or 1 with the permission bits of word 3
 *           2    metadata, low:        5    readable room: bytes from the address that may be read
 *                bounds                6    writable room
 *                                      7    the client's: machine and collector leave it alone
 *
 * Words 0 to 3 are the 128 bits as they stand in memory. *Room* folds bounds, tag, seal and permission into one number, and
 * depends on words 0 to 4 alone <design/machine#.slot.room>: whoever writes those sets it <design/machine#.inv.slot.decoded>.
 * A room of 0 claims nothing: the access then takes the slow path, which decodes the capability exactly.
 */
import { WindowHIGH } from './address.ts';

export const SlotSHIFT = 3;
export const SlotWORDS = 8;

/** Word numbers within a slot. */
export const SlotLOW = 0;
export const SlotHIGH = 1;
export const SlotBOUNDS = 2;
export const SlotPERMS = 3;
export const SlotTAG = 4;
export const SlotREADABLE = 5;
export const SlotWRITABLE = 6;
export const SlotSPARE = 7;

/** Permissions as bits of word 3 and of the tag word. */
export const PermGLOBAL: number = 1 << 16;
export const PermEXECUTE: number = 1 << 17;
export const PermLOAD: number = 1 << 18;
export const PermSTORE: number = 1 << 19;
export const PermLOADCAP: number = 1 << 20;
export const PermSTORECAP: number = 1 << 21;
export const PermSTORELOCAL: number = 1 << 22;

/** What a data capability of the heap may do. */
export const PermDATA: number = PermGLOBAL | PermLOAD | PermSTORE | PermLOADCAP | PermSTORECAP | PermSTORELOCAL;

/** The permission bits of word 3; the rest of it is flag, reserved bits and object type. */
export const PermMASK = -0x10000;

// A copy, for V8 folds a module's own constants but not imported ones <design/critical-path#.fold>.
const HighWINDOW: number = WindowHIGH;
const MaskPERMS: number = PermMASK;
const AccessPERMS: number = PermLOAD | PermSTORE;

/** In memory form, word 2 differs from its architectural form by these bits, so that all zeros is NULL. */
const BoundsNULL = 0x18004;
/** Set, in memory form, when bounds are exact to the byte (architectural IE = 0). */
const BoundsEXACT = 1 << 26;

/** boundsAreSealed -- whether words 2 and 3 have an object type: any but the unsealed one, which is 0 in memory form. */
export const boundsAreSealed = (bounds: number, perms: number): boolean => bounds >>> 27 !== 0 || (perms & 0x1fff) !== 0;

/** roomDecode -- bytes from a capability's address to its top, if that is sure from 32 bits; else 0
 *
 * .critical. `low` is in the window. Both branches give top - address where base <= address < top and top is in the
 * window or its limit; that is less than 2^31. Exponents above 18 span more than the window and are left to the slow path.
 * ~low >>> 0 is one less than the bytes from `low` to the window's limit.
 */
export function roomDecode(low: number, bounds: number): number {
  const raw = bounds ^ BoundsNULL;
  if ((bounds & BoundsEXACT) !== 0) {
    const room = (((raw >>> 14) - raw) & 0xfff) - ((low - raw) & 0x3fff);
    return room > 0 && room - 1 <= ~low >>> 0 ? room : 0;
  }
  const exponent = ((raw >>> 11) & 0x38) | (raw & 7);
  if (exponent > 18) return 0;
  const base = raw & 0x3ff8;
  const length = ((((raw >>> 14) & 0xff8) - base) & 0xfff) + 0x1000;
  const room = (length << exponent) - (((low - (base << exponent)) & (-1 >>> (18 - exponent))) >>> 0);
  return room > 0 && room - 1 <= ~low >>> 0 ? room : 0;
}

/** slotDecode -- set tag word and rooms of the slot at word `c` from its 128 bits, which are tagged. .critical */
export function slotDecode(r: Int32Array, c: number): void {
  slotDecodeWords(r, c, r[c], r[c + 1], r[c + 2], r[c + 3]);
}

/** slotDecodeWords -- the same for who has the four words at hand. .critical
 *
 * Decides what the heap is full of: an unsealed capability with exact bounds for loads and stores. Whatever else there is
 * has a function of its own, for V8 inlines only what is short.
 */
export function slotDecodeWords(
  r: Int32Array, c: number, low: number, high: number, bounds: number, perms: number,
): void {
  const raw = bounds ^ BoundsNULL, room = (((raw >>> 14) - raw) & 0xfff) - ((low - raw) & 0x3fff);
  if (high === HighWINDOW && bounds >>> 26 === 1 && (perms & (AccessPERMS | 0x1fff)) === AccessPERMS
      && room > 0 && (low >= 0 || ((low + room) | 0) <= 0)) {
    r[c + 4] = (perms & MaskPERMS) | 1;
    r[c + 5] = room;
    r[c + 6] = room;
  } else {
    slotDecodeAny(r, c, low, high, bounds, perms);
  }
}

function slotDecodeAny(r: Int32Array, c: number, low: number, high: number, bounds: number, perms: number): void {
  const room = high === HighWINDOW && !boundsAreSealed(bounds, perms) ? roomDecode(low, bounds) : 0;
  r[c + 4] = (perms & PermMASK) | 1;
  r[c + 5] = (perms & PermLOAD) !== 0 ? room : 0;
  r[c + 6] = (perms & PermSTORE) !== 0 ? room : 0;
}

/** baseDecode -- low word of the base of a capability in the window, from its address and bounds words. .critical
 *
 * Valid for exponents up to 18, which `baseIsNear` tells. A base outside the window has another high word.
 */
export function baseDecode(low: number, bounds: number): number {
  const raw = bounds ^ BoundsNULL;
  if ((bounds & BoundsEXACT) !== 0) {
    // The representable region begins 2^11 below the base's 2^11-aligned block: offsets beyond it are below the base.
    const above = (low - raw) & 0x3fff;
    const limit = 0x3fff - ((raw & 0x7ff) + 0x800);
    return (above > limit ? low - above + 0x4000 : low - above) | 0;
  }
  const exponent = ((raw >>> 11) & 0x38) | (raw & 7);
  const base = raw & 0x3ff8;
  if (exponent >= 18) return base << exponent;
  const mask = -1 >>> (18 - exponent);
  const above = (low - (base << exponent)) & mask;
  const limit = mask - (((base & 0x7ff) + 0x800) << exponent);
  return (above > limit ? low - above + mask + 1 : low - above) | 0;
}

/** baseIsNear -- bounds small enough for `baseDecode` to be exact. .critical */
export function baseIsNear(bounds: number): boolean {
  if ((bounds & BoundsEXACT) !== 0) return true;
  const raw = bounds ^ BoundsNULL;
  return (((raw >>> 11) & 0x38) | (raw & 7)) <= 18;
}

/** exponentFor -- the least exponent, if it is internal, that so many bytes can be written with before they are rounded up. */
const exponentFor = (size: number): number => 32 - Math.clz32(size / 0x2000);

/** boundsEncode -- word 2 of an unsealed capability for [low, low + size) in the window
 *
 * The range must be representable <design/machine#.representable>; `size` is at most 2^32.
 */
export function boundsEncode(low: number, size: number): number {
  if (size < 0x1000) return (((low & 0x3fff) | (((low + size) & 0xfff) << 14)) ^ BoundsNULL) | BoundsEXACT;
  const exponent = exponentFor(size), shift = exponent + 3;
  const base = (low >>> shift) & 0x7ff, top = ((low + size) / 2 ** shift) & 0x1ff;
  return ((base << 3) | (exponent & 7) | (((top << 3) | (exponent >>> 3)) << 14)) ^ BoundsNULL;
}

/** boundsMove -- word 2 of a capability after its object has moved by `delta` bytes, a multiple of the capability's granule
 *
 * .critical. `delta` is a signed word, modulo 2^32; exponents up to 18 <design/machine#.representable.move>.
 */
export function boundsMove(bounds: number, delta: number): number {
  const raw = bounds ^ BoundsNULL;
  if ((bounds & BoundsEXACT) !== 0) {
    return ((((((raw >>> 14) + delta) & 0xfff) << 14) | ((raw + delta) & 0x3fff)) ^ BoundsNULL) | (bounds & -0x400_0000);
  }
  const exponent = ((raw >>> 11) & 0x38) | (raw & 7);
  const step = delta >> exponent;
  return ((((((raw >>> 14) + step) & 0xfff) << 14) | ((raw + step) & 0x3fff)) ^ BoundsNULL) | (bounds & -0x400_0000);
}

/** boundsGranule -- alignment in bytes that a region of `size` bytes, below 2^44, needs to be representable (ISAv9 CRAM). */
export function boundsGranule(size: number): number {
  if (size < 0x1000) return 1;
  const exponent = exponentFor(size), granule = 2 ** (exponent + 3);
  return Math.ceil(size / granule) * granule >= 2 ** (exponent + 13) ? granule * 2 : granule;
}

/** boundsRound -- the least representable size that is no smaller (ISAv9 CRRL). */
export function boundsRound(size: number): number {
  const granule = boundsGranule(size);
  return Math.ceil(size / granule) * granule;
}

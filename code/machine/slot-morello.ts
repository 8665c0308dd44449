/* slot-morello.ts: SLOTS OF MORELLO
 *
 * What `slot.ts` is for CHERI-RISC-V: the words of a Morello capability, and tag word and rooms of a slot that has one
 * <design/machine#.slot>. Both formats give a slot the same tag word and the same rooms, so that an access through it is the same code.
 *
 *     word 3   31   30    29      28      27       26        25  24    23     22  21  20      19..16  15   14      13..0
 *              LOAD STORE EXECUTE LOADCAP STORECAP STORELOCAL SEAL UNSEAL SYSTEM ..  .. MUTABLE user    EXEC GLOBAL  object type,
 *     word 2   31: its lowest bit   30: bounds are exact to the byte   29..16: T   15..0: B                            upper bits
 */
import { WindowHIGH } from './address.ts';
import {
  PermEXECUTE, PermGLOBAL, PermLOAD, PermLOADCAP, PermSTORE, PermSTORECAP, PermSTORELOCAL,
} from './slot.ts';

/** Bits of word 3. */
const MorelloSTORELOCAL = 1 << 26;
const MorelloSTORECAP = 1 << 27;
const MorelloSTORE = 1 << 30;
const MorelloLOAD = 1 << 31;
const MorelloDATA = MorelloLOAD | MorelloSTORE;

/** GLOBAL in word 3. */
export const MorelloGLOBAL: number = 1 << 14;

/** MUTABLE_LOAD in word 3: without it in the authority, unsealed capabilities are loaded weakened. */
export const MorelloMUTABLE: number = 1 << 20;

const MorelloWEAK = ~(MorelloSTORE | MorelloSTORECAP | MorelloSTORELOCAL | MorelloMUTABLE);

const MorelloTYPE = 0x3fff;
const MorelloEXACT = 1 << 30;

// Copies, for V8 folds a module's own constants but not imported ones <design/critical-path#.fold>.
const HighWINDOW: number = WindowHIGH;
const BitGLOBAL: number = PermGLOBAL;
const BitEXECUTE: number = PermEXECUTE;
const BitLOAD: number = PermLOAD;
const BitSTORE: number = PermSTORE;
const BitLOADCAP: number = PermLOADCAP;
const BitSTORECAP: number = PermSTORECAP;
const BitSTORELOCAL: number = PermSTORELOCAL;

/** morelloSealed -- whether words 2 and 3 have an object type: any but 0. .critical */
export const morelloSealed = (bounds: number, perms: number): boolean => bounds < 0 || (perms & MorelloTYPE) !== 0;

/** morelloPerms -- the permissions in word 3 as Perm bits, as a tag word has them <design/machine#.slot.tag>. .critical */
export function morelloPerms(perms: number): number {
  return ((perms << 2) & BitGLOBAL) | ((perms >>> 4) & BitSTORELOCAL) | ((perms >>> 6) & BitSTORECAP) | ((perms >>> 8) & BitLOADCAP)
    | ((perms >>> 11) & BitSTORE) | ((perms >>> 12) & BitEXECUTE) | ((perms >>> 13) & BitLOAD);
}

/** morelloWeaken -- word 3 without what a load through an authority that lacks MUTABLE_LOAD takes: STORE, STORE_CAP, STORE_LOCAL and
 * MUTABLE_LOAD. .critical */
export const morelloWeaken = (perms: number): number => perms & MorelloWEAK;

/** morelloDecode -- set tag word and rooms of the slot at word `c` from its 128 bits, which are tagged. .critical */
export function morelloDecode(r: Int32Array, c: number): void {
  morelloDecodeWords(r, c, r[c], r[c + 1], r[c + 2], r[c + 3]);
}

/** morelloDecodeWords -- the same for who has the four words at hand. .critical
 *
 * Decides the same as `slotDecodeWords` and leaves the rest to another, for V8 inlines only what is short. An address with flags
 * is not in the window.
 */
export function morelloDecodeWords(
  r: Int32Array, c: number, low: number, high: number, bounds: number, perms: number,
): void {
  const room = (((bounds >>> 16) - bounds) & 0x3fff) - ((low - bounds) & 0xffff);
  if (high === HighWINDOW && bounds >>> 30 === 1 && (perms & (MorelloDATA | MorelloTYPE)) === MorelloDATA
      && room > 0 && (low >= 0 || ((low + room) | 0) <= 0)) {
    r[c + 4] = morelloPerms(perms) | 1;
    r[c + 5] = room;
    r[c + 6] = room;
  } else {
    morelloDecodeAny(r, c, low, high, bounds, perms);
  }
}

function morelloDecodeAny(r: Int32Array, c: number, low: number, high: number, bounds: number, perms: number): void {
  const room = high === HighWINDOW && !morelloSealed(bounds, perms) ? morelloRoom(low, bounds) : 0;
  r[c + 4] = morelloPerms(perms) | 1;
  r[c + 5] = (perms & MorelloLOAD) !== 0 ? room : 0;
  r[c + 6] = (perms & MorelloSTORE) !== 0 ? room : 0;
}

/** morelloRoom -- bytes from a capability's address to its top, if that is sure from 32 bits; else 0
 *
 * `low` is in the window. Both branches give top - address where base <= address < top and top is in the window or its limit; that is
 * less than 2^31. Exponents above 16 span more than the window and are left to the slow path.
 */
function morelloRoom(low: number, bounds: number): number {
  if ((bounds & MorelloEXACT) !== 0) {
    const room = (((bounds >>> 16) - bounds) & 0x3fff) - ((low - bounds) & 0xffff);
    return room > 0 && room - 1 <= ~low >>> 0 ? room : 0;
  }
  const exponent = ~(((bounds >>> 13) & 0x38) | (bounds & 7)) & 0x3f;
  if (exponent > 16) return 0;
  const base = bounds & 0xfff8;
  const length = ((((bounds >>> 16) & 0x3ff8) - base) & 0x3fff) + 0x4000;
  const room = (length << exponent) - (((low - (base << exponent)) & (-1 >>> (16 - exponent))) >>> 0);
  return room > 0 && room - 1 <= ~low >>> 0 ? room : 0;
}

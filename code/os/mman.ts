/* mman.ts: PROTECTION AND MAPPING FLAGS
 *
 * The numbers that mmap and mprotect take, what is wrong with a combination of them, and what they come to: rights of pages and
 * permissions of capabilities <design/mman>.
 */
import {
  PageDIRTYCAP, PageEXECUTE, PageLOADCAP, PageREAD, PageSTORECAP, PageVALID, PageWRITE, pageRights,
  PageSHIFT, PageSIZE, PermEXECUTE, PermGLOBAL, PermLOAD, PermLOADCAP, PermSTORE, PermSTORECAP, PermSTORELOCAL,
} from '../machine/machine.ts';
import { EBADF, EINVAL, ENOTSUP } from './errno.ts';

export const ProtNONE = 0;
export const ProtREAD = 1;
export const ProtWRITE = 2;
export const ProtEXEC = 4;
/** Capabilities may be loaded and stored; goes without saying where READ or WRITE is asked for. */
export const ProtCAP = 0x4000;
/** They may not. */
export const ProtNOCAP = 0x8000;

export const MapSHARED = 0x1;
export const MapPRIVATE = 0x2;
export const MapFIXED = 0x10;
export const MapSTACK = 0x400;
export const MapANON = 0x1000;
export const MapGUARD = 0x2000;
export const MapEXCL = 0x4000;
export const Map32BIT = 0x8_0000;

/** mapAligned -- the flag that asks for a base that is a multiple of 2^n; with 1 of a super page, with 2 and 3 of what representability
 * needs <design/mman#.aligned>. */
export const mapAligned = (n: number): number => n << 24;

const MapALIGNMENT = 0xff00_0000 | 0;
const MapKNOWN: number = MapSHARED | MapPRIVATE | MapFIXED | MapSTACK | MapANON | MapGUARD | MapEXCL | Map32BIT | MapALIGNMENT;

/** The permission to change mappings through a capability, as a bit of CGetPerm and of word 3 of a slot. */
export const CapVMEM = 0x1_0000;
export const PermVMEM: number = 1 << 29;

/** protMax -- the flag that sets the most that mprotect can ever give. */
export const protMax = (prot: number): number => prot << 16;

/** What may be done with a page, as bits: ProtREAD, ProtWRITE, ProtEXEC, and CAP. Never more than 15. */
export type Prot = number;

/** Capabilities may be loaded and stored, in a Prot. */
export const ProtHASCAP = 8;

const rightsTable: readonly number[] = Array.from({ length: 16 }, (_, prot) => {
  const cap = (prot & ProtHASCAP) !== 0;
  return pageRights(PageVALID
    | ((prot & ProtREAD) !== 0 ? PageREAD | (cap ? PageLOADCAP : 0) : 0)
    | ((prot & ProtWRITE) !== 0 ? PageWRITE | (cap ? PageSTORECAP | PageDIRTYCAP : 0) : 0)
    | ((prot & ProtEXEC) !== 0 ? PageEXECUTE : 0), false);
});

/** Rights of a page-table entry by Prot. Where capabilities may be stored, pages count as dirty from the first <design/mman#.dirty>. */
export const ProtRIGHTS: Int32Array = Int32Array.from(rightsTable);

/** permsOfProt -- the permissions, as bits of word 3, of a capability for what `prot` allows. */
export function permsOfProt(prot: Prot): number {
  const cap = (prot & ProtHASCAP) !== 0;
  return PermGLOBAL | PermVMEM
    | ((prot & ProtREAD) !== 0 ? PermLOAD | (cap ? PermLOADCAP : 0) : 0)
    | ((prot & ProtWRITE) !== 0 ? PermSTORE | (cap ? PermSTORECAP | PermSTORELOCAL : 0) : 0)
    | ((prot & ProtEXEC) !== 0 ? PermEXECUTE : 0);
}

// What a program asks for ---------------------------------------------------------------------------------------------

const ProtKNOWN: number = ProtREAD | ProtWRITE | ProtEXEC | ProtCAP | ProtNOCAP;
const ProtEITHER: number = ProtCAP | ProtNOCAP;
const ProtDATA: number = ProtREAD | ProtWRITE;

/** protOf -- what half of a program's prot comes to. */
const protOf = (bits: number): Prot =>
  (bits & (ProtREAD | ProtWRITE | ProtEXEC)) | ((bits & ProtDATA) !== 0 && (bits & ProtNOCAP) === 0 ? ProtHASCAP : 0);

const isExplicit = (bits: number): boolean => (bits & ProtEITHER) !== 0;
const isImplied = (bits: number): boolean => (bits & ProtDATA) !== 0 && !isExplicit(bits);
const isCapAlone = (bits: number): boolean => (bits & ProtCAP) !== 0 && (bits & ProtDATA) === 0;

/** protRefuses -- what is wrong with a program's prot, PROT_MAX included; 0 if nothing is <design/mman#.prot>. */
export function protRefuses(bits: number): number {
  const now = bits & 0xffff, max = bits >>> 16;
  if (((now | max) & ~ProtKNOWN) !== 0 || (now & ProtEITHER) === ProtEITHER || (max & ProtEITHER) === ProtEITHER) return EINVAL;
  if (isCapAlone(now) || isCapAlone(max)) return ENOTSUP;
  if (max === 0) return 0;
  if ((isExplicit(now) && isImplied(max)) || (isImplied(now) && isExplicit(max))) return ENOTSUP;
  return (protOf(now) & ~protOf(max)) === 0 ? 0 : ENOTSUP;
}

/** protNow -- what is asked for at once, in a program's prot that is not refused. */
export const protNow = (bits: number): Prot => protOf(bits & 0xffff);

/** protMost -- the most that may ever be asked for: PROT_MAX, or where that is not given what is asked for at once. */
export const protMost = (bits: number): Prot => protOf(bits >>> 16 === 0 ? bits & 0xffff : bits >>> 16);

/** protInsists -- whether capabilities are asked for in so many words. */
export const protInsists = (bits: number): boolean => ((bits | (bits >>> 16)) & ProtCAP) !== 0;

/** mapRefuses -- what is wrong with a program's flags, by themselves and with its prot; 0 if nothing is <design/mman#.flags>. */
export function mapRefuses(bits: number, flags: number): number {
  const has = (flag: number): boolean => (flags & flag) !== 0;
  if ((flags & ~MapKNOWN) !== 0) return EINVAL;
  if (has(MapSTACK) && (bits & ProtDATA) !== ProtDATA) return EINVAL;
  if (has(MapEXCL) && !has(MapFIXED)) return EINVAL;
  if (has(MapSHARED) && has(MapPRIVATE)) return EINVAL;
  if (has(MapGUARD) && ((bits & 0xffff) !== ProtNONE || (flags & ~MapWITHGUARD) !== 0)) return EINVAL;
  return has(MapANON | MapSTACK | MapGUARD) ? 0 : EBADF;
}

const MapWITHGUARD: number = MapGUARD | MapFIXED | MapEXCL | MapALIGNMENT;

/** mapAlignment -- the alignment in bytes that a program's flags ask for; 0 if it is less than a page. */
export function mapAlignment(flags: number): number {
  const n = flags >>> 24;
  if (n === 0 || n === 2 || n === 3) return PageSIZE;
  return n === 1 ? SuperSIZE : n < PageSHIFT ? 0 : 2 ** n;
}

const SuperSIZE = 0x20_0000;

/* mman.ts: PROTECTION AND MAPPING FLAGS
 *
 * The numbers that the calls of address spaces take, what is wrong with a combination of them, and what they come to: rights of pages
 * and permissions of capabilities <design/mman>. Flags have FreeBSD's numbers in both profiles <design/mman#.departs.numbers>.
 */
import {
  PageDIRTYCAP, PageEXECUTE, PageLOADCAP, PageREAD, PageSTORECAP, PageVALID, PageWRITE, pageRights, PageSHIFT, PageSIZE, type Format,
} from '../../machine/machine.ts';
import { EINVAL, ENOTSUP } from '../errno.ts';

export const ProtNONE = 0;
export const ProtREAD = 1;
export const ProtWRITE = 2;
export const ProtEXEC = 4;
/** PCuABI: the capability may be invoked. */
export const ProtINVOKE = 0x2000;
/** CheriBSD: capabilities may be loaded and stored; goes without saying where READ or WRITE is asked for. */
export const ProtCAP = 0x4000;
/** They may not. */
export const ProtNOCAP = 0x8000;

/** protMax -- the flag that sets the most that mprotect can ever give. */
export const protMax = (prot: number): number => prot << 16;

export const MapSHARED = 0x1;
export const MapPRIVATE = 0x2;
export const MapFIXED = 0x10;
/** PCuABI refuses it, and CheriBSD does not know it. */
export const MapGROWSDOWN = 0x100;
export const MapSTACK = 0x400;
export const MapANON = 0x1000;
export const MapGUARD = 0x2000;
export const MapEXCL = 0x4000;
/** Bring the pages in at once, as far as there is memory. */
export const MapPREFAULT = 0x4_0000;
export const Map32BIT = 0x8_0000;
/** PCuABI's MAP_FIXED_NOREPLACE. */
export const MapNOREPLACE = 0x10_0000;
/** Ours: one run of frames behind the reservation, from the start <design/mman#.departs.run>. */
export const MapRUN = 0x20_0000;

/** mapAligned -- the flag that asks for a base that is a multiple of 2^n; with 1 of a super page, with 2 and 3 of what representability
 * needs <design/mman#.aligned>. */
export const mapAligned = (n: number): number => n << 24;

const MapALIGNMENT = 0xff00_0000 | 0;

/** The flags of CheriBSD's mmap. */
export const MapCHERIBSD: number = MapSHARED | MapPRIVATE | MapFIXED | MapSTACK | MapANON | MapGUARD | MapEXCL | MapPREFAULT | Map32BIT
  | MapRUN | MapALIGNMENT;

/** The flags of PCuABI's. */
export const MapPCUABI: number = MapSHARED | MapPRIVATE | MapFIXED | MapGROWSDOWN | MapSTACK | MapANON | MapPREFAULT | MapNOREPLACE | MapRUN;

/** What MAP_GUARD goes with. */
export const MapWITHGUARD: number = MapGUARD | MapFIXED | MapEXCL | MapALIGNMENT;

/** mapAlignment -- the alignment in bytes that a program's flags ask for; 0 if it is less than a page. */
export function mapAlignment(flags: number): number {
  const n = flags >>> 24;
  if (n === 0 || n === 2 || n === 3) return PageSIZE;
  return n === 1 ? SuperSIZE : n < PageSHIFT ? 0 : 2 ** n;
}

const SuperSIZE = 0x20_0000;

// Protection ----------------------------------------------------------------------------------------------------------

/** What may be done with a page, as bits: ProtREAD, ProtWRITE, ProtEXEC, and CAP. Never more than 15. */
export type Prot = number;

/** Capabilities may be loaded and stored, in a Prot. */
export const ProtHASCAP = 8;

/** READ, WRITE and EXEC. */
export const ProtALL: number = ProtREAD | ProtWRITE | ProtEXEC;

const rightsTable: readonly number[] = Array.from({ length: 16 }, (_, prot) => {
  const cap = (prot & ProtHASCAP) !== 0;
  return pageRights(PageVALID
    | ((prot & ProtREAD) !== 0 ? PageREAD | (cap ? PageLOADCAP : 0) : 0)
    | ((prot & ProtWRITE) !== 0 ? PageWRITE | (cap ? PageSTORECAP | PageDIRTYCAP : 0) : 0)
    | ((prot & ProtEXEC) !== 0 ? PageEXECUTE : 0), false);
});

/** Rights of a page-table entry by Prot, of a page that may hold anything and counts as dirty from the first <design/mman#.dirty>. */
export const ProtRIGHTS: Int32Array = Int32Array.from(rightsTable);

const ProtDATA: number = ProtREAD | ProtWRITE;

/** protOf -- what half of a program's prot comes to. */
const protOf = (bits: number): Prot =>
  (bits & ProtALL) | ((bits & ProtDATA) !== 0 && (bits & ProtNOCAP) === 0 ? ProtHASCAP : 0);

/** protNow -- what is asked for at once, in a program's prot that is not refused. */
export const protNow = (bits: number): Prot => protOf(bits & 0xffff);

/** protMost -- the most that may ever be asked for: PROT_MAX, or where that is not given what is asked for at once. */
export const protMost = (bits: number): Prot => protOf(bits >>> 16 === 0 ? bits & 0xffff : bits >>> 16);

/** protInsists -- whether capabilities are asked for in so many words. */
export const protInsists = (bits: number): boolean => ((bits | (bits >>> 16)) & ProtCAP) !== 0;

/** permVmem -- the permission to change mappings through a capability, in a format's own numbers: the second of software's
 * <design/mman#.vmem>. */
export const permVmem = (format: Format): number => format.perm.user1;

/** permsOfProt -- the permissions of a capability for what `prot` allows, SW_VMEM among them; EXEC with the permissions `system`. */
export function permsOfProt(format: Format, prot: Prot, system: number): number {
  const { perm } = format, cap = (prot & ProtHASCAP) !== 0;
  return perm.global | permVmem(format)
    | ((prot & ProtREAD) !== 0 ? perm.load | (cap ? perm.loadCap | perm.mutableLoad : 0) : 0)
    | ((prot & ProtWRITE) !== 0 ? perm.store | (cap ? perm.storeCap | perm.storeLocal : 0) : 0)
    | ((prot & ProtEXEC) !== 0 ? perm.execute | system : 0);
}

/** protOfPerms -- the most that a capability with some permissions can be for; whether it is for capabilities is left open. */
export function protOfPerms({ perm }: Format, perms: number): Prot {
  return ((perms & perm.load) !== 0 ? ProtREAD : 0) | ((perms & perm.store) !== 0 ? ProtWRITE : 0)
    | ((perms & perm.execute) !== 0 ? ProtEXEC : 0) | ProtHASCAP;
}

// What CheriBSD has against a prot ------------------------------------------------------------------------------------

const ProtKNOWN: number = ProtALL | ProtCAP | ProtNOCAP;
const ProtEITHER: number = ProtCAP | ProtNOCAP;

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

// Advice, and other numbers -------------------------------------------------------------------------------------------

export const AdviceNORMAL = 0;
export const AdviceRANDOM = 1;
export const AdviceSEQUENTIAL = 2;
export const AdviceWILLNEED = 3;
export const AdviceDONTNEED = 4;
export const AdviceFREE = 5;
export const AdviceNOSYNC = 6;
export const AdviceAUTOSYNC = 7;
export const AdviceNOCORE = 8;
export const AdviceCORE = 9;
/** Linux's. */
export const AdviceDONTFORK = 10;
export const AdviceDOFORK = 11;
export const AdviceWIPEONFORK = 18;
export const AdviceKEEPONFORK = 19;

export const SyncASYNC = 1;
export const SyncINVALIDATE = 2;
export const SyncPAGEOUT = 4;

export const InheritSHARE = 0;
export const InheritCOPY = 1;
export const InheritNONE = 2;
export const InheritZERO = 3;

export const RemapMAYMOVE = 1;
export const RemapFIXED = 2;

export const ShmRDONLY = 0x1000;

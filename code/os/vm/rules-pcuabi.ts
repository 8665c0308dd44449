/* rules-pcuabi.ts: PCUABI'S RULES
 *
 * What Morello Linux refuses a pure-capability program, call by call, in the order in which it is asked <design/profile#.pcuabi>. Rows P are
 * those of the address, wherever one is shown for a new mapping, rows M those of mmap.
 */
import { PageSIZE, WindowHIGH } from '../../machine/machine.ts';
import { EACCES, EBADF, EEXIST, EFAULT, EINVAL, ENOMEM, ENOSYS, EOPNOTSUPP, EOVERFLOW, EPERM, ERESERVATION } from '../errno.ts';
import { isAnonymous } from './advice.ts';
import { isPermitted } from './authority.ts';
import {
  AdviceCORE, AdviceDOFORK, AdviceDONTFORK, AdviceDONTNEED, AdviceFREE, AdviceKEEPONFORK, AdviceNOCORE, AdviceWIPEONFORK, MapANON, MapFIXED,
  MapGROWSDOWN, MapNOREPLACE, MapPCUABI, MapPRIVATE, MapRUN, MapSHARED, ProtALL, ProtINVOKE, protMost, ProtWRITE, RemapFIXED, RemapMAYMOVE,
  SyncASYNC, SyncINVALIDATE, SyncPAGEOUT,
} from './mman.ts';
import type { Ask, Rule, Rules, RuleBook } from './request.ts';

/** The greatest offset that is still a file's. */
const OffsetLIMIT: number = 2 ** 52;

const isFixed = (ask: Ask): boolean => ask.has(MapFIXED | MapNOREPLACE);
const isFile = (ask: Ask): boolean => !ask.has(MapANON) && ask.source !== null;

/** isRefillable -- whether a mapping may be put at the range: no page of it is a hole, or as the landed code looks, none but at the front
 * <design/profile#.refill>. */
function isRefillable(ask: Ask): boolean {
  if (ask.map.profile.refill === 'strict') return ask.isMapped;
  const { reservation, limit } = ask;
  let base = ask.base;
  while (reservation !== null && base < limit && reservation.isBare(base, base + PageSIZE)) base += PageSIZE;
  return reservation !== null && base < limit && limit <= reservation.limit && reservation.isMapped(base, limit);
}

// The address ---------------------------------------------------------------------------------------------------------

const shown: Rules = [
  { row: 'P5', when: (ask) => !ask.isTagged && !ask.isInteger, errno: EINVAL },
  { row: 'P6', when: (ask) => ask.isTagged && !ask.isManager, errno: EINVAL },
  { row: 'P7', when: (ask) => ask.isTagged && !ask.has(MapFIXED), errno: EINVAL },
];

const place: Rules = [
  { row: 'P8', when: (ask) => ask.isTagged && !ask.isOwner, errno: ERESERVATION },
  { row: 'P11', when: (ask) => ask.isTagged && (protMost(ask.prot) & ~(ask.reservation?.max ?? 0)) !== 0, errno: EINVAL },
  { row: 'P9', when: (ask) => ask.isTagged && ask.length > 0 && !isRefillable(ask), errno: ENOMEM },
  { row: 'P4', when: (ask) => ask.isTagged && ask.has(MapNOREPLACE), errno: EEXIST },
  { row: 'P3', when: (ask) => !ask.isTagged && isFixed(ask) && ask.isTaken, errno: ERESERVATION },
  { row: 'P2', when: (ask) => !ask.isTagged && !isFixed(ask) && !ask.isZero && ask.isWithin, errno: ERESERVATION },
];

/** What an integer can say of places where nothing can be. */
const bounds: Rules = [
  {
    row: 'Q4', errno: EPERM,
    when: (ask) => !ask.isTagged && isFixed(ask) && (ask.high >>> 0 < WindowHIGH || (ask.isInWindow && ask.spread.base < ask.map.base)),
  },
  { row: 'M5', when: (ask) => !ask.isTagged && isFixed(ask) && !ask.isFree, errno: ENOMEM },
];

const mustBegin = (row: string): Rule => ({ row, when: (ask) => !ask.isAligned, errno: EINVAL });
const fixedMustBegin = (row: string): Rule => ({ row, when: (ask) => isFixed(ask) && !ask.isAligned, errno: EINVAL });
const nothingIsDone = (row: string): Rule => ({ row, when: (ask) => ask.length === 0, errno: 0 });
const mustBePermitted = (row: string): Rule => ({ row, when: (ask) => ask.isTagged && !isPermitted(ask.hart, ask.addr, ask.prot), errno: EINVAL });
const mustBeMapped = (row: string): Rule => ({ row, when: (ask) => !ask.isMapped, errno: ENOMEM });

/** Both steps of owning: what the capability is, and what there is. */
const mustOwn = (letter: string): Rules => [
  { row: `${letter}1`, when: (ask) => !ask.isManager, errno: EINVAL },
  { row: `${letter}2`, when: (ask) => !ask.isOwner, errno: ERESERVATION },
];

// mmap ----------------------------------------------------------------------------------------------------------------

const early: Rules = [
  { row: 'M0', when: (ask) => !ask.has(MapANON) && ask.source === null, errno: EBADF },
  { row: 'M1', when: (ask) => ask.prot >>> 16 !== 0 && (ask.prot & ProtALL & ~(ask.prot >>> 16)) !== 0, errno: EINVAL },
  { row: 'M2', when: (ask) => ask.has(MapGROWSDOWN), errno: EOPNOTSUPP },
];

const late: Rules = [
  { row: 'M4.length', when: (ask) => ask.length === 0, errno: EINVAL },
  { row: 'M4.flags', when: (ask) => (ask.flags & ~MapPCUABI) !== 0, errno: EINVAL },
  { row: 'M4.type', when: (ask) => ask.has(MapSHARED) === ask.has(MapPRIVATE), errno: EINVAL },
  { row: 'M4.prot', when: (ask) => ((ask.prot & 0xffff & ~(ProtALL | ProtINVOKE)) | ((ask.prot >>> 16) & ~ProtALL)) !== 0, errno: EINVAL },
  { row: 'M4.offset', when: (ask) => ask.offset % PageSIZE !== 0, errno: EINVAL },
  { row: 'M4.overflow', when: (ask) => ask.offset < 0 || ask.offset + ask.size > OffsetLIMIT, errno: EOVERFLOW },
  { row: 'M4.run', when: (ask) => ask.has(MapRUN) && (isFile(ask) || ask.has(MapSHARED)), errno: EINVAL },
  fixedMustBegin('Q5'),
  { row: 'M4.read', when: (ask) => isFile(ask) && ask.source?.mayRead === false, errno: EACCES },
  {
    row: 'M4.write', errno: EACCES,
    when: (ask) => isFile(ask) && ask.has(MapSHARED) && (ask.prot & ProtWRITE) !== 0 && ask.source?.mayWrite === false,
  },
];

// madvise -------------------------------------------------------------------------------------------------------------

const advices: ReadonlySet<number> = new Set([
  0, 1, 2, 3, AdviceDONTNEED, AdviceFREE, AdviceNOCORE, AdviceCORE, AdviceDONTFORK, AdviceDOFORK, AdviceWIPEONFORK, AdviceKEEPONFORK,
]);
const wipes = (ask: Ask): boolean => ask.flags === AdviceFREE || ask.flags === AdviceWIPEONFORK;
const isPrivate = ({ reservation, base, limit }: Ask): boolean => reservation !== null && isAnonymous(reservation, base, limit);
const forgets = (ask: Ask): boolean => ask.flags === AdviceFREE || ask.flags === AdviceDONTNEED;

/** PCuABI's tables. */
export const rulesPcuabi: RuleBook = {
  mmap: [...early, ...shown, mustBePermitted('P10'), ...place, ...late, ...bounds],
  shmat: [...shown, mustBePermitted('P10'), ...place, fixedMustBegin('S0'), ...bounds],
  target: [
    mustBegin('W1'),
    { row: 'W2', when: ({ moved, base, limit, isInWindow }) => moved !== null && isInWindow && base < moved.limit && moved.base < limit, errno: EINVAL },
    ...shown,
    { row: 'W3', when: (ask) => ask.isTagged && ask.moved?.grants(ask.perms) !== true, errno: EINVAL },
    ...place, ...bounds,
  ],
  munmap: [{ row: 'U0', when: (ask) => !ask.isAligned || ask.length === 0, errno: EINVAL }, ...mustOwn('U')],
  mprotect: [
    mustBegin('T0'), nothingIsDone('T3'), { row: 'T4', when: (ask) => (ask.prot & ~ProtALL) !== 0, errno: EINVAL },
    { row: 'T1', when: (ask) => !ask.isManager, errno: EINVAL },
    mustBePermitted('T5'),
    { row: 'T2', when: (ask) => !ask.isOwner, errno: ERESERVATION },
    mustBeMapped('T6'),
    { row: 'T7', when: ({ reservation, base, limit, prot }) => reservation?.allows(base, limit, prot) !== true, errno: EACCES },
  ],
  mremap: [
    {
      row: 'R0', errno: EINVAL,
      when: (ask) => (ask.flags & ~(RemapMAYMOVE | RemapFIXED)) !== 0 || (ask.has(RemapFIXED) && !ask.has(RemapMAYMOVE)),
    },
    mustBegin('R3'), { row: 'R4', when: (ask) => ask.newLength === 0, errno: EINVAL }, ...mustOwn('R'),
    { row: 'R5', when: ({ reservation, base }) => reservation?.isMapped(base, base + PageSIZE) !== true, errno: EFAULT },
    { row: 'R6', when: (ask) => ask.oldLength === 0, errno: EINVAL },
    { row: 'R7', when: (ask) => !ask.isMapped, errno: EFAULT },
  ],
  madvise: [
    { row: 'A0', when: (ask) => !advices.has(ask.flags), errno: EINVAL }, mustBegin('A3'), ...mustOwn('A'), nothingIsDone('A4'),
    mustBeMapped('A5'),
    { row: 'A6', when: (ask) => wipes(ask) && !isPrivate(ask), errno: EINVAL },
    { row: 'A7', when: (ask) => forgets(ask) && ask.reservation?.hasLocked(ask.base, ask.limit) !== false, errno: EINVAL },
  ],
  mincore: [mustBegin('C0'), ...mustOwn('C'), nothingIsDone('C3'), mustBeMapped('C4')],
  mlock: [...mustOwn('L'), nothingIsDone('L3'), mustBeMapped('L4')],
  munlock: [...mustOwn('N'), nothingIsDone('N3'), mustBeMapped('N4')],
  msync: [
    { row: 'Y0', when: (ask) => (ask.flags & ~(SyncASYNC | SyncINVALIDATE | SyncPAGEOUT)) !== 0, errno: EINVAL },
    mustBegin('Y3'), ...mustOwn('Y'), nothingIsDone('Y4'), mustBeMapped('Y5'),
  ],
  minherit: [{ row: 'I0', when: () => true, errno: ENOSYS }],
  shmdt: mustOwn('D'),
};

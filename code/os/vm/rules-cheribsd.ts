/* rules-cheribsd.ts: CHERIBSD'S RULES
 *
 * What CheriABI refuses, call by call, in the order in which it is asked <design/profile#.cheribsd>.
 */
import { formatOf, PageSIZE } from '../../machine/machine.ts';
import { EACCES, EBADF, EINVAL, ENOMEM, ENOSYS, ENOTSUP, EPROT } from '../errno.ts';
import {
  AdviceCORE, AdviceFREE, InheritZERO, Map32BIT, MapANON, mapAlignment, MapCHERIBSD, MapEXCL, MapFIXED, MapGUARD, MapPRIVATE, MapRUN,
  MapSHARED, MapSTACK, MapWITHGUARD, permsOfProt, ProtHASCAP, protInsists, protMost, ProtNONE, protNow, ProtREAD, protRefuses, ProtWRITE,
  SyncASYNC, SyncINVALIDATE, SyncPAGEOUT,
} from './mman.ts';
import type { Ask, Rule, RuleBook, Rules } from './request.ts';

/** No offset reaches this: they are 64 bits, with a sign. */
const OffsetLIMIT: number = 2 ** 63;

const ProtDATA: number = ProtREAD | ProtWRITE;

/** Whether the capability has permission for what is asked of the pages; a prot that is wrong is another row's. */
function isPermitted(ask: Ask): boolean {
  if (protRefuses(ask.prot) !== 0) return true;
  const format = formatOf(ask.hart), { global, executive } = format.perm;
  return ask.grants(permsOfProt(format, protNow(ask.prot) | protMost(ask.prot), executive) & ~global);
}

const isFixed = (ask: Ask): boolean => ask.has(MapFIXED);
const isAnonymous = (ask: Ask): boolean => ask.has(MapANON | MapSTACK | MapGUARD);

/** Who shows what as the address. */
const pointer: Rules = [
  { row: 'B1', when: (ask) => ask.has(Map32BIT), errno: EINVAL },
  { row: 'B2', when: (ask) => ask.isTagged && !isFixed(ask), errno: EPROT },
  { row: 'B3', when: (ask) => ask.isTagged && !ask.hasVmem, errno: EACCES },
  { row: 'B4', when: (ask) => ask.isTagged && !ask.isManager, errno: EPROT },
  { row: 'B5', when: (ask) => ask.isTagged && !isPermitted(ask), errno: EPROT },
  { row: 'B6', when: (ask) => !ask.isTagged && !ask.isInteger, errno: EINVAL },
];

/** What is asked for. */
const request: Rules = [
  { row: 'B7', when: (ask) => mapAlignment(ask.flags) === 0, errno: EINVAL },
  { row: 'B8', when: (ask) => protRefuses(ask.prot) === EINVAL, errno: EINVAL },
  { row: 'B9', when: (ask) => ask.length === 0, errno: EINVAL },
  { row: 'B10', when: (ask) => (ask.flags & ~MapCHERIBSD) !== 0, errno: EINVAL },
  { row: 'B11', when: (ask) => isAnonymous(ask) && (ask.source !== null || ask.offset !== 0), errno: EINVAL },
  { row: 'B12', when: (ask) => ask.has(MapSTACK) && (ask.prot & ProtDATA) !== ProtDATA, errno: EINVAL },
  { row: 'B13', when: (ask) => ask.has(MapEXCL) && !isFixed(ask), errno: EINVAL },
  { row: 'B14', when: (ask) => ask.has(MapSHARED) && ask.has(MapPRIVATE), errno: EINVAL },
  {
    row: 'B15', errno: EINVAL,
    when: (ask) => ask.has(MapGUARD) && ((ask.prot & 0xffff) !== ProtNONE || (ask.flags & ~MapWITHGUARD) !== 0),
  },
  { row: 'B16', when: (ask) => !isAnonymous(ask) && ask.source === null, errno: EBADF },
  { row: 'B17', when: (ask) => ask.offset < 0 || ask.offset % PageSIZE !== 0 || ask.offset + ask.size > OffsetLIMIT, errno: EINVAL },
  { row: 'B18', when: (ask) => ask.has(MapRUN) && (ask.source !== null || ask.has(MapSHARED | MapGUARD)), errno: EINVAL },
  { row: 'B19', when: (ask) => isFixed(ask) && !ask.isAligned, errno: EINVAL },
  { row: 'B20', when: (ask) => protRefuses(ask.prot) !== 0, errno: ENOTSUP },
  { row: 'B21', when: (ask) => ask.source !== null && (ask.prot & ProtREAD) !== 0 && !ask.source.mayRead, errno: EACCES },
  {
    row: 'B22', errno: EACCES,
    when: (ask) => ask.source !== null && ask.has(MapSHARED) && (ask.prot & ProtWRITE) !== 0 && !ask.source.mayWrite,
  },
  {
    row: 'B23', errno: EACCES,
    when: (ask) => ask.source !== null && ask.has(MapSHARED) && !ask.source.object.carriesTags && protInsists(ask.prot),
  },
];

/** What there is. */
const place: Rules = [
  { row: 'B24', when: (ask) => ask.isTagged && !ask.isOwner, errno: EPROT },
  { row: 'B25', when: (ask) => ask.isTagged && (protMost(ask.prot) & ~(ask.reservation?.max ?? 0)) !== 0, errno: EPROT },
  { row: 'B26', when: (ask) => ask.isTagged && ask.has(MapSTACK), errno: ENOMEM },
  { row: 'B27', when: (ask) => ask.isTagged && ask.has(MapEXCL) && !ask.isBare, errno: ENOMEM },
  { row: 'B28', when: (ask) => !ask.isTagged && isFixed(ask) && !ask.isFree, errno: ENOMEM },
];

const mustManage = (row: string): Rule => ({ row, when: (ask) => !ask.isManager, errno: EPROT });
const mustCover = (row: string): Rule => ({ row, when: (ask) => !ask.isShown, errno: EPROT });
const mustBegin = (row: string): Rule => ({ row, when: (ask) => !ask.isAligned, errno: EINVAL });
const nothingIsDone = (row: string): Rule => ({ row, when: (ask) => ask.length === 0, errno: 0 });
const mustBeMapped = (row: string): Rule => ({ row, when: (ask) => !ask.isMapped, errno: ENOMEM });

/** The range, and the bounds of the capability, are within one reservation: three rows. */
const mustBeLive = (none: string, beyond: string, stale: string): Rules => [
  { row: none, when: (ask) => ask.reservation === null, errno: EPROT },
  { row: beyond, when: (ask) => ask.isBeyond, errno: EACCES },
  { row: stale, when: (ask) => !ask.isOwner, errno: EPROT },
];

/** Whether the pages may be given what mprotect asks: capabilities only where they are asked for in so many words. */
function isAllowed({ prot, reservation, base, limit }: Ask): boolean {
  const max = prot >>> 16 === 0 ? protNow(prot) : protMost(prot);
  return reservation !== null && reservation.allows(base, limit, protInsists(prot) ? max : max & ~ProtHASCAP);
}

const notThere: Rules = [{ row: 'B73', when: () => true, errno: ENOSYS }];

/** CheriBSD's tables. */
export const rulesCheribsd: RuleBook = {
  mmap: [...pointer, ...request, ...place],
  shmat: [...pointer, { row: 'B29', when: (ask) => isFixed(ask) && !ask.isAligned, errno: EINVAL }, ...place],
  munmap: [
    mustManage('B30'), { row: 'B31', when: (ask) => !ask.isAligned || ask.length === 0, errno: EINVAL }, ...mustBeLive('B32', 'B33', 'B34'),
  ],
  mprotect: [
    mustManage('B35'), mustBegin('B36'),
    { row: 'B37', when: (ask) => protRefuses(ask.prot) === EINVAL, errno: EINVAL },
    { row: 'B38', when: (ask) => protRefuses(ask.prot) !== 0, errno: ENOTSUP },
    nothingIsDone('B39'), ...mustBeLive('B40', 'B41', 'B42'),
    { row: 'B43', when: (ask) => !isAllowed(ask), errno: EACCES },
  ],
  minherit: [
    mustManage('B44'), mustBegin('B45'), { row: 'B46', when: (ask) => ask.flags < 0 || ask.flags > InheritZERO, errno: EINVAL },
    nothingIsDone('B47'), ...mustBeLive('B48', 'B49', 'B50'),
  ],
  madvise: [
    mustCover('B51'), { row: 'B52', when: (ask) => ask.flags === AdviceFREE && !ask.hasVmem, errno: EPROT },
    { row: 'B53', when: (ask) => ask.flags < 0 || ask.flags > AdviceCORE, errno: EINVAL },
    nothingIsDone('B54'),
  ],
  mincore: [
    { row: 'B58', when: (ask) => !ask.isTagged || ask.isSealed || (ask.length > 0 && !ask.isMet), errno: EPROT },
    nothingIsDone('B59'), mustBeMapped('B60'),
  ],
  mlock: [mustCover('B61'), nothingIsDone('B62'), mustBeMapped('B63')],
  munlock: [mustCover('B64'), nothingIsDone('B65'), mustBeMapped('B66')],
  msync: [
    { row: 'B67', when: (ask) => (ask.flags & ~(SyncASYNC | SyncINVALIDATE | SyncPAGEOUT)) !== 0, errno: EINVAL },
    { row: 'B68', when: (ask) => ask.has(SyncASYNC) && ask.has(SyncINVALIDATE), errno: EINVAL },
    { row: 'B69', when: (ask) => ask.length !== 0 && !ask.isShown, errno: EINVAL },
    { row: 'B70', when: (ask) => !ask.isTagged || ask.isSealed, errno: EINVAL },
    { row: 'B71', when: (ask) => ask.length !== 0 && !ask.isMapped, errno: ENOMEM },
    { row: 'B72', when: (ask) => ask.reservation === null, errno: ENOMEM },
  ],
  mremap: notThere,
  target: notThere,
  shmdt: [mustManage('B74'), { row: 'B75', when: (ask) => !ask.isOwner, errno: EPROT }],
};

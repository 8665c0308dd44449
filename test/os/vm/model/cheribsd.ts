/* cheribsd.ts: CHERIBSD'S RULES, READ NAIVELY
 *
 * What each call answers <design/profile>, by the tables of CheriABI, one condition after the other.
 */
import { EACCES, EBADF, EINVAL, ENOMEM, ENOTSUP, EPROT } from '../../../../code/os/errno.ts';
import {
  Map32BIT, MapANON, MapEXCL, MapFIXED, MapGUARD, MapPRIVATE, MapSHARED, MapSTACK, mapAlignment, ProtCAP, ProtNOCAP, ProtREAD, ProtWRITE,
} from './abi.ts';
import { permsMissing, type Cap } from './caps.ts';
import { covers, firstOf, isAllowed, isOwnerOf, pageDown, pageUp, withCaps, type Answers, type MapAsk, type Rules } from './rules.ts';
import { CAPS, LAST, PAGE, R, W, type Space } from './space.ts';

const halves = (prot: number): { now: number; max: number } => ({ now: prot & 0xffff, max: prot >>> 16 === 0 ? prot & 0xffff : prot >>> 16 });

const isBarred = (bits: number): boolean => (bits & ProtNOCAP) !== 0;
const isUnknown = (bits: number): boolean => (bits & ~(7 | ProtCAP | ProtNOCAP)) !== 0;
const isExplicit = (bits: number): boolean => (bits & (ProtCAP | ProtNOCAP)) !== 0;
const isImplied = (bits: number): boolean => !isExplicit(bits) && (bits & (ProtREAD | ProtWRITE)) !== 0;

/** mostOf -- PROT_MAX, or the prot. */
function mostOf(prot: number): number {
  const { max } = halves(prot);
  return withCaps(max, isBarred(max));
}

/** protWrong -- what is against a prot: bits nobody knows, and halves that do not go together. */
function protWrong(prot: number): readonly (readonly [boolean, number])[] {
  const { now, max } = halves(prot), hasMax = prot >>> 16 !== 0;
  const both = (bits: number): boolean => (bits & (ProtCAP | ProtNOCAP)) === (ProtCAP | ProtNOCAP);
  const alone = (bits: number): boolean => (bits & ProtCAP) !== 0 && (bits & (ProtREAD | ProtWRITE)) === 0;
  return [
    [isUnknown(now) || isUnknown(max) || both(now) || both(max), EINVAL],
    [alone(now) || alone(max) || both(now) || both(max), ENOTSUP],
    [hasMax && ((isExplicit(now) && isImplied(max)) || (isImplied(now) && isExplicit(max))), ENOTSUP],
    [hasMax && (withCaps(now, isBarred(now)) & ~withCaps(max, isBarred(max))) !== 0, ENOTSUP],
  ];
}

const mayManage = (cap: Cap, length: number): boolean =>
  cap.isTagged && !cap.isSealed && cap.hasVmem && covers(cap, length);

/** manages -- what munmap, mprotect and minherit have against a capability and its reservation; of mprotect's prot the texts do not
 * say when it is looked at. */
function manages(space: Space, cap: Cap, length: number, isZeroFine: boolean, prot: number | null = null): readonly (readonly (readonly [boolean, number])[])[] {
  const region = space.at(cap.addr), size = pageUp(length), wrong = prot === null ? [] : protWrong(prot);
  return [
    [[!mayManage(cap, length), EPROT]],
    [[cap.addr % PAGE !== 0 || (size === 0 && !isZeroFine), EINVAL]],
    // A range that goes beyond its reservation is shown by a capability that does: either answer names the reason.
    [...wrong, [size > 0 && (region === null || !isOwnerOf(space, cap)), EPROT], [size > 0 && region !== null && cap.addr + size > region.limit, EACCES]],
  ];
}

/** addressWrong -- the first stage of mmap: what its address says of authority. */
function addressWrong({ cap, length, prot, flags }: MapAsk): readonly (readonly (readonly [boolean, number])[])[] {
  const fixed = (flags & MapFIXED) !== 0, { now, max } = halves(prot);
  const wanted = withCaps(now, isBarred(now)) | withCaps(max, isBarred(max));
  return [
    [[(flags & Map32BIT) !== 0, EINVAL]],
    [[cap.isTagged && !fixed, EPROT]],
    [[cap.isTagged && !cap.hasVmem, EACCES]],
    [[!cap.isTagged && !cap.isNullDerived, EINVAL]],
    [[cap.isTagged && (cap.isSealed || !covers(cap, length)), EPROT]],
    [[cap.isTagged && protWrong(prot).every(([is]) => !is) && permsMissing(cap, wanted), EPROT]],
    [[mapAlignment(flags) === 0, EINVAL]],
  ];
}

/** requestWrong -- the second stage: what is asked. */
function requestWrong({ cap, length, prot, flags, source }: MapAsk): readonly (readonly [boolean, number])[] {
  const has = (flag: number): boolean => (flags & flag) !== 0;
  return [
    [length === 0 || (has(MapEXCL) && !has(MapFIXED)) || (has(MapSHARED) && has(MapPRIVATE)), EINVAL],
    [has(MapSTACK) && (prot & (ProtREAD | ProtWRITE)) !== (ProtREAD | ProtWRITE), EINVAL],
    [has(MapGUARD) && ((prot & 0xffff) !== 0 || has(MapANON | MapSHARED | MapPRIVATE | MapSTACK)), EINVAL],
    [has(MapFIXED) && cap.addr % PAGE !== 0, EINVAL],
    [!has(MapANON | MapSTACK | MapGUARD) && source === null, EBADF],
    ...protWrong(prot),
    [source !== null && !source.mayRead && (prot & ProtREAD) !== 0, EACCES],
    [source !== null && has(MapSHARED) && !source.mayWrite && (prot & ProtWRITE) !== 0, EACCES],
  ];
}

/** placeWrong -- the rest: what there is. */
function placeWrong(space: Space, { cap, length, prot, flags, outer }: MapAsk): readonly (readonly [boolean, number])[] {
  const base = cap.addr, limit = base + pageUp(length), has = (flag: number): boolean => (flags & flag) !== 0;
  if (!cap.isTagged) return [[pageUp(length) > LAST, ENOMEM], [has(MapFIXED) && !space.isFree(outer.base, outer.limit), ENOMEM]];
  const region = space.at(base), wanted = mostOf(prot);
  return [
    [region === null || limit > region.limit || !isOwnerOf(space, cap), EPROT],
    [region !== null && (wanted & ~region.max) !== 0, EPROT],
    [has(MapSTACK), ENOMEM],
    [has(MapEXCL) && !space.isBare(base, limit), ENOMEM],
  ];
}

const isCovering = (cap: Cap, length: number): boolean => cap.isTagged && !cap.isSealed && covers(cap, length);

/** holes -- what the calls for memory that is there have against a range, be it of one reservation or of several. */
const holes = (space: Space, cap: Cap, length: number): readonly (readonly [boolean, number])[] =>
  [[length > 0 && !space.isMapped(pageDown(cap.addr), pageUp(cap.addr + length)), ENOMEM]];

/** CheriBSD. */
export const cheribsd: Rules = {
  holesAreReserved: true,

  mmap: (space, ask) => firstOf(...addressWrong(ask), requestWrong(ask), placeWrong(space, ask)),

  munmap: (space, cap, length) => firstOf(...manages(space, cap, length, false)),

  mprotect(space, cap, length, prot): Answers {
    const { now, max } = halves(prot), limit = cap.addr + pageUp(length);
    // What is not said of capabilities is not insisted on <design/mman#.mprotect.cap>.
    const wanted = (withCaps(now, isBarred(now)) | withCaps(max, isBarred(max))) & (((now | prot >>> 16) & ProtCAP) !== 0 ? -1 : ~CAPS);
    return firstOf(
      ...manages(space, cap, length, true, prot),
      [[wanted !== 0 && !space.every(cap.addr, limit, (page) => page !== null && isAllowed(page, wanted)), EACCES]],
    );
  },

  madvise: (_space, cap, length, advice) => firstOf([[!isCovering(cap, length) || (advice === 'free' && !cap.hasVmem), EPROT], [advice === 'bad', EINVAL]]),

  // It asks for an overlap alone: whatever a capability with bounds is shown for.
  mincore: (space, cap, length) => firstOf(
    [[!cap.isTagged || cap.isSealed || (length > 0 && (cap.top <= pageDown(cap.addr) || pageUp(cap.addr + length) <= cap.base)), EPROT]],
    holes(space, cap, length),
  ),

  mlock: (space, cap, length) => firstOf([[!isCovering(cap, length), EPROT]], holes(space, cap, length)),

  msync: (space, cap, length) => firstOf([[!isCovering(cap, length), EINVAL]], holes(space, cap, length)),

  minherit: (space, cap, length) => firstOf(...manages(space, cap, length, true)),

  shmdt: (space, cap, length) => firstOf(
    [[!mayManage(cap, length), EPROT]],
    [[!isOwnerOf(space, cap), EPROT], [!isOwnerOf(space, cap), EINVAL]],
  ),

  permsOf: ({ prot }) => mostOf(prot),
  mostOf: ({ prot }) => mostOf(prot),

  protsOf({ prot, flags, source }): { prot: number; max: number } {
    const { now, max } = halves(prot), stripped = source !== null && !source.carriesTags && (flags & MapSHARED) !== 0;
    const most = (source !== null && !source.mayWrite && (flags & MapSHARED) !== 0 ? ~W : -1) & (source?.mayRead === false ? ~R : -1);
    return { prot: withCaps(now, isBarred(now) || stripped), max: withCaps(max, isBarred(max) || stripped) & most };
  },
};


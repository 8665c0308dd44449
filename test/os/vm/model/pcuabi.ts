/* pcuabi.ts: MORELLO LINUX'S RULES, READ NAIVELY
 *
 * What each call answers <design/profile>, by the tables of PCuABI, one condition after the other, with holes refused strictly.
 */
import { EACCES, EBADF, EEXIST, EFAULT, EINVAL, ENOMEM, EOPNOTSUPP, EOVERFLOW, EPERM, ERESERVATION } from '../../../../code/os/errno.ts';
import { MapANON, MapFIXED, MapGROWSDOWN, MapNOREPLACE, MapSHARED, protMaxOf, ProtWRITE, RemapFIXED, RemapMAYMOVE } from './abi.ts';
import { permsMissing, type Cap } from './caps.ts';
import { basic, covers, firstOf, isAllowed, isOwnerOf, pageDown, pageUp, withCaps, type Answers, type MapAsk, type Rules } from './rules.ts';
import { CAPS, FIRST, LAST, OffsetLIMIT, PAGE, type Page, type Space } from './space.ts';

type Groups = readonly (readonly (readonly [boolean, number])[])[];

/** The first half of owning: what the capability itself says, of its range rounded outward to pages. */
export function isAuthority(cap: Cap, length: number): boolean {
  return cap.isTagged && !cap.isSealed && cap.hasVmem && covers(cap, length);
}

/** owns -- both halves, in their order. */
const owns = (space: Space, cap: Cap, length: number): Groups =>
  [[[!isAuthority(cap, length), EINVAL]], [[!isOwnerOf(space, cap), ERESERVATION]]];

const isMapped = (space: Space, { addr }: Cap, length: number): boolean => length === 0 || space.isMapped(pageDown(addr), pageUp(addr + length));

/** isInside -- one reservation holds a range, without its padding. */
const isInside = (space: Space, base: number, limit: number): boolean =>
  space.regions.some(({ innerBase, innerLimit }) => innerBase <= base && limit <= innerLimit);

/** pointerWrong -- the rule of the address, P1 to P10; `isFixed` and `isExclusive` are what the flags come to. */
function pointerWrong(space: Space, { cap, length, prot, flags, outer }: MapAsk): Groups {
  const fixed = (flags & MapFIXED) !== 0, exclusive = (flags & MapNOREPLACE) !== 0, size = pageUp(length);
  if (!cap.isTagged) {
    if (!cap.isNullDerived) return [[[true, EINVAL]]];
    const there = fixed || exclusive, beyond = outer.base < FIRST || outer.limit > LAST, isCrooked = cap.addr % PAGE !== 0;
    const isMet = space.regions.some(({ base, limit }) => base < outer.limit && outer.base < limit);
    return [
      // Of nothing at all the texts do not say whether it is inside.
      [[!cap.isNull && isInside(space, outer.base, outer.limit), ERESERVATION], [size === 0, EINVAL]],
      [[there && beyond, ENOMEM], [there && beyond, EPERM], [there && beyond, EINVAL], [there && beyond, EACCES], [there && beyond && isMet, ERESERVATION]],
      [[there && (isCrooked || !space.isFree(outer.base, outer.limit)) && size > 0, ERESERVATION], [there && isCrooked, EINVAL], [there && isCrooked, EACCES]],
    ];
  }
  const lacks = [permsMissing(cap, basic(prot)), EINVAL] as const, most = space.at(cap.addr)?.max ?? 0;
  return [
    [[!isAuthority(cap, length) || !fixed, EINVAL]],
    // When it is asked for the permissions the texts do not say.
    [[!isOwnerOf(space, cap), ERESERVATION], lacks],
    [lacks, [(basic(protMaxOf(prot)) & ~most) !== 0, EINVAL], [exclusive && (size === 0 || !space.isBare(cap.addr, cap.addr + size)), EEXIST], [exclusive && size === 0, EINVAL], [!isMapped(space, cap, length), ENOMEM]],
  ];
}

/** mremapWrong -- what stands against a move of `length` bytes; `target` is where to, or null for anywhere. */
export function mremapWrong(
  space: Space, cap: Cap, length: number, newLength: number, flags: number, target: MapAsk | null, permsFit: boolean,
): Answers {
  const may = (flags & RemapMAYMOVE) !== 0, fixed = (flags & RemapFIXED) !== 0, region = space.at(cap.addr);
  const size = pageUp(length), newSize = pageUp(newLength), limit = cap.addr + newSize;
  const grows = newSize > size && region !== null
    && !(limit <= region.innerLimit && space.isBare(cap.addr + size, limit)) && !may;
  return firstOf(
    [[(flags & ~(RemapMAYMOVE | RemapFIXED)) !== 0 || (fixed && !may) || cap.addr % PAGE !== 0 || newLength === 0 || length === 0, EINVAL]],
    ...owns(space, cap, length),
    [[!isMapped(space, cap, length), EFAULT], ...(target === null ? [] : pointerWrong(space, target).flat()), [!permsFit || (target !== null && target.cap.addr % PAGE !== 0), EINVAL]],
    [[grows, ENOMEM]],
  );
}

/** isOverflow -- an offset that no file has. */
const isOverflow = ({ index, length }: MapAsk): boolean => index * PAGE + pageUp(length) > OffsetLIMIT;

/** Morello Linux. */
export const pcuabi: Rules = {
  holesAreReserved: false,

  mmap: (space, ask) => firstOf(
    [[(ask.flags & MapANON) === 0 && ask.source === null, EBADF]],
    [[ask.prot >>> 16 !== 0 && (basic(ask.prot) & ~basic(ask.prot >>> 16)) !== 0, EINVAL]],
    [[(ask.flags & MapGROWSDOWN) !== 0, EOPNOTSUPP]],
    // Whether the offset is asked for before the place the texts do not say.
    ...pointerWrong(space, ask).map((group) => (isOverflow(ask) && group.some(([is]) => is) ? [...group, [true, EOVERFLOW] as const] : group)),
    [
      [ask.length === 0 || ((ask.flags & (MapFIXED | MapNOREPLACE)) !== 0 && ask.cap.addr % PAGE !== 0), EINVAL],
      [isOverflow(ask), EOVERFLOW],
      [ask.source?.mayRead === false, EACCES],
      [ask.source !== null && (ask.flags & MapSHARED) !== 0 && !ask.source.mayWrite && (ask.prot & ProtWRITE) !== 0, EACCES],
    ],
    [[pageUp(ask.length) > LAST, ENOMEM]],
  ),

  munmap: (space, cap, length) => firstOf(
    [[!isAuthority(cap, length) || cap.addr % PAGE !== 0 || length === 0, EINVAL]], [[!isOwnerOf(space, cap), ERESERVATION]],
  ),

  mprotect(space, cap, length, prot): Answers {
    if (cap.addr % PAGE === 0 && length === 0) return firstOf([]);
    return firstOf(
      [[cap.addr % PAGE !== 0 || !isAuthority(cap, length) || permsMissing(cap, basic(prot)), EINVAL]],
      [[!isOwnerOf(space, cap), ERESERVATION]],
      [[!isMapped(space, cap, length), ENOMEM]],
      [[!space.every(cap.addr, cap.addr + pageUp(length), (page) => isAllowed(page, basic(prot))), EACCES]],
    );
  },

  madvise: (space, cap, length, advice) => firstOf(
    [[cap.addr % PAGE !== 0 || advice === 'bad' || !isAuthority(cap, length), EINVAL]], [[!isOwnerOf(space, cap), ERESERVATION]],
    [[!isMapped(space, cap, length), ENOMEM], [advice === 'free' && hasLocked(space, cap, length), EINVAL]],
  ),

  mincore: (space, cap, length) => firstOf(
    [[cap.addr % PAGE !== 0 || !isAuthority(cap, length), EINVAL]], [[!isOwnerOf(space, cap), ERESERVATION]],
    [[!isMapped(space, cap, length), ENOMEM]],
  ),

  mlock: (space, cap, length) => firstOf(...owns(space, cap, length), [[!isMapped(space, cap, length), ENOMEM]]),

  msync: (space, cap, length) => firstOf(
    [[cap.addr % PAGE !== 0 || !isAuthority(cap, length), EINVAL]], [[!isOwnerOf(space, cap), ERESERVATION]],
    [[!isMapped(space, cap, length), ENOMEM]],
  ),

  // What madvise does there: WIPEONFORK and its kin.
  minherit: (space, cap, length) => firstOf(
    [[cap.addr % PAGE !== 0 || !isAuthority(cap, length), EINVAL]], [[!isOwnerOf(space, cap), ERESERVATION]],
    [[!isMapped(space, cap, length), ENOMEM]],
  ),

  shmdt: (space, cap, length) => firstOf(...owns(space, cap, length)),

  mostOf: ({ prot }) => withCaps(protMaxOf(prot), false),
  permsOf: ({ prot, flags }) => withCaps(protMaxOf(prot), (flags & MapSHARED) !== 0),

  protsOf({ prot, flags, source }): { prot: number; max: number } {
    const stripped = (flags & MapSHARED) !== 0, most = source !== null && stripped && !source.mayWrite ? ~ProtWRITE : -1;
    return { prot: withCaps(prot, stripped), max: (7 & most) | (stripped ? 0 : CAPS) };
  },
};

const hasLocked = (space: Space, cap: Cap, length: number): boolean =>
  !space.every(cap.addr, cap.addr + pageUp(length), (page: Page | null) => page === null || !page.isLocked);

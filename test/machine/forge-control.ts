/* forge-control.ts: STEPS THAT JUMP
 *
 * The jumps of a random program, and the laws of <design/control> for what they leave in slots.
 */
import {
  branch, branchPair, branchSealed, branchThrough, branchThroughPair, fetch, invoke, jump, seal, SealLB, SealLPB, SealRB, SlotWORDS,
  type Capability, type FaultKind,
} from '../../code/machine/machine.ts';
import { chosen, commands, offsetFor, open, sealedBy, tagged, tally, target, type Step } from './forge-derive.ts';
import { INVOKED, LINK, must, PCC, type World } from './forge-model.ts';

/** entered -- what is in a slot is what was sealed, at the same place. */
function entered(world: World, after: Capability, before: Capability, offset = 0n): void {
  const { format } = world, lo = BigInt.asUintN(64, before.lo + offset) & ~1n;
  must(!after.tag || (before.tag && world.isOpen(after) && after.lo === lo && world.isWithin(after, before)), 'entered where it may not be <design/control#.req.closed>');
  must(!after.tag || format.perms(after) === format.perms(before), 'entered with other permissions <design/control#.req.closed>');
}

/** linked -- the link gives no more than the program counter did. */
function linked(world: World, after: Capability, pcc: Capability): void {
  const { format } = world, isSealed = format.name === 'riscv' || world.state.sealsLinks;
  must(!after.tag || (world.isOpen(pcc) && world.isWithin(after, pcc) && (!isSealed || format.isSentry(after))), 'a link is more than the code <design/control#.inv.authority>');
  if (after.tag) world.count('linked');
}

const executable = (world: World, b: number): number =>
  chosen(world, b, (cap) => cap.tag && world.has(cap, world.format.perm.execute) && (world.isOpen(cap) || world.format.isSentry(cap)));

export const jumps: Step = (world, _a, b, c, n) => {
  const { hart, format } = world, to = executable(world, b), cap = world.slot(to), pcc = world.slot(PCC), offset = c % 3 === 0 ? offsetFor(world, cap, 2, n) : 0;
  if (format.name === 'morello') {
    branches(world, to, n);
    return;
  }
  const at = (cap.lo + BigInt(offset)) & ~1n, isEntry = world.isOpen(cap) || (format.isSentry(cap) && offset === 0);
  const refusal: FaultKind | null = !cap.tag ? 'tag' : !isEntry ? 'seal' : !world.has(cap, format.perm.execute) ? 'execute'
    : format.isInside(cap, BigInt.asUintN(64, at), 2n) ? null : 'bounds';
  if (!world.try('jump', refusal, () => { jump(hart, PCC, LINK, to, offset); })) return;
  const after = world.accept(PCC);
  must(after.tag, 'a jump loses the tag <design/control#.req.exact>');
  entered(world, after, cap, BigInt(offset));
  linked(world, world.accept(LINK), pcc);
};

/** branches -- Morello's, by register; any may go anywhere, and none faults. */
function branches(world: World, to: number, n: number): void {
  const { hart, format, state } = world, cap = world.slot(to), pcc = world.slot(PCC), isLinked = n % 3 !== 0;
  state.sealsLinks = n % 4 < 2;
  (n % 2 === 0 ? branch : branchSealed)(hart, state, PCC, isLinked ? LINK : -1, to);
  if (isLinked) linked(world, world.accept(LINK), pcc);
  const after = world.accept(PCC);
  entered(world, after, cap);
  must(!after.tag || !format.isSealed(cap) || format.type(cap) === SealRB, 'a seal is entered <design/control#.req.closed>');
  must(!after.tag || n % 2 === 0 || !state.sealsLinks || format.type(cap) === SealRB, 'what is no RB is returned to <design/control#.morello.links>');
  must(!after.tag || !world.has(pcc, format.perm.executive) || world.has(after, format.perm.executive), 'restricted <design/control#.morello.arrive>');
  world.count(after.tag ? 'jump' : 'arrived untagged');
}

export const invokes: Step = (world, _a, b, c, n) => {
  // The program counter is no register that an instruction could name.
  const notPCC = (slot: number): number => (slot === PCC ? LINK : slot);
  const { hart, format, format: { perm, types }, state } = world, isCode = (cap: Capability): boolean => cap.tag && format.isSealed(cap) && world.has(cap, perm.execute);
  const code = notPCC(chosen(world, b, isCode)), entry = world.slot(code), pcc = world.slot(PCC);
  const isMate = (cap: Capability): boolean => cap.tag && !world.has(cap, perm.execute) && (n % 4 === 0 ? format.isSealed(cap) : format.type(cap) === format.type(entry));
  const data = notPCC(chosen(world, c, isMate)), given = world.slot(data);
  const least = format.name === 'riscv' ? 0 : 4, ofProgram = (cap: Capability): boolean => format.isSealed(cap) && format.type(cap) >= least && format.type(cap) <= types.last;
  const refusal = !entry.tag || !given.tag ? 'tag' : !ofProgram(entry) || !ofProgram(given) ? 'seal' : format.type(entry) !== format.type(given) ? 'type'
    : !world.has(entry, perm.invoke) || !world.has(given, perm.invoke) ? 'invoke' : !world.has(entry, perm.execute) || world.has(given, perm.execute) ? 'execute'
      : format.name === 'morello' || format.isInside(entry, entry.lo & ~1n, 2n) ? null : 'bounds';
  if (format.name === 'riscv') {
    if (!world.try('invoke', refusal, () => { invoke(hart, PCC, INVOKED, code, data); })) return;
  } else {
    state.sealsLinks = n % 2 === 0;
    branchPair(hart, state, PCC, LINK, INVOKED, code, data);
    linked(world, world.accept(LINK), pcc);
    if (refusal === null) world.count('invoke');
  }
  const got = world.accept(PCC), had = world.accept(INVOKED);
  entered(world, got, entry);
  must(!got.tag || refusal === null, 'what is no pair is entered <design/control#.req.closed>');
  if (refusal === null) must(world.isOpen(had) && world.isWithin(had, given) && had.lo === given.lo, 'the data of a pair <design/control#.req.closed>');
  else must(had.hi === given.hi && had.lo === given.lo && had.tag === given.tag, 'data is unsealed without a pair <design/control#.req.closed>');
};

/** Both of a pair at once, which chance seldom makes. */
export const pairs: Step = (world, a, b, c, n) => {
  const { hart, format: { perm } } = world;
  const isOf = (perms: number, none: number) => (cap: Capability): boolean => world.isOpen(cap) && world.has(cap, perms | perm.invoke) && (none === 0 || !world.has(cap, none));
  const code = chosen(world, b, isOf(perm.execute, 0)), data = chosen(world, c, isOf(0, perm.execute)), authority = open(world, n, perm.seal);
  for (const [dst, src] of [[target(a), code], [target(a + 1), data]]) {
    const before = world.slot(src), by = world.slot(authority);
    seal(hart, dst, src, authority);
    const after = world.accept(dst);
    must(!after.tag || commands(world, by, perm.seal), 'sealed without authority <design/capability#.inv.sealed>');
    sealedBy(world, after, before, Number(BigInt.asUintN(32, by.lo)));
    tally(world, 'seal', after, before);
  }
};

/** Morello's branches through memory: only they can use what is sealed as LB or LPB. */
export const through: Step = (world, _a, b, c, n) => {
  const { hart, format, state } = world;
  if (format.name === 'riscv') return;
  const isPair = n % 2 === 0, form = isPair ? SealLPB : SealLB, src = chosen(world, b, (cap) => cap.tag && format.type(cap) === form && world.has(cap, format.perm.load));
  world.hart.move(INVOKED, src);
  world.becomes(INVOKED, world.slot(src));
  const base = world.slot(INVOKED), pcc = world.slot(PCC), opened = base.tag && format.type(base) === form ? format.encode(format.bounds(base), base.lo, format.perms(base), 0, 0n, true).cap : base;
  const offset = isPair ? 0 : offsetFor(world, opened, 16, c), next = isPair ? 16 : offset;
  const refusal = world.refuses(opened, 'loadcap', offset, 16) ?? world.refuses(opened, 'loadcap', next, 16);
  state.sealsLinks = n % 3 === 0;
  const act = (): void => {
    if (isPair) branchThroughPair(hart, state, PCC, LINK, INVOKED, INVOKED);
    else branchThrough(hart, state, PCC, LINK, INVOKED, offset);
  };
  const isMade = world.try('through', refusal, act);
  must(!hart.r.subarray(hart.top * SlotWORDS, (hart.top + 4) * SlotWORDS).some((word) => word !== 0), 'what was borrowed is left <design/control#.inv.borrowed>');
  if (!isMade) return;
  linked(world, world.accept(LINK), pcc);
  world.becomes(INVOKED, isPair ? world.loads(opened, 0) : opened);
  entered(world, world.accept(PCC), world.loads(opened, next));
};

export const fetches: Step = (world, _a, b) => {
  const src = b % 2 === 0 ? PCC : tagged(world, b), size = world.format.name === 'riscv' ? 2 : 4;
  world.try('fetch', world.refuses(world.slot(src), 'fetch', 0, size), () => fetch(world.hart, src, 0));
};

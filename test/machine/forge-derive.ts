/* forge-derive.ts: STEPS THAT DERIVE
 *
 * How a step of a random program chooses what it works on, and the steps that make one capability from others, with the law that each
 * must keep <design/control#.test.forge>.
 */
import { build, sealEntry, sealForm, SealLB, SealLPB, SealRB, sealIf, slotWrite, unseal, unsealIfSubset, type seal, type Capability, type Hart } from '../../code/machine/machine.ts';
import { must, Roots, Slots, type World } from './forge-model.ts';

/** A step: does one thing to the machine and its model; the numbers choose what. */
export type Step = (world: World, a: number, b: number, c: number, n: number) => void;

// Choosing -----------------------------------------------------------------------------------------------------------

export const target = (a: number): number => Roots + (a % (Slots - Roots));

/** chosen -- a slot that holds what is wanted, mostly; else any. */
export function chosen(world: World, b: number, wanted: (cap: Capability) => boolean): number {
  const good = Array.from({ length: Slots }, (_, slot) => slot).filter((slot) => wanted(world.slot(slot)));
  return b % 8 === 0 || good.length === 0 ? b % Slots : good[b % good.length];
}

export const tagged = (world: World, b: number): number => chosen(world, b, (cap) => cap.tag);
export const open = (world: World, b: number, perms: number): number => chosen(world, b, (cap) => world.isOpen(cap) && world.has(cap, perms));
export const sealed = (world: World, b: number): number => chosen(world, b, (cap) => cap.tag && world.format.isSealed(cap));

/** Offsets are words. */
const OffsetLIMIT = 0x4000_0000;

/** offsetFor -- from an address to somewhere in its bounds or a little beside, a multiple of `size` mostly. */
export function offsetFor({ format }: World, cap: Capability, size: number, n: number): number {
  const { base, top } = format.bounds(cap), span = Number(top - base), kind = n % 16;
  const to = kind === 0 ? span - size : kind === 1 ? span - size + 1 : kind === 2 ? -size : kind < 9 ? 16 * (n % 8) : n % Math.max(1, Math.min(span, 0x5000));
  const address = base + BigInt(to), even = kind === 3 ? address : address - (address % BigInt(size));
  const offset = Number(BigInt.asIntN(64, even - cap.lo));
  return Math.abs(offset) < OffsetLIMIT ? offset : n & 0xff;
}

/** offsetToTag -- from an address to a capability in memory, mostly. */
export function offsetToTag(world: World, cap: Capability, size: number, n: number): number {
  const there = n % 4 === 0 ? [] : world.taggedIn(cap);
  const offset = there.length === 0 ? Infinity : Number(BigInt.asIntN(64, there[n % there.length] - cap.lo));
  return Math.abs(offset) < OffsetLIMIT ? offset : offsetFor(world, cap, size, n);
}

/** holder -- a slot through which there is a capability to be had, mostly. */
export const holder = (world: World, b: number, perms: number): number =>
  chosen(world, b, (cap) => world.isOpen(cap) && world.has(cap, perms) && world.taggedIn(cap).length > 0);

// Instructions that derive -------------------------------------------------------------------------------------------

/** narrowed -- the law of most instructions: no tag but from an unsealed capability, and within it. */
export function narrowed(world: World, after: Capability, before: Capability): void {
  must(!after.tag || (world.isOpen(before) && world.isOpen(after) && world.isWithin(after, before)), 'more than there was <design/capability#.inv.monotonic>');
}

/** tally -- whether a derivation kept a tag that was there. */
export function tally(world: World, what: string, after: Capability, before: Capability): void {
  if (after.tag) world.count(what);
  else if (before.tag) world.count(`${what} refused`);
}

export const derives = (what: string, run: (hart: Hart, dst: number, src: number, world: World, c: number, n: number) => void): Step =>
  (world, a, b, c, n) => {
    const dst = target(a), src = tagged(world, b), before = world.slot(src);
    run(world.hart, dst, src, world, c, n);
    const after = world.accept(dst);
    narrowed(world, after, before);
    tally(world, what, after, before);
  };

/** addressFor -- where an address may be moved: about the bounds, far away, to a type, to another's. */
export function addressFor(world: World, cap: Capability, c: number, n: number): bigint {
  const { base, top } = world.format.bounds(cap);
  switch (c % 6) {
    case 0: return top - BigInt(n % 40);
    case 1: return BigInt(n % 70);
    case 2: return BigInt.asUintN(64, base + (BigInt(n) << BigInt(c % 50)));
    case 3: return world.slot(n % Slots).lo;
    default: return base + BigInt(16 * (n % 64));
  }
}

/** commands -- an authority that may seal or unseal with its address. */
export const commands = (world: World, authority: Capability, perms: number): boolean =>
  world.isOpen(authority) && world.has(authority, perms) && world.format.isInside(authority, authority.lo, 1n);

export function sealedBy(world: World, after: Capability, before: Capability, type: number): void {
  const { format } = world;
  must(!after.tag || (world.isOpen(before) && format.type(after) === type && world.isWithin({ ...after, tag: true }, before)), 'a seal gives authority <design/capability#.inv.sealed>');
}

export const seals = (what: string, run: typeof seal): Step => (world, a, b, c) => {
  const { format: { perm } } = world, dst = target(a), src = chosen(world, b, (cap) => world.isOpen(cap)), by = open(world, c, perm.seal);
  const before = world.slot(src), authority = world.slot(by);
  run(world.hart, dst, src, by);
  const after = world.accept(dst), isSame = after.hi === before.hi && after.lo === before.lo && after.tag === before.tag;
  if (!(run === sealIf && isSame)) {
    must(!after.tag || commands(world, authority, perm.seal), 'sealed without authority <design/capability#.inv.sealed>');
    sealedBy(world, after, before, Number(BigInt.asUintN(32, authority.lo)));
  }
  tally(world, what, after, before);
};

export const unseals: Step = (world, a, b, c) => {
  const { format, format: { perm } } = world, dst = target(a), src = sealed(world, b), before = world.slot(src);
  const by = chosen(world, c, (cap) => world.isOpen(cap) && world.has(cap, perm.unseal) && cap.lo === BigInt(format.type(before)));
  const authority = world.slot(by);
  unseal(world.hart, dst, src, by);
  const after = world.accept(dst);
  if (after.tag) {
    must(before.tag && format.isSealed(before) && commands(world, authority, perm.unseal) && authority.lo === BigInt(format.type(before)), 'unsealed without authority <design/capability#.inv.sealed>');
    must(world.isOpen(after) && world.isWithin(after, before), 'unsealed to more <design/capability#.inv.sealed>');
    must(!world.has(after, perm.global) || world.has(authority, perm.global), 'a local authority unseals what is global <design/capability#.inv.sealed>');
  }
  tally(world, 'unseal', after, before);
};

export const builds: Step = (world, a, b, c) => {
  const { format } = world, dst = target(a), src = b % Slots, by = tagged(world, c), before = world.slot(src), authority = world.slot(by);
  build(world.hart, dst, src, by);
  const after = world.accept(dst), isOwn = format.name === 'morello' && world.isOpen(before);
  if (after.tag && !isOwn) {
    must(world.isOpen(authority) && world.isWithin(after, authority), 'built without authority <design/capability#.inv.monotonic>');
    must(!format.isSealed(after) || (format.name === 'riscv' && format.isSentry(after)), 'built sealed <design/capability#.inv.sealed>');
  }
  if (after.tag && !before.tag) world.count('built from data');
  tally(world, 'build', after, { ...before, tag: true });
};

export const sentries: Step = (world, a, b, c) => {
  const { format } = world, dst = target(a), src = tagged(world, b), before = world.slot(src), form = ([SealRB, SealLPB, SealLB] as const)[c % 3];
  if (format.name === 'riscv' || form === SealRB) sealEntry(world.hart, dst, src);
  else slotWrite(world.hart, dst, sealForm(before, form));
  const after = world.accept(dst);
  must(!after.tag || format.isSentry(after), 'a sentry is none <design/capability#.inv.sealed>');
  sealedBy(world, after, before, format.type(after));
  tally(world, 'sealEntry', after, before);
};

/** CHKSSU: whoever has an unsealed superset may have what is sealed unsealed. */
export const checks: Step = (world, a, b, c) => {
  if (world.format.name === 'riscv') return;
  const dst = target(a), before = world.slot(sealed(world, b)), other = world.slot(tagged(world, c)), { cap } = unsealIfSubset(before, other);
  slotWrite(world.hart, dst, cap);
  const after = world.accept(dst);
  if (world.isOpen(after) && !world.isOpen(before)) {
    must(before.tag && world.isOpen(other) && world.isWithin(after, other) && world.isWithin(after, before), 'unsealed by less <design/capability#.inv.sealed>');
    world.count('unsealed by a superset');
  }
};

import { expect, test } from 'vitest';
import { random, type Random } from '../../code/base/base.ts';
import { andPerm, baseOf, lengthOf, riscv, slotRead, slotWrite, WindowHIGH } from '../../code/machine/machine.ts';
import { CapVMEM, MapANON, MapEXCL, MapFIXED, MapGUARD, protMax, ProtNOCAP } from '../../code/os/mman.ts';
import { errnoName } from '../../code/os/errno.ts';
import { outcome } from '../machine/rig.ts';
import { seeds } from '../seed.ts';
import { at, integer, mapRig, NULL, PAGE, ROOT, TEMP, type MapRig } from './map-rig.ts';

const FRAMES = 140;
/** Slots from here on keep capabilities. */
const KEPT = 40;
const COUNT = 12;

/** A page as nobody would implement it. Its content is what is at its first granule: a number, or a capability. */
interface Page {
  readonly reservation: Held;
  kind: 'mapped' | 'guard' | 'hole';
  prot: number;
  max: number;
  content: number | 'capability';
}

interface Held {
  readonly base: number;
  readonly pages: number;
  readonly max: number;
}

/** What was asked for, and whether with capabilities. */
interface Asked {
  readonly bits: number;
  readonly prot: number;
}

/** An address map in which everything is said page by page. */
class Model {
  readonly rig: MapRig;
  readonly draw: Random;
  readonly pages = new Map<number, Page>();
  readonly done: Record<string, number> = {};

  constructor(seed: number) {
    this.rig = mapRig(FRAMES, seed % 3 === 0 ? null : seed);
    this.draw = random(seed);
  }

  asked(): Asked {
    const data = this.draw(8), cap = this.draw(4) > 0 && (data & 3) !== 0;
    return { bits: cap || (data & 3) === 0 ? data : data | ProtNOCAP, prot: data | (cap ? 8 : 0) };
  }

  range(base: number, count: number): (Page | undefined)[] {
    return Array.from({ length: count }, (_, i) => this.pages.get(base / PAGE + i));
  }

  set(base: number, count: number, page: Page): void {
    for (let i = 0; i < count; ++i) this.pages.set(base / PAGE + i, { ...page });
  }

  count(name: string, errno: string): void {
    const key = `${name} ${errno}`;
    this.done[key] = (this.done[key] ?? 0) + 1;
  }

  /** A kept capability, its address moved by some pages, maybe without SW_VMEM; and how many pages. */
  shown(): { addr: number; base: number; count: number; cap: { base: number; limit: number; perms: boolean; tag: boolean } } {
    const { hart } = this.rig, slot = KEPT + this.draw(COUNT);
    const pages = Math.ceil(lengthOf(hart, slot) / PAGE), addr = at(this.rig, slot, (this.draw(pages + 2) - 1) * PAGE);
    if (this.draw(20) === 0) andPerm(hart, addr, addr, riscv.perm.all & ~CapVMEM);
    const value = slotRead(hart, addr), base = Number(BigInt.asUintN(32, value.lo));
    const from = baseOf(hart, addr) % 2 ** 32;
    const perms = (Number(value.hi >> 48n) & 2 ** 13) !== 0;
    return { addr, base, count: 1 + this.draw(4), cap: { base: from, limit: from + lengthOf(hart, addr), perms, tag: value.tag } };
  }

  /** The reservation at an address, and whether a range and a capability are within it. */
  held(base: number, count: number, cap: { base: number; limit: number }): { held: Held | null; range: boolean; owner: boolean } {
    const held = this.pages.get(base / PAGE)?.reservation ?? null;
    if (held === null) return { held, range: false, owner: false };
    const limit = held.base + held.pages * PAGE;
    return { held, range: base + count * PAGE <= limit, owner: held.base <= cap.base && cap.limit <= limit };
  }

  /** End the reservation of a kept capability, if there is one, so that another can have its slot and its frames. */
  drop(slot: number): void {
    const held = this.pages.get((this.rig.hart.r[slot << 3] >>> 0) / PAGE)?.reservation;
    if (held === undefined || this.draw(8) === 0) return;
    this.rig.map.release(held.base | 0);
    for (let i = 0; i < held.pages; ++i) this.pages.delete(held.base / PAGE + i);
  }

  mapAnew(): void {
    const { map, hart } = this.rig, now = this.asked(), more = this.asked(), wide = this.draw(2) === 0;
    const sameWord = ((now.bits | more.bits) & ProtNOCAP) === 0 && (now.prot & ~more.prot) === 0;
    const max = wide && sameWord ? more : now, guard = this.draw(8) === 0;
    const count = 1 + this.draw(24), length = count * PAGE - this.draw(PAGE), slot = KEPT + this.draw(COUNT);
    this.drop(slot);
    const fixed = this.draw(4) === 0, where = 0x0100_0000 + this.draw(64) * PAGE;
    const taken = fixed && this.range(where, count).some((page) => page !== undefined);
    const before = this.rig.frames.available, prot = guard ? 0 : now.prot;
    const bits = (guard ? 0 : now.bits) | (max === now && !guard ? 0 : protMax(max.bits)), most = guard && max.bits === 0 ? 0 : max.prot;
    const errno = map.mmap(hart, slot, fixed ? integer(this.rig, where) : NULL, length, bits, (guard ? MapGUARD : MapANON) | (fixed ? MapFIXED : 0));
    const refusal = errnoName(errno);
    this.count('map', refusal);
    if (taken) expect(refusal).toBe('ENOMEM');
    if (errno !== 0) {
      expect(refusal).toBe('ENOMEM');
      // Only a run can be missing where there are enough frames.
      expect(taken || (most !== 0 && (before < count * PAGE || count >= 16))).toBe(true);
      return;
    }
    const base = hart.r[slot << 3] >>> 0;
    if (fixed) expect(base).toBe(where);
    expect(this.range(base, count).every((page) => page === undefined)).toBe(true);
    expect(lengthOf(hart, slot)).toBe(count * PAGE);
    expect(before - this.rig.frames.available).toBe(most === 0 ? 0 : count * PAGE);
    const reservation = { base, pages: count, max: most };
    this.set(base, count, { reservation, kind: guard ? 'guard' : 'mapped', prot, max: guard ? 0 : max.prot, content: 0 });
  }

  mapInside(): void {
    const { map, hart } = this.rig, { addr, base, count, cap } = this.shown();
    if (!cap.tag) return;
    const now = this.asked(), guard = this.draw(6) === 0, excl = this.draw(4) === 0;
    const bits = guard ? 0 : now.bits, prot = guard ? 0 : now.prot;
    const { held, range, owner } = this.held(base, count, cap), perms = slotRead(hart, addr).hi;
    const expected = !cap.perms ? 'EACCES'
      : !(cap.base <= base && base + count * PAGE <= cap.limit) || !grants(perms, prot) || held === null || !range || !owner
        || (prot & ~held.max) !== 0 ? 'EPROT'
        : excl && this.range(base, count).some((page) => page!.kind !== 'hole') ? 'ENOMEM' : '0';
    const flags = (guard ? MapGUARD : MapANON) | MapFIXED | (excl ? MapEXCL : 0);
    expect(errnoName(map.mmap(hart, TEMP, addr, count * PAGE, bits, flags))).toBe(expected);
    this.count('inside', expected);
    if (expected !== '0') return;
    this.set(base, count, { reservation: held!, kind: guard ? 'guard' : 'mapped', prot, max: guard ? 0 : prot, content: 0 });
  }

  protect(): void {
    const { map, hart } = this.rig, { addr, base, count, cap } = this.shown(), now = this.asked();
    const { held, range, owner } = this.held(base, count, cap), needs = now.prot & 7, lowers = this.draw(6) === 0;
    const may = cap.tag && cap.perms && cap.base <= base && base + count * PAGE <= cap.limit;
    const pages = this.range(base, count);
    const expected = !may || held === null ? 'EPROT' : !range ? 'EACCES' : !owner ? 'EPROT'
      : pages.some((page) => page!.kind !== 'guard' && (needs & ~page!.max) !== 0) ? 'EACCES' : '0';
    expect(errnoName(map.mprotect(hart, addr, count * PAGE, now.bits | (lowers ? protMax(now.bits) : 0)))).toBe(expected);
    this.count('protect', expected);
    if (expected !== '0') return;
    for (const page of pages) {
      if (page!.kind !== 'mapped') continue;
      page!.prot = now.prot & page!.max;
      if (lowers && now.bits !== 0) page!.max &= now.prot;
    }
  }

  unmap(): void {
    const { map, hart } = this.rig, { addr, base, count, cap } = this.shown(), { held, range, owner } = this.held(base, count, cap);
    const may = cap.tag && cap.perms && cap.base <= base && base + count * PAGE <= cap.limit;
    const expected = !may || held === null ? 'EPROT' : !range ? 'EACCES' : !owner ? 'EPROT' : '0';
    expect(errnoName(map.munmap(hart, addr, count * PAGE))).toBe(expected);
    this.count('unmap', expected);
    if (expected !== '0') return;
    this.set(base, count, { reservation: held!, kind: 'hole', prot: 0, max: 0, content: 0 });
    const all = this.range(held!.base, held!.pages);
    if (all.every((page) => page!.kind === 'hole')) for (let i = 0; i < held!.pages; ++i) this.pages.delete(held!.base / PAGE + i);
  }

  /** Store to a page and load from it through a capability for everything: what happens is what the page allows. */
  access(base: number): void {
    const { hart, map } = this.rig, page = this.pages.get(base / PAGE), prot = page?.kind === 'mapped' ? page.prot : 0;
    expect(map.isReserved(base | 0)).toBe(page !== undefined);
    slotWrite(hart, TEMP, { ...slotRead(hart, ROOT), lo: (BigInt(WindowHIGH) << 32n) | BigInt(base) });
    if (this.draw(2) === 0) {
      const value = 1 + this.draw(1000), tagged = this.draw(2) === 0;
      const stored = outcome(() => { if (tagged) hart.storeCap(TEMP, 0, ROOT); else hart.store32(TEMP, 0, value); });
      const expected = (prot & 2) === 0 ? 'page' : tagged && (prot & 8) === 0 ? 'page-storecap' : undefined;
      expect(stored).toBe(expected);
      if (expected === undefined) page!.content = tagged ? 'capability' : value;
    }
    const loaded = outcome(() => { hart.loadCap(TEMP + 1, TEMP, 0); });
    expect(loaded).toBe((prot & 1) === 0 ? 'page' : undefined);
    if (loaded !== undefined) return;
    expect(hart.isTagged(TEMP + 1)).toBe(page!.content === 'capability' && (prot & 8) !== 0);
    if (page!.content !== 'capability') expect(hart.r[(TEMP + 1) << 3]).toBe(page!.content);
  }

  /** The map says page by page what the model says. */
  check(): void {
    const found = new Map<number, unknown>();
    let last = -1, like = '';
    for (const { base, limit, kind, prot, max, reservation } of this.rig.map.entries()) {
      const state = JSON.stringify([reservation, kind, prot, max]);
      expect(base >= last && !(base === last && state === like), 'entries are in order and maximal').toBe(true);
      for (let at = base; at < limit; at += PAGE) found.set(at / PAGE, { reservation, kind, prot, max });
      last = limit;
      like = state;
    }
    const expected = [...this.pages].map(([at, { reservation, kind, prot, max }]) => [at, { reservation: reservation.base, kind, prot, max }] as const);
    expect([...found].sort(([a], [b]) => a - b)).toEqual(expected.sort(([a], [b]) => a - b));
    const held = new Set([...this.pages.values()].map((page) => page.reservation));
    const frames = [...held].filter(({ max }) => max !== 0).reduce((sum, { pages }) => sum + pages, 0);
    expect(this.rig.frames.available).toBe((FRAMES - frames) * PAGE);
  }
}

/** Whether the upper half of a capability gives permission for what a page would allow. */
function grants(hi: bigint, prot: number): boolean {
  const perms = Number((hi >> 48n) & 0xfffn), cap = (prot & 8) !== 0;
  const needs = ((prot & 1) !== 0 ? 4 | (cap ? 0x10 : 0) : 0) | ((prot & 2) !== 0 ? 8 | (cap ? 0x60 : 0) : 0) | ((prot & 4) !== 0 ? 2 : 0);
  return (perms & needs) === needs;
}

const total: Record<string, number> = {};
const SEEDS: number[] = seeds(12);

for (const seed of SEEDS) {
  test(`a map is what a list of pages would be, after any history <design/reservation#.inv.rights> <design/reservation#.inv.fresh> <design/reservation#.inv.max> seed=${seed}`, () => {
    const model = new Model(seed), { draw } = model;
    for (let step = 0; step < 500; ++step) {
      const kind = draw(16);
      if (kind < 4) model.mapAnew();
      else if (kind < 7) model.mapInside();
      else if (kind < 11) model.protect();
      else if (kind < 13) model.unmap();
      const places = [...model.pages.keys()];
      for (let i = 0; i < 3 && places.length > 0; ++i) model.access((places[draw(places.length)] + (draw(16) === 0 ? 1 : 0)) * PAGE);
      if (step % 5 === 0) model.check();
    }
    model.check();
    model.rig.map.clear();
    expect(model.rig.frames.available).toBe(FRAMES * PAGE);
    expect(model.rig.memory.u8.every((byte) => byte === 0) && model.rig.memory.tags.every((tag) => tag === 0)).toBe(true);
    for (const [key, count] of Object.entries(model.done)) total[key] = (total[key] ?? 0) + count;
    for (const key of ['map 0', 'inside 0', 'protect 0', 'protect EACCES', 'unmap 0']) {
      expect(model.done[key] ?? 0, `weak run: ${key}`).toBeGreaterThan(3);
    }
  });
}

test('the histories have met every answer often <design/mman#.mmap.inside> <design/mman#.mprotect> <design/mman#.munmap>', () => {
  const often = ['map 0', 'map ENOMEM', 'inside 0', 'inside EPROT', 'inside EACCES', 'inside ENOMEM',
    'protect 0', 'protect EACCES', 'protect EPROT', 'unmap 0', 'unmap EPROT'];
  for (const key of often) expect(total[key] ?? 0, `weak run: ${key}`).toBeGreaterThan(SEEDS.length);
});

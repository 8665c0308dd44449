import { describe, expect, test } from 'vitest';
import { random, type Random } from '../../code/base/base.ts';
import {
  addrOfWindow, Machine, morello, PageDIRTYCAP, PageLOADCAP, pageLoadCap, PageREAD, PageSIZE, PageSTORECAP, PageTRAPCAP, PageVALID, PageWRITE, Revoker, riscv,
  Shadow, slotRead, slotWrite, WindowHIGH,
  type AddressSpace, type Capability, type Format, type FormatName, type Hart,
} from '../../code/machine/machine.ts';
import { seeds } from '../seed.ts';
import { WindowBASE } from './arbitrary.ts';
import { outcome } from './rig.ts';

const RIGHTS = PageREAD | PageWRITE | PageLOADCAP | PageSTORECAP;
/** What pages are mapped with and protected to; loads and stores that they refuse do not happen. */
const SOME = [RIGHTS, RIGHTS, RIGHTS, RIGHTS, RIGHTS, RIGHTS, PageREAD | PageLOADCAP, PageREAD | PageWRITE, PageREAD | PageTRAPCAP, 0];
const PAGES = 24;
/** Pages that capabilities are kept in; objects, to which nothing is written, are in the others. */
const KEEPING = 16;
const OBJECTS = 64;
const baseOfObject = (object: number): number => (KEEPING + (object & 7)) * PageSIZE + (object >> 3) * 112;
/** The slot of each hart from which everything can be derived; it is spared. */
const ROOT = 1;

/** Harts that load, store, move and derive while a revoker works, and a judge of every call of it that shares none of its code. */
class Model {
  readonly draw: Random;
  readonly format: Format;
  readonly machine: Machine;
  readonly space: AddressSpace;
  readonly other: AddressSpace;
  readonly shadow = new Shadow();
  readonly revoker: Revoker;
  readonly harts: readonly Hart[];
  /** Objects painted now, and of them those that were when the pass was opened. */
  readonly painted = new Set<number>();
  doomed: ReadonlySet<number> = new Set();
  /** How often each page has faulted since it became stale. */
  readonly faulted = new Map<number, number>();
  readonly hits = { cleared: 0, slots: 0, kept: 0, faults: 0, elsewhere: 0, strays: 0, swaps: 0 };

  constructor(name: FormatName, seed: number) {
    this.draw = random(seed);
    this.format = name === 'riscv' ? riscv : morello;
    this.machine = new Machine(PAGES * PageSIZE, { format: name });
    this.space = this.machine.space();
    this.other = this.machine.space();
    this.space.map(addrOfWindow(0), PAGES * PageSIZE, 0, RIGHTS);
    // Pages 14 and 15 show the frames of pages 0 and 1 as well.
    this.space.map(addrOfWindow(14 * PageSIZE), 2 * PageSIZE, 0, RIGHTS);
    this.revoker = new Revoker(this.machine, this.space, this.shadow, { spares: this.format.perm.user1 });
    this.harts = ['one', 'two', 'three'].map((hart) => this.machine.hart(hart, this.space, 64));
    for (const hart of this.harts) {
      slotWrite(hart, ROOT, this.format.rootAt(WindowBASE));
      hart.trap = (who, fault) => {
        const page = fault.low >>> 12, isStale = fault.kind === 'page-loadcap' && (this.entry(page) & PageLOADCAP) !== 0;
        if (isStale) this.faulted.set(page, (this.faulted.get(page) ?? 0) + 1);
        if (isStale && (this.entry(page) & pageLoadCap(this.space.generation)) !== 0) throw new Error('an up-to-date page has faulted');
        if (!this.judged(() => this.revoker.resolve(who, fault))) throw new Error(fault.kind);
        this.hits.faults += 1;
        return -1;
      };
    }
  }

  entry(page: number): number {
    return this.space.entry(page * PageSIZE, WindowHIGH);
  }

  /** The object that a capability may be revoked with; -1 if none. */
  objectOf(cap: Capability): number {
    const { perm } = this.format, place = Number(this.format.bounds(cap).base - WindowBASE), inPage = place % PageSIZE, row = Math.floor(inPage / 112);
    const memory = perm.load | perm.store | perm.execute | perm.loadCap | perm.storeCap | perm.storeLocal, perms = this.format.perms(cap);
    if (!cap.tag || (perms & memory) === 0 || (perms & perm.user1) !== 0) return -1;
    return place >= KEEPING * PageSIZE && place < PAGES * PageSIZE && row < 8 && inPage % 112 < 48 ? row * 8 + Math.floor(place / PageSIZE) - KEEPING : -1;
  }

  capAt(granule: number): Capability {
    const { i32, tags } = this.machine.memory, word = (at: number): bigint => BigInt(i32[granule * 4 + at] >>> 0);
    return { lo: (word(1) << 32n) | word(0), hi: (word(3) << 32n) | word(2), tag: tags[granule] === 1 };
  }

  /** What harts hold with a tag. */
  slots(harts: readonly Hart[]): Map<string, Capability> {
    const found = new Map<string, Capability>();
    for (const hart of harts) {
      for (let slot = 2; slot < hart.top; slot += 1) if (hart.isTagged(slot)) found.set(`${hart.name} ${slot}`, slotRead(hart, slot));
    }
    return found;
  }

  /** Everything with a tag that a hart or the space holds, by where it is. */
  tagged(): Map<string, Capability> {
    const found = this.slots(this.harts), { tags } = this.machine.memory;
    for (let granule = tags.indexOf(1); granule >= 0; granule = tags.indexOf(1, granule + 1)) found.set(`memory ${granule}`, this.capAt(granule));
    return found;
  }

  /** Have the revoker do something: it takes tags from capabilities to what is painted, and changes nothing else. */
  judged<T>(act: () => T): T {
    const before = this.tagged(), bytes = Buffer.from(this.machine.memory.u8), result = act(), after = this.tagged();
    if (!bytes.equals(this.machine.memory.u8)) throw new Error('bits have changed');
    for (const [where, cap] of before) {
      const now = after.get(where), object = this.objectOf(cap);
      if (now === undefined && !this.painted.has(object)) throw new Error(`${where} has lost its tag`);
      if (now !== undefined && (now.hi !== cap.hi || now.lo !== cap.lo)) throw new Error(`${where} has changed`);
      if (now === undefined) this.hits[where.startsWith('memory') ? 'cleared' : 'slots'] += 1;
      else if (object >= 0) this.hits.kept += 1;
    }
    if (after.size > before.size) throw new Error('a tag came from nothing');
    return result;
  }

  /** No hart holds what was painted when the pass was opened. */
  checkHarts(harts: readonly Hart[]): void {
    for (const [where, cap] of this.slots(harts)) {
      if (this.doomed.has(this.objectOf(cap))) throw new Error(`${where} holds what is revoked`);
    }
  }

  /** A capability for some object that is not painted: also sealed, off its object, without permissions. */
  derived(): Capability {
    const { draw, format } = this, { all, user1, load, seal } = format.perm;
    let object = draw(OBJECTS);
    while (this.painted.has(object)) object = draw(OBJECTS);
    const part = draw(3), base = WindowBASE + BigInt(baseOfObject(object) + 16 * part + draw(2));
    const perms = [all & ~user1, all & ~user1, all & ~user1, load, all, seal][draw(6)];
    const cap = format.encode({ base, top: base + BigInt(draw(40)) }, base, perms, format.types.unsealed, 0n, true).cap;
    switch (draw(5)) {
      case 0: return format.sealEntry(cap);
      case 1: {
        this.hits.strays += 1;
        return format.setAddress(cap, base + BigInt(draw(3) * 112) - 112n);
      }
      default: return cap;
    }
  }

  /** A hart does something. What it may not do is refused, and that is that. */
  mutate(hart: Hart): void {
    const { draw, space, other } = this, slot = 2 + draw(draw(4) === 0 ? hart.top - 2 : 12), isOther = hart.space !== space;
    const offset = draw(KEEPING) * PageSIZE + draw(5) * 16 + draw(2) * 2048;
    switch (draw(15)) {
      case 0: case 12: slotWrite(hart, slot, this.derived()); break;
      case 1: hart.move(slot, 2 + draw(hart.top - 2)); break;
      case 2: if (draw(4) === 0) hart.clear(slot); break;
      case 3: if (hart.top < 60) hart.enter(1 + draw(3)); break;
      case 4: if (hart.top > 40) hart.leave(hart.top - draw(4)); break;
      case 5:
        hart.enterSpace(isOther && draw(2) === 0 ? space : draw(10) === 0 ? other : hart.space);
        if (isOther) this.hits.elsewhere += 1;
        break;
      case 6: if (!isOther && draw(8) === 0) refusable(() => { hart.store8(ROOT, offset + draw(16), 7); }); break;
      case 7: this.remap(draw(KEEPING - 2)); break;
      case 8: case 9: case 13: case 14: if (!isOther) refusable(() => { hart.storeCap(ROOT, offset, slot); }); break;
      default: if (!isOther) refusable(() => { hart.loadCap(slot, ROOT, offset); });
    }
  }

  /** Change a page's rights, put a fresh page in its place, or have it change places with another. */
  remap(page: number): void {
    const { draw, space, machine: { memory } } = this, rights = SOME[draw(SOME.length)], partner = 2 + draw(KEEPING - 4);
    if (draw(5) !== 0) return;
    if (draw(3) === 0 && page >= 2) {
      const frames = [page, partner].map((at) => (this.entry(at) & -PageSIZE) >>> 0);
      space.map(addrOfWindow(page * PageSIZE), PageSIZE, frames[1], rights | PageDIRTYCAP);
      space.map(addrOfWindow(partner * PageSIZE), PageSIZE, frames[0], RIGHTS | PageDIRTYCAP);
      if (this.revoker.isOpen) this.hits.swaps += 1;
      this.faulted.delete(partner);
    } else if (draw(3) === 0) {
      const frame = page < 2 ? -1 : ((this.entry(page) & -PageSIZE) >>> 0);
      if (frame < 0) return;
      memory.tags.fill(0, frame >> 4, (frame + PageSIZE) >> 4);
      space.map(addrOfWindow(page * PageSIZE), PageSIZE, frame, rights);
    } else {
      space.protect(addrOfWindow(page * PageSIZE), PageSIZE, rights);
    }
    this.faulted.delete(page);
  }

  paint(count: number): void {
    for (let painted = 0; painted < count; painted += 1) {
      const object = this.draw(OBJECTS);
      this.painted.add(object);
      this.shadow.paint(baseOfObject(object), baseOfObject(object) + 48);
    }
  }

  run(count: number): void {
    for (let turn = 0; turn < count; turn += 1) {
      const hart = this.harts[this.draw(3)];
      this.mutate(hart);
      if (this.doomed.size > 0) this.checkHarts([hart]);
    }
  }

  /** A pass, with harts at work between any two steps of it, and painting for the next. */
  pass(): void {
    const { draw, revoker } = this;
    this.run(600);
    this.paint(16);
    this.run(20);
    this.doomed = new Set(this.painted);
    this.faulted.clear();
    this.judged(() => { revoker.open(this.harts); });
    this.checkHarts(this.harts);
    while (!this.judged(() => revoker.step(draw(2)))) {
      this.run(draw(20));
      if (draw(16) === 0) this.paint(1);
    }
    this.judged(() => { revoker.close(); });
    for (const [where, cap] of this.tagged()) if (this.doomed.has(this.objectOf(cap))) throw new Error(`${where} is left`);
    for (const [page, count] of this.faulted) if (count > 1) throw new Error(`page ${page} has faulted ${count} times`);
    for (let page = 0; page < PAGES; page += 1) {
      const entry = this.entry(page), frame = (entry & -PageSIZE) >>> 4, tags = this.machine.memory.tags.subarray(frame, frame + PageSIZE / 16);
      const isShown = [page, page + 14, page - 14].some((at) => (this.entry(at) & PageDIRTYCAP) !== 0 && (this.entry(at) & -PageSIZE) >>> 4 === frame);
      if ((entry & PageVALID) !== 0 && tags.includes(1) && !isShown) throw new Error(`page ${page} is clean and holds a capability`);
    }
    for (const object of this.doomed) {
      this.painted.delete(object);
      this.shadow.clear(baseOfObject(object), baseOfObject(object) + 48);
    }
    this.doomed = new Set();
  }
}

/** An access that is made or refused. */
function refusable(access: () => void): void {
  try {
    outcome(access);
  } catch (error) {
    if (!(error instanceof Error) || !/^(page|page-loadcap|page-storecap|storelocal)$/.test(error.message)) throw error;
  }
}

describe('passes with harts at work', () => {
  for (const format of ['riscv', 'morello'] as const) {
    for (const seed of seeds(3)) {
      test(`what was painted at the opening is gone at the close, nothing else is, and no hart gets it <design/revoke#.inv.closed> ${format} seed ${seed}`, () => {
        const model = new Model(format, seed);
        for (let pass = 0; pass < 4; pass += 1) model.pass();
        const { cleared, slots, kept, faults, elsewhere, strays, swaps } = model.hits;
        expect(cleared).toBeGreaterThan(10);
        expect(slots).toBeGreaterThan(5);
        expect(kept).toBeGreaterThan(500);
        expect(faults).toBeGreaterThan(5);
        expect(elsewhere).toBeGreaterThan(5);
        expect(strays).toBeGreaterThan(10);
        expect(swaps).toBeGreaterThan(1);
      });
    }
  }
});

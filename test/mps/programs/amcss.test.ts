/* amcss.test.ts: AMC and AMCZ under stress, in the shape and with the numbers of the MPS's amcss, amcsshe and amcssth: vectors of random length hang
 * on exact roots and on ambiguous ones; allocation is a ramp now and then; another allocation point holds a block reserved all the time. */
import { expect, test } from 'vitest';
import { random, type Random } from '../../../code/base/base.ts';
import { WindowHIGH, type Hart } from '../../../code/machine/machine.ts';
import { RankAMBIG, ResOK, boot, tagged, type AllocationPoint, type Arena, type BootOptions, type Format, type Pool, type System } from '../../../code/mps/mps.ts';
import { behind } from '../rig.ts';
import { HeaderKIND } from '../shadow.ts';

const ExactCOUNT = 180;
const AmbigCOUNT = 50;
const Collections = 37;
const RampEVERY = 9;
const BusySIZE = 64;
const BusyEVERY = 6000;
/** Mean length of a vector, and what a kid of amcssth is: one of ten. */
const Length = 3;
const KIDS = 10;

interface Program extends BootOptions {
  readonly kind: 'amc' | 'amcz';
  readonly format?: Format;
  readonly chain: readonly { capacity: number; mortality: number }[];
}

/** What the threads of a run share. */
class Stress {
  readonly system: System;
  readonly arena: Arena;
  readonly pool: Pool;
  readonly kind: string;
  steps: number = 0;
  failed: number = 0;

  constructor({ kind, format = tagged, chain, ...options }: Program) {
    this.system = boot({ memory: '16MiB', statics: '256KiB', pause: '0', ...options });
    this.arena = this.system.arena;
    this.kind = kind;
    this.pool = this.arena.pool(kind, { format, chain: this.arena.chain(chain) });
  }

  get header(): number {
    return this.pool.format.headerSize ?? 0;
  }
}

/** A thread's roots, and what it does with them. */
class Client {
  private readonly stress: Stress;
  private readonly t: Hart;
  private readonly draw: Random;
  readonly ap: AllocationPoint;
  readonly busy: AllocationPoint;
  private readonly exact: number;
  private readonly ambig: number;
  private readonly slot: number;
  private readonly busySlot: number;
  private readonly part: number;
  /** Length and serial number of what each exact root holds. */
  private readonly shadow: ({ count: number; serial: number } | null)[] = Array.from({ length: ExactCOUNT }, () => null);
  private ramps: number = 0;
  pinned: number = 0;

  constructor(stress: Stress, t: Hart, seed: number) {
    this.stress = stress;
    this.t = t;
    this.draw = random(seed);
    [this.exact, this.ambig, this.slot, this.busySlot, this.part] = [t.local(), t.local(), t.local(), t.local(), t.local()];
    stress.system.statics(t, this.exact, ExactCOUNT * 16);
    stress.system.statics(t, this.ambig, AmbigCOUNT * 16, RankAMBIG);
    // Random words, none of them a reference but by accident.
    for (let n = 0; n < AmbigCOUNT * 16; n += 4) t.store32(this.ambig, n, n % 8 === 4 ? WindowHIGH : this.draw(0x7fff_ffff));
    this.ap = stress.pool.allocationPoint(t);
    this.busy = stress.pool.allocationPoint(t);
    expect(this.busy.reserve(this.busySlot, BusySIZE)).toBe(ResOK);
  }

  /** make -- a vector of references to what exact roots hold, or of numbers. */
  private make(serial: number): number {
    const { t, stress, draw, slot } = this, count = draw(Length * 2), size = 32 + count * 16;
    for (;;) {
      expect(this.ap.reserve(slot, size)).toBe(ResOK);
      for (const [word, value] of [serial, size, HeaderKIND, 0, count, serial, 0, 0].entries()) t.store32(slot, word * 4, value);
      for (let n = 0; n < count; ++n) {
        const at = 32 + n * 16;
        for (let word = 0; word < 16; word += 4) t.store32(slot, at + word, serial);
        const k = draw(ExactCOUNT);
        if (stress.kind === 'amcz' || this.shadow[k] === null || draw(2) === 0) continue;
        t.loadCap(this.part, this.exact, k * 16);
        t.storeCap(slot, at, this.part);
      }
      if (this.ap.commit(slot)) return count;
      stress.failed += 1;
    }
  }

  step(): void {
    const { t, draw, stress, slot } = this, k = draw(ExactCOUNT);
    stress.steps += 1;
    if (stress.steps % BusyEVERY === 0) this.checkBusy();
    const held = this.shadow[k];
    if (held !== null && draw(4) === 0) this.check(k, held);
    const count = this.make(stress.steps);
    this.shadow[k] = { count, serial: stress.steps };
    t.storeCap(this.exact, k * 16, slot);
    // Anywhere in it, from the first byte of the header on.
    if (draw(3) === 0) {
      const at = draw(AmbigCOUNT) * 16, low = t.r[slot << 3] + draw(32 + count * 16);
      for (const [word, value] of [low | 0, WindowHIGH, draw(0x7fff_ffff), draw(2) === 0 ? WindowHIGH : 0].entries()) t.store32(this.ambig, at + word * 4, value);
      this.pinned += 1;
    }
    t.clear(slot);
  }

  /** ramp -- begin one, or end it. */
  ramp(): void {
    this.ramps += 1;
    if (this.ramps % 2 === 1) this.ap.patternBegin('ramp');
    else expect(this.ap.patternEnd()).toBe(ResOK);
  }

  private check(k: number, { count, serial }: { count: number; serial: number }): void {
    const { t, slot } = this;
    t.loadCap(slot, this.exact, k * 16);
    expect([t.load32(slot, 0), t.load32(slot, 16), t.load32(slot, 20)]).toEqual([serial, count, serial]);
    for (let n = 0; n < count; ++n) {
      t.loadCap(this.part, slot, 32 + n * 16);
      if (t.isTagged(this.part)) expect(t.load32(this.part, 8)).toBe(HeaderKIND);
      else expect(t.load32(slot, 32 + n * 16)).toBe(serial);
    }
    t.clear(this.part);
  }

  /** The block that is reserved all the time is still there, and nobody's. */
  private checkBusy(): void {
    const { heap } = this.stress.arena, { seg, alloc, words } = this.busy;
    expect((words[1] - words[0]) | 0).toBe(BusySIZE);
    if (seg === null) throw new RangeError('the buffer has lost its segment');
    const at = ((alloc >>> 0) - BusySIZE + seg.delta) >>> 2;
    heap.i32.fill(-1, at, at + BusySIZE / 4);
    expect(seg.granuleOf((alloc >>> 0) - BusySIZE) >= seg.granuleBase).toBe(true);
  }

  checkAll(): void {
    for (const [k, held] of this.shadow.entries()) if (held !== null) this.check(k, held);
  }

  finish(): void {
    expect(this.ap.patternReset()).toBe(ResOK);
    this.ap.finish();
    this.busy.finish();
  }
}

/** What is reachable is a subset of what a walk finds, and the walk finds what the allocation points made. */
function walkBoth(stress: Stress): void {
  const { arena } = stress, found: number[] = [];
  let size = 0;
  arena.park();
  arena.walk((base, bytes, seg) => {
    if (seg.pool !== stress.pool) return;
    found.push(base >>> 0);
    size += bytes;
    expect(arena.heap.i32[(((base >>> 0) + seg.delta) >>> 2) + 2]).toBe(HeaderKIND);
  });
  expect(new Set(found).size).toBe(found.length);
  expect(size).toBeLessThanOrEqual(stress.pool.totalSize - stress.pool.freeSize);
  arena.release();
}

const KiB = 1024;

for (const platform of ['an', 'ix'] as const) for (const kind of ['amc', 'amcz'] as const) for (const [name, format, chain, scale] of [
  ['amcss', undefined, [[20, 0.85], [85, 0.45]], 1],
  ['amcsshe', behind, [[150, 0.85], [170, 0.45]], 1],
  ['amcss of pages', undefined, [[20, 0.85], [85, 0.45]], 4],
] as const) {
  test(`${name}, ${kind}, ${platform}: what roots refer to is whole through ${Collections} collections <design/amc#.req.graph> <design/amc#.ramp> <design/amc#.interior>`, () => {
    const stress = new Stress({
      platform, kind, ...(format === undefined ? {} : { format }), chain: chain.map(([capacity, mortality]) => ({ capacity: capacity * KiB * scale, mortality })), grain: `${4 * scale}KiB`, nursery: '64KiB',
    });
    const { arena, system } = stress, client = new Client(stress, system.hart('main'), 12345);
    let ramped = 0, walked = false;
    for (; arena.counts.collections < Collections; client.step()) {
      const { collections } = arena.counts;
      if (collections / RampEVERY > ramped) { client.ramp(); ramped += 1; }
      if (collections < 18 || walked) continue;
      walkBoth(stress);
      walked = true;
    }
    client.checkAll();
    arena.check();
    expect([walked, ramped >= 4, client.pinned > 100, stress.steps > 5000, kind === 'amcz' || arena.counts.bytesPreservedInPlace > 0], 'weak run').toEqual([true, true, true, true, true]);
    client.finish();
    system.finish();
    expect(arena.grains.committed).toBe(0);
  });
}

for (const kind of ['amc', 'amcz'] as const) {
  test(`amcssth, ${kind}: eleven threads, and the main one walks while the others run <design/amc#.req.graph> <design/arena#.states>`, () => {
    const stress = new Stress({ kind, threads: KIDS + 2, memory: '32MiB', statics: '512KiB', nursery: '64KiB', chain: [{ capacity: 150 * KiB, mortality: 0.85 }, { capacity: 170 * KiB, mortality: 0.45 }] });
    const { arena, system } = stress;
    let ended = 0, walks = 0;
    for (let kid = 0; kid < KIDS; ++kid) {
      system.thread(`kid ${kid}`, function* (t) {
        const client = new Client(stress, t, 100 + kid);
        for (let n = 0; arena.counts.collections < Collections; ++n) {
          client.step();
          if (n % 500 === 250) client.ramp();
          if (n % 7 === kid % 7) yield;
        }
        client.checkAll();
        client.finish();
        ended += 1;
      });
    }
    system.thread('main', function* (t) {
      const client = new Client(stress, t, 99);
      while (arena.counts.collections < Collections) {
        client.step();
        if (walks === 0 && arena.counts.collections >= Collections / 2) { walkBoth(stress); walks += 1; }
        yield;
      }
      client.checkAll();
      client.finish();
      ended += 1;
    });
    system.run();
    arena.check();
    expect([ended, walks, stress.steps > 5000], 'weak run').toEqual([KIDS + 1, 1, true]);
    system.finish();
    expect(arena.grains.committed).toBe(0);
  });
}

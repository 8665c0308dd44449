/* amsss.test.ts: a stress of AMS in the shape of amsss and amssshe: vectors in 50 exact and 100 ambiguous roots, 800 KB in steps of 200 KB, with a block that is being made all
 * the time; with and without debugging, a chain of its own, ambiguous references and headers. */
import { describe, expect, test } from 'vitest';
import { random } from '../../../code/base/base.ts';
import { PermDATA, WindowHIGH, type Hart } from '../../../code/machine/machine.ts';
import { boot, RankAMBIG, ResOK, type AllocationPoint, type Arena, type Format, type Pool } from '../../../code/mps/mps.ts';
import { behind } from '../rig.ts';
import { HeaderKIND } from '../shadow.ts';

const EXACT = 50, AMBIG = 100, MOST = 800 * 1024, STEP = 200 * 1024, LENGTH = 20;

/** A vector as it should be: what each of its slots refers to. */
interface Vector { readonly serial: number; readonly low: number; readonly slots: (Vector | null)[] }

class Stress {
  readonly arena: Arena;
  readonly pool: Pool;
  private readonly t: Hart;
  private readonly ap: AllocationPoint;
  private readonly draw: (n: number) => number;
  private readonly exactArea: number;
  private readonly ambigArea: number;
  private readonly exact: (Vector | null)[] = Array.from({ length: EXACT }, () => null);
  /** By ambiguous word: the object that it is the address of, or points into. */
  private readonly ambig: (Vector | null)[] = Array.from({ length: AMBIG }, () => null);
  private readonly supportsAmbiguous: boolean;
  private made: number = 0;

  constructor(platform: 'an' | 'ix', kind: 'ams' | 'ams-debug', own: boolean, supportAmbiguous: boolean, format: Format | undefined, seed: number) {
    this.draw = random(seed);
    const system = boot({ platform, memory: '3MiB', commitLimit: '1MiB', statics: '16KiB', pause: '0', seed, grain: `${4 << this.draw(3)}KiB` });
    const { arena } = system;
    this.arena = arena;
    this.supportsAmbiguous = supportAmbiguous;
    const chain = own ? { chain: arena.chain([{ capacity: 150 * 1024, mortality: 0.85 }, { capacity: 170 * 1024, mortality: 0.45 }]) } : {};
    this.pool = arena.pool(kind, { supportAmbiguous, ...chain, ...(format === undefined ? {} : { format }) });
    this.t = system.hart('stress');
    this.ap = this.pool.allocationPoint(this.t);
    this.exactArea = this.t.local();
    this.ambigArea = this.t.local();
    system.statics(this.t, this.exactArea, EXACT * 16);
    system.statics(this.t, this.ambigArea, AMBIG * 16, RankAMBIG);
  }

  /** make -- a vector of random length, in a slot. */
  private make(slot: number): Vector {
    const { t, ap } = this, length = 1 + this.draw(LENGTH - 1), serial = (this.made += 1);
    do {
      expect(ap.reserve(slot, (length + 1) * 16)).toBe(ResOK);
      [serial, (length + 1) * 16, HeaderKIND, length].forEach((word, k) => { t.store32(slot, k * 4, word); });
      for (let at = 16; at <= length * 16; at += 4) t.store32(slot, at, 0);
    } while (!ap.commit(slot));
    return { serial, low: t.r[slot << 3] >>> 0, slots: Array.from({ length }, () => null) };
  }

  /** write -- have some slots of exact root `i` refer to what is in other roots. */
  private write(i: number, slot: number, value: number): void {
    const { t } = this, vector = this.exact[i];
    if (vector === null) return;
    t.loadCap(slot, this.exactArea, i * 16);
    for (let k = 0; k < vector.slots.length; ++k) {
      const from = this.draw(EXACT);
      if (this.exact[from] === null) continue;
      t.loadCap(value, this.exactArea, from * 16);
      t.storeCap(slot, (k + 1) * 16, value);
      vector.slots[k] = this.exact[from];
    }
  }

  /** check -- every exact root, and what it refers to, is what it should be; and so is what ambiguous words refer to, where they count. */
  private check(): void {
    const { t } = this, slot = t.enter(2);
    for (const [i, vector] of this.exact.entries()) {
      t.loadCap(slot, this.exactArea, i * 16);
      this.header(slot, vector);
      vector?.slots.forEach((other, k) => {
        t.loadCap(slot + 1, slot, (k + 1) * 16);
        this.header(slot + 1, other);
      });
    }
    t.leave(slot);
    if (!this.supportsAmbiguous) return;
    const found = new Set<number>(), { heap } = this.arena;
    this.arena.walk((base) => found.add(base >>> 0));
    for (const vector of this.ambig) {
      if (vector === null) continue;
      expect(found.has(vector.low), 'what an ambiguous word refers to is kept').toBe(true);
      expect(heap.i32[((heap.segOf(vector.low | 0)?.granuleOf(vector.low) ?? 0) << 2)]).toBe(vector.serial);
    }
  }

  private header(slot: number, vector: Vector | null): void {
    const { t } = this;
    expect(t.isTagged(slot)).toBe(vector !== null);
    if (vector === null) return;
    expect([t.load32(slot, 0), t.load32(slot, 12), t.r[slot << 3] >>> 0, t.r[(slot << 3) + 3]]).toEqual([vector.serial, vector.slots.length, vector.low, PermDATA]);
  }

  private word(i: number, vector: Vector | null, low: number): void {
    this.ambig[i] = vector;
    this.t.store32(this.ambigArea, i * 16, low | 0);
    this.t.store32(this.ambigArea, i * 16 + 4, vector === null ? 0 : WindowHIGH);
  }

  run(): void {
    const { t, pool, draw } = this, busy = pool.allocationPoint(t), [slot, value, block] = [t.local(), t.local(), t.local()];
    expect(busy.reserve(block, 64)).toBe(ResOK);
    for (let total = 0, last = 0; total < MOST;) {
      if (total > last + STEP) {
        last = total;
        this.check();
        pool.checkFreeSpace();
      }
      if (draw(2) === 0) {
        const i = draw(EXACT), vector = this.make(slot);
        t.storeCap(this.exactArea, i * 16, slot);
        this.exact[i] = vector;
        total += (vector.slots.length + 1) * 16;
        this.write(EXACT - 1 - i, slot, value);
      } else {
        const i = draw(AMBIG), vector = this.make(slot), half = this.ambig[i >> 1];
        this.word(AMBIG - 1 - i, vector, vector.low);
        if (half !== null) this.word(i, half, half.low + 1);
        total += (vector.slots.length + 1) * 16;
      }
      t.clear(slot);
      t.clear(value);
      if (draw(600) === 0 && t.isTagged(block)) t.store32(block, 0, -1);
      if (draw(2000) === 0) this.arena.collect();
    }
    this.check();
    busy.finish();
    this.arena.check();
  }
}

const formats: [string, Format | undefined][] = [['vectors', undefined], ['vectors with headers', behind]];

for (const [what, format] of formats) {
  for (const platform of ['an', 'ix'] as const) {
    describe(`${what}, on ${platform}`, () => {
      for (const kind of format === undefined ? ['ams', 'ams-debug'] as const : ['ams'] as const) {
        for (const own of format === undefined ? [true, false] : [true]) {
          for (const ambiguous of format === undefined ? [true, false] : [true]) {
            test(`survive in ${kind} with ${own ? 'a chain of its own' : 'the arena\'s chain'} and ${ambiguous ? '' : 'no '}ambiguous references <design/marking#.req.graph> <design/ams#.ambiguous>`, () => {
              const stress = new Stress(platform, kind, own, ambiguous, format, 1 + Number(own) * 2 + Number(ambiguous));
              stress.run();
              const { collections, bytesReclaimed } = stress.arena.counts;
              expect(collections, 'weak run').toBeGreaterThan(1);
              expect(bytesReclaimed, 'weak run').toBeGreaterThan(200_000);
            });
          }
        }
      }
    });
  }
}

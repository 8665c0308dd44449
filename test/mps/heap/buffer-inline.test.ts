/* buffer-inline.test.ts: allocation points as a compiler uses them, and what a flip between any two steps does. */
import { describe, expect, test } from 'vitest';
import { ApALLOC, ApFLIPPED, ApINIT, ApLIMIT, ResOK, StartLONG, type AllocationPoint, type Format } from '../../../code/mps/mps.ts';
import { deriveNew } from '../../../code/mps/heap/authority.ts';
import { seeds } from '../../seed.ts';
import { random } from '../../../code/base/base.ts';
import { Lab } from '../lab.ts';

/** What a compiler writes into its code, in steps between which anything may happen <design/buffer#.inline>. */
class Inline {
  private readonly lab: Lab;
  private readonly ap: AllocationPoint;
  private readonly between: (step: string) => void;
  slow: number = 0;
  trips: number = 0;

  constructor(lab: Lab, ap: AllocationPoint, between: (step: string) => void) {
    this.lab = lab;
    this.ap = ap;
    this.between = between;
  }

  reserve(slot: number, size: number): void {
    const { words } = this.ap, { r } = this.lab.t;
    this.between('before reserve');
    const alloc = words[ApALLOC];
    if (size <= ((words[ApLIMIT] - alloc) | 0) && size < 4096 && size % 16 === 0) {
      this.between('after limit');
      words[ApALLOC] = alloc + size;
      deriveNew(r, slot << 3, alloc, size);
    } else {
      this.slow += 1;
      expect(this.ap.fill(slot, size)).toBe(ResOK);
    }
    this.between('after reserve');
  }

  commit(slot: number): boolean {
    const { words, starts, delta } = this.ap, init = words[ApINIT], granules = (words[ApALLOC] - init) >>> 4;
    this.between('after the last store');
    starts[(init + delta) >>> 4] = granules < 253 ? granules : StartLONG;
    this.between('after the start');
    words[ApINIT] = words[ApALLOC];
    this.between('after init');
    if (words[ApFLIPPED] === 0) {
      this.between('after the flag');
      return true;
    }
    this.trips += 1;
    return this.ap.trip(slot, init);
  }
}

/** flip -- begin a collection, and no more. */
function flip({ arena, pool }: Lab, youngest: number = 0): void {
  if (arena.trace.isBusy) return;
  arena.enter();
  arena.trace.start(pool.generations.slice(youngest), { why: 'client', what: 'collect' });
  arena.leave();
}

const steps = ['before reserve', 'after limit', 'after reserve', 'after the last store', 'after the start', 'after init', 'after the flag'];

for (const platform of ['an', 'ix'] as const) {
  describe(`inline code on ${platform}`, () => {
    for (const at of steps) for (const isWhole of [true, false]) {
      const isLost = ['after limit', 'after reserve', 'after the last store', 'after the start'].includes(at);
      test(`invariant 1: with a ${isWhole ? 'collection' : 'flip'} ${at} commit ${isLost ? 'fails, once' : 'succeeds'}, and no reference is lost <design/buffer#.inv.trip> <design/buffer#.inline>`, () => {
        const lab = new Lab({ platform, pause: '0' }), { t, arena } = lab, [slot, old, copy] = [t.local(), t.local(), t.local()];
        lab.object(32, 5);
        lab.make(old, 32, 6);
        const before = lab.low(old);
        let armed = true;
        const code = new Inline(lab, lab.ap, (step) => {
          if (!armed || step !== at) return;
          armed = false;
          if (isWhole) arena.collect(); else flip(lab);
        });
        let fails = 0;
        for (;;) {
          code.reserve(slot, 32);
          for (let word = 0; word < 16; word += 4) t.store32(slot, word, 77);
          t.storeCap(slot, 16, old);
          if (code.commit(slot)) break;
          fails += 1;
          expect([t.isTagged(slot), lab.objects().has(before + 32)]).toEqual([false, false]);
        }
        expect([fails, armed, lab.low(old) === before]).toEqual([Number(isLost), false, false]);
        arena.collect();
        t.loadCap(copy, slot, 16);
        expect([t.load32(slot, 0), t.load32(copy, 0), t.isSame(copy, old)]).toEqual([77, 6, true]);
        arena.check();
      });
    }

    for (const seed of seeds(3)) {
      test(`invariant 1: flips between any steps of it lose nothing that methods would not, seed ${seed} <design/buffer#.inline> <design/buffer#.inv.trip>`, () => {
        const lab = new Lab({ platform, pause: '0', nursery: '16KiB', grain: '4KiB', pool: { extendBy: 4096 }, seed }), { t, arena } = lab, draw = random(seed);
        if (platform === 'ix') Object.assign(arena.control, { quantum: () => 1 });
        const [slot, list, at] = [t.local(), t.local(), t.local()];
        const code = new Inline(lab, lab.ap, () => {
          if (draw(60) > 0) return;
          if (draw(2) === 0) { arena.park(); arena.release(); }
          flip(lab);
        });
        let fails = 0, count = 0;
        for (let n = 0; n < 3000; ++n) {
          for (;;) {
            code.reserve(slot, 32 + 16 * draw(20));
            t.store32(slot, 0, n);
            t.storeCap(slot, 16, list);
            if (code.commit(slot)) break;
            fails += 1;
          }
          if (n % 4 > 0) continue;
          t.move(list, slot);
          count += 1;
        }
        expect([fails > 5, code.trips > fails, code.slow > 20], 'weak run').toEqual([true, true, true]);
        arena.collect();
        t.clear(slot);
        t.move(at, list);
        for (let n = 2996; n >= 0; n -= 4, t.loadCap(at, at, 16)) expect(t.load32(at, 0)).toBe(n);
        arena.collect();
        expect(lab.objects().size).toBe(count);
        arena.check();
      });
    }

    for (const isFlipped of [true, false]) {
      test(`invariant 2: what is being made is never taken for objects, ${isFlipped ? 'after a flip' : 'between collections'}, also when it is filled again while its segment is grey <design/buffer#.inv.scanlimit>`, () => {
        const poison = (word: number): number => { if (word === -1) throw new RangeError('what is being made was taken for an object'); return word; };
        const wary: Format = {
          name: 'wary',
          scan: (view, base, limit) => {
            for (let addr = base; addr !== limit; addr = (addr + 16) | 0) {
              poison(view.load32(addr));
              const res = view.fix(addr);
              if (res !== ResOK) return res;
            }
            return ResOK;
          },
          skip: (view, base) => (base + poison(view.load32(base + 4))) | 0,
        };
        const lab = new Lab({ platform, pause: '0', format: wary, pool: { extendBy: 8192 } }), { t, arena, ap } = lab, [slot, list] = [t.local(), t.local()];
        if (platform === 'ix') Object.assign(arena.control, { quantum: () => 1 });
        let grey = 0, failed = 0;
        for (let n = 0; n < 300; ++n) {
          for (;;) {
            expect(ap.reserve(slot, 256)).toBe(ResOK);
            for (let at = 0; at < 256; at += 4) t.store32(slot, at, -1);
            // Where the nursery is not condemned its segment is grey.
            if (n % 20 === 12 && isFlipped) flip(lab, n % 40 === 12 ? 0 : 1);
            if (n % 20 === 15) arena.collect();
            if (n % 5 === 0) arena.walk((base, size, seg) => { expect(arena.heap.i32[((base >>> 0) + seg.delta) >>> 2], `an object of ${size}`).not.toBe(-1); });
            grey += Number(ap.seg?.grey === true);
            for (let at = 0; at < 256; at += 4) t.store32(slot, at, at === 4 ? 256 : 0);
            t.storeCap(slot, 32, list);
            if (ap.commit(slot)) break;
            failed += 1;
            if (n % 20 === 12 || n % 20 === 15) n += 1;
          }
          t.move(list, slot);
        }
        arena.collect();
        arena.check();
        expect([failed > 5, platform === 'an' || !isFlipped || grey > 0], 'weak run').toEqual([true, true]);
        expect(lab.objects().size).toBeGreaterThan(200);
      });
    }
  });
}

/* frames.test.ts: sncss and qs, airtest: programs of the MPS in their shape, with their numbers. */
import { expect, test } from 'vitest';
import { cool, random } from '../../../code/base/base.ts';
import { WindowHIGH } from '../../../code/machine/machine.ts';
import { RankAMBIG, ResOK, type AllocationPoint } from '../../../code/mps/mps.ts';
import { Lab } from '../lab.ts';

/** sncss: three allocation points, frames no deeper than 20, a push or a pop in ten operations, blocks of up to 128 bytes. */
const SncOPS = cool ? 200_000 : 1_000_000;
const SncDEPTH = 20;
const SncSIZE = 128;

for (const platform of ['an', 'ix'] as const) {
  test(`sncss, ${platform}: what a walk finds is what has been allocated and not popped <design/snc#.inv.kept> <design/snc#.inv.popped>`, () => {
    const lab = new Lab({ platform, memory: '16MiB', pause: '0' }), { arena, t } = lab, pool = arena.pool('snc'), draw = random(12345), slot = t.local();
    const stacks = Array.from({ length: 3 }, () => ({ ap: pool.allocationPoint(t), frames: [] as { frame: number; count: number; size: number }[], count: 0, size: 0 }));
    let walks = 0, most = 0;
    const walk = (): void => {
      let count = 0, size = 0;
      arena.walk((_, bytes, seg) => { if (seg.pool === pool) { count += 1; size += bytes; } });
      expect([count, size]).toEqual([stacks.reduce((sum, one) => sum + one.count, 0), stacks.reduce((sum, one) => sum + one.size, 0)]);
      walks += 1;
    };
    for (let n = 0; n < SncOPS; ++n) {
      const stack = stacks[draw(3)], { ap, frames } = stack;
      if (draw(10) === 0) {
        if (frames.length === SncDEPTH || (frames.length > 0 && draw(2) === 0)) {
          frames.length = draw(3) > 0 ? frames.length : 1 + draw(frames.length);
          const { frame, count, size } = frames.pop()!;
          ap.framePop(frame);
          Object.assign(stack, { count, size });
        } else frames.push({ frame: ap.framePush(), count: stack.count, size: stack.size });
        continue;
      }
      const size = 1 + draw(SncSIZE);
      do {
        if (ap.reserve(slot, size) !== ResOK) expect.fail('memory has run out');
      } while (!ap.commit(slot));
      stack.count += 1;
      stack.size += Math.ceil(size / 16) * 16;
      most = Math.max(most, pool.totalSize);
      if (n % (SncOPS / 100) === 0) walk();
      if (n % 100_000 === 50_000) arena.collect();
    }
    walk();
    for (const { ap } of stacks) ap.framePop(0);
    expect([pool.totalSize, walks >= 10, most > 100_000]).toEqual([0, true, true]);
    arena.check();
  });

  test(`qs, ${platform}: a list of 1000 sorted by a small Lisp machine, with conses that move and activations that do not <design/amc#.req.graph> <design/snc#.inv.kept>`, () => {
    const lab = new Lab({ platform, memory: '1MiB', nursery: '64KiB', pause: '0', statics: '4KiB' }), { t, arena } = lab, draw = random(7);
    const stack: AllocationPoint = arena.pool('snc').allocationPoint(t);
    // Three registers, and the activation that is running.
    const [list, val, reg, act] = [t.local(), t.local(), t.local(), t.local()];
    let conses = 0;
    /** cons -- in `into`, of a number and what is in slot `cdr`. */
    const cons = (into: number, value: number, cdr: number): void => {
      conses += 1;
      for (;;) {
        expect(lab.ap.reserve(reg, 32)).toBe(ResOK);
        for (let word = 0; word < 16; word += 4) t.store32(reg, word, value);
        if (t.isTagged(cdr)) t.storeCap(reg, 16, cdr); else for (let word = 16; word < 32; word += 4) t.store32(reg, word, 0);
        if (lab.ap.commit(reg)) break;
      }
      t.move(into, reg);
      t.clear(reg);
    };
    /** saved -- run something with `slots` kept in an activation, which is popped afterwards. */
    const saved = (slots: readonly number[], body: () => void): void => {
      const frame = stack.framePush();
      do {
        expect(stack.reserve(reg, 16 * (slots.length + 1))).toBe(ResOK);
        for (const [n, slot] of slots.entries()) {
          if (t.isTagged(slot)) t.storeCap(reg, n * 16, slot); else t.store32(reg, n * 16, 0);
        }
        if (t.isTagged(act)) t.storeCap(reg, slots.length * 16, act);
      } while (!stack.commit(reg));
      t.move(act, reg);
      body();
      for (const [n, slot] of slots.entries()) t.loadCap(slot, act, n * 16);
      t.loadCap(act, act, slots.length * 16);
      stack.framePop(frame);
    };
    /** append -- what is in `list`, then `val`, in `val`. */
    const append = (): void => {
      if (!t.isTagged(list)) return;
      const value = t.load32(list, 0);
      saved([list], () => { t.loadCap(list, list, 16); append(); });
      cons(val, value, val);
    };
    /** sort -- what is in `list`, into `val`. */
    const sort = (): void => {
      if (!t.isTagged(list)) { t.clear(val); return; }
      const pivot = t.load32(list, 0), less = t.enter(2), more = less + 1;
      for (t.loadCap(list, list, 16); t.isTagged(list); t.loadCap(list, list, 16)) {
        const value = t.load32(list, 0), into = value < pivot ? less : more;
        cons(into, value, into);
      }
      saved([less], () => { t.move(list, more); sort(); });
      cons(val, pivot, val);
      t.move(list, less);
      saved([val], () => { sort(); t.move(list, val); });
      append();
      t.leave(less);
    };
    const numbers = Array.from({ length: 1000 }, () => draw(0x7fff_ffff));
    for (const value of numbers) cons(list, value, list);
    sort();
    const found: number[] = [];
    for (; t.isTagged(val); t.loadCap(val, val, 16)) found.push(t.load32(val, 0));
    expect(found).toEqual([...numbers].sort((a, b) => a - b));
    expect([conses > 10_000, arena.counts.collections > 3, stack.framePush()], 'weak run').toEqual([true, true, 0]);
    arena.check();
  });
}

/** airtest: ten vectors of 16 references, only ambiguous addresses in their middle being kept. */
for (const [interior, isTagged] of [[true, false], [true, true], [false, false]] as const) {
  test(`airtest: vectors that only ${isTagged ? 'capabilities to' : 'addresses in'} their middle stand for ${interior || isTagged ? 'live' : 'die'}, interior ${interior} <design/amc#.interior>`, () => {
    const lab = new Lab({ pool: { interior } }), { t, arena, system } = lab, area = t.local(), slot = t.local(), inner = t.local();
    system.statics(t, area, 10 * 16, RankAMBIG);
    const lows: number[] = [];
    for (let n = 0; n < 10; ++n) {
      lab.make(slot, 16 * 16, n, n === 0 ? -1 : inner);
      lows.push(lab.low(slot));
      t.move(inner, slot);
      t.r[inner << 3] += 16 * (1 + n % 15);
      if (isTagged) t.storeCap(area, n * 16, inner);
      else for (const [word, value] of [t.r[inner << 3], WindowHIGH, 0, 0].entries()) t.store32(area, n * 16 + word * 4, value);
    }
    t.clear(slot);
    t.clear(inner);
    arena.collect();
    expect([...lab.objects().keys()]).toEqual(interior || isTagged ? lows : []);
  });
}

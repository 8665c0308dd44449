import { describe, expect, test } from 'vitest';
import { random } from '../../../code/base/random.ts';
import { GranuleSIZE, PermDATA, PermGLOBAL, PermLOAD, PermSTORE, WindowHIGH, slotDecode } from '../../../code/machine/machine.ts';
import { RankAMBIG, ResCOMMITLIMIT, ResMEMORY, ResOK, type Transform } from '../../../code/mps/mps.ts';
import { ResPARAM } from '../../../code/mps/result.ts';
import { seeds } from '../../seed.ts';
import { Lab } from '../lab.ts';

/** transformed -- a transform, or the test fails. */
function begun(lab: Lab): Transform {
  const transform = lab.arena.transform();
  if (typeof transform === 'number') throw new Error(`no transform: result ${transform}`);
  return transform;
}

/** part -- in a new slot, a capability to [at, at + size) of what is in a slot, its address `off` bytes from its base, with some rights. */
function part(lab: Lab, slot: number, at: number, size: number, off: number = 0, perms: number = PermDATA): number {
  const made = lab.t.local(), { r } = lab.t, low = r[slot << 3] + at;
  r.set(r.subarray(slot << 3, (slot << 3) + 8), made << 3);
  r[made << 3] = (low + off) | 0;
  r[(made << 3) + 2] = (((low & 0x3fff) | (((low + size) & 0xfff) << 14)) ^ 0x18004) | (1 << 26);
  r[(made << 3) + 3] = perms;
  slotDecode(r, made << 3);
  return made;
}

/** what -- a capability in a slot, by base, length, distance of the address and rights. */
function what(lab: Lab, slot: number): unknown {
  const { r } = lab.t, c = slot << 3;
  if (!lab.t.isTagged(slot)) return null;
  const found = [];
  for (let at = 0; at < r[c + 5]; at += GranuleSIZE) found.push(lab.t.load32(slot, at));
  return { room: r[c + 5], writable: r[c + 6], found };
}

for (const platform of ['an', 'ix'] as const) {
  describe(`on ${platform}`, () => {
    test('references to old objects are to new ones, in slots, objects and roots; what the new ones hold is kept <design/transform#.inv.all>', () => {
      const lab = new Lab({ platform }), { t } = lab, words = t.local();
      lab.system.statics(t, words, 4096);
      const leaf = lab.object(32, 9), old = lab.object(32, 1), by = lab.object(64, 2, leaf), holder = lab.object(32, 3, old), copy = t.local();
      t.move(copy, old);
      t.storeCap(words, 160, old);
      t.clear(leaf);
      const transform = begun(lab);
      expect(transform.addOldNew(t, old, by, 1)).toBe(ResOK);
      t.clear(by);
      expect([transform.apply(), transform.isApplied]).toEqual([ResOK, true]);
      transform.destroy();
      for (const [slot, at] of [[old, -1], [copy, -1], [holder, 16], [words, 160]] as const) {
        if (at >= 0) t.loadCap(leaf, slot, at);
        else t.move(leaf, slot);
        expect(what(lab, leaf)).toEqual({ room: 64, writable: 64, found: [2, expect.anything(), 2, 2] });
        t.loadCap(leaf, leaf, 16);
        expect(t.load32(leaf, 0)).toBe(9);
      }
      expect(lab.objects().size).toBe(3);
      lab.arena.check();
    });

    test('an ambiguous reference to one old object forbids all of it <design/transform#.apply>', () => {
      const lab = new Lab({ platform }), { t } = lab, words = t.local();
      lab.system.statics(t, words, 4096, RankAMBIG);
      const olds = t.enter(20), news = t.enter(20);
      for (let i = 0; i < 20; ++i) {
        lab.make(olds + i, 32, i);
        lab.make(news + i, 32, 100 + i);
      }
      t.store32(words, 80, (lab.low(olds + 13) + 20) | 0);
      t.store32(words, 84, WindowHIGH);
      const transform = begun(lab);
      expect(transform.addOldNew(t, olds, news, 20)).toBe(ResOK);
      expect([transform.apply(), transform.isApplied]).toEqual([ResOK, false]);
      for (let i = 0; i < 20; ++i) expect([t.load32(olds + i, 0), t.load32(news + i, 0)]).toEqual([i, 100 + i]);
      transform.destroy();
      // Without it, another one can.
      t.store32(words, 84, 0);
      const again = begun(lab);
      again.addOldNew(t, olds, news, 20);
      expect([again.apply(), again.isApplied]).toEqual([ResOK, true]);
      for (let i = 0; i < 20; ++i) expect(t.load32(olds + i, 0)).toBe(100 + i);
      again.destroy();
    });
  });
}

describe('a transform', () => {
  test('cannot be applied after a collection, and changes nothing then; it leaves the arena parked <design/transform#.apply>', () => {
    const lab = new Lab(), { t } = lab, old = lab.object(32, 1), by = lab.object(32, 2), transform = begun(lab);
    transform.addOldNew(t, old, by, 1);
    lab.arena.collect();
    expect([transform.apply(), transform.isApplied, t.load32(old, 0)]).toEqual([ResPARAM, false, 1]);
    expect(lab.arena.control.state).toBe('parked');
    const again = begun(lab);
    again.addOldNew(t, old, by, 1);
    lab.arena.release();
    expect(again.apply()).toBe(ResOK);
    expect([t.load32(old, 0), lab.arena.control.state]).toEqual([2, 'parked']);
  });

  test('leaves out pairs that are nothing, or the same <design/transform#.chain>', () => {
    const lab = new Lab(), { t } = lab, olds = t.enter(3), news = t.enter(3);
    for (let i = 0; i < 3; ++i) lab.make(olds + i, 32, i);
    lab.make(news + 1, 32, 7);
    t.move(news + 2, olds + 2);
    t.clear(olds + 1);
    const transform = begun(lab), { collections } = lab.arena.counts;
    transform.addOldNew(t, olds, news, 3);
    expect([transform.apply(), transform.isApplied, t.load32(olds, 0), t.load32(olds + 2, 0)]).toEqual([ResOK, true, 0, 2]);
    expect(lab.arena.counts.collections, 'there was nothing to do').toBe(collections);
  });

  test('does not replace what replaces <design/transform#.chain>', () => {
    const lab = new Lab(), { t } = lab, all = t.enter(4);
    for (let i = 0; i < 4; ++i) lab.make(all + i, 32, i);
    const transform = begun(lab);
    // A to B, B to C, C to A.
    transform.addOldNew(t, all, all + 1, 2);
    transform.addOldNew(t, all + 2, all, 1);
    expect([transform.apply(), transform.isApplied]).toEqual([ResOK, true]);
    expect([0, 1, 2, 3].map((i) => t.load32(all + i, 0))).toEqual([1, 2, 0, 3]);
  });

  test('replaces weak objects and those of pools that do not move alike <design/transform#.inv.all>', () => {
    const lab = new Lab(), { t } = lab, pool = lab.arena.pool('ams'), ap = pool.allocationPoint(t), old = t.local(), holder = t.local();
    for (const slot of [old, holder]) {
      do {
        expect(ap.reserve(slot, 32)).toBe(ResOK);
        t.store32(slot, 0, slot === old ? 1 : 2);
        if (slot === holder) t.storeCap(slot, 16, old);
      } while (!ap.commit(slot));
    }
    const by = lab.object(32, 5), transform = begun(lab);
    transform.addOldNew(t, old, by, 1);
    transform.apply();
    t.loadCap(by, holder, 16);
    expect([t.load32(by, 0), t.load32(old, 0), lab.objects().size]).toEqual([5, 5, 2]);
  });

  test('in an emergency replaces all the same <design/transform#.trace>', () => {
    let emergencies = 0;
    for (let k = 1; k <= 3; ++k) {
      const lab = new Lab(), { t } = lab, olds = t.enter(50), news = t.enter(50), { ledger } = lab.arena;
      for (let i = 0; i < 50; ++i) {
        lab.make(olds + i, 32, i);
        lab.make(news + i, 32, 100 + i);
      }
      const transform = begun(lab);
      transform.addOldNew(t, olds, news, 50);
      ledger.failAt = ledger.charges + k;
      ledger.failForever = true;
      expect([transform.apply(), transform.isApplied]).toEqual([ResOK, true]);
      ledger.failAt = 0;
      emergencies += lab.arena.counts.emergencies;
      for (let i = 0; i < 50; ++i) expect(t.load32(olds + i, 0)).toBe(100 + i);
      lab.arena.check();
      transform.destroy();
    }
    expect(emergencies, 'weak run').toBeGreaterThan(0);
  });

  test('has its memory from the ledger, and gives it back; there may be none <design/transform#.if.old>', () => {
    const lab = new Lab(), { t } = lab, { ledger } = lab.arena, old = lab.object(32, 1), by = lab.object(32, 2), used = ledger.used;
    ledger.failAt = ledger.charges + 1;
    expect([ResMEMORY, ResCOMMITLIMIT]).toContain(lab.arena.transform());
    ledger.failAt = 0;
    const transform = begun(lab);
    ledger.failAt = ledger.charges + 1;
    expect([ResMEMORY, ResCOMMITLIMIT]).toContain(transform.addOldNew(t, old, by, 1));
    ledger.failAt = 0;
    expect(transform.addOldNew(t, old, by, 1)).toBe(ResOK);
    expect(ledger.used).toBeGreaterThan(used);
    transform.destroy();
    expect(ledger.used).toBe(used);
  });
});

describe('a reference', () => {
  /** after -- what references to an object of 64 bytes have become, when it was replaced by one of `size`, or by a part of that. */
  function after(size: number, refs: readonly (readonly [number, number, number, number])[], bounds?: readonly [number, number, number]): unknown[] {
    const lab = new Lab(), { t } = lab, old = lab.object(64, 1), whole = lab.t.local(), transform = begun(lab);
    lab.make(whole, size, 2);
    for (let at = 0; at < size; at += 16) t.store32(whole, at, 100 + at / 16);
    const by = bounds === undefined ? whole : part(lab, whole, bounds[0], bounds[1], 0, bounds[2]);
    const slots = refs.map(([at, length, off, perms]) => part(lab, old, at, length, off, perms));
    expect(transform.addOldNew(t, old, by, 1)).toBe(ResOK);
    expect([transform.apply(), transform.isApplied]).toEqual([ResOK, true]);
    return slots.map((slot) => what(lab, slot));
  }

  test('to all of the old object is one to all of the new one, larger or smaller <design/transform#.substitute>', () => {
    expect(after(96, [[0, 64, 0, PermDATA]])).toEqual([{ room: 96, writable: 96, found: [100, 101, 102, 103, 104, 105] }]);
    expect(after(32, [[0, 64, 0, PermDATA]])).toEqual([{ room: 32, writable: 32, found: [100, 101] }]);
  });

  test('to a part is one to the same part, cut where the new object ends <design/transform#.substitute>', () => {
    expect(after(96, [[16, 32, 0, PermDATA], [32, 32, 16, PermDATA]])).toEqual([{ room: 32, writable: 32, found: [101, 102] }, { room: 16, writable: 16, found: [103] }]);
    expect(after(32, [[16, 32, 0, PermDATA]])).toEqual([{ room: 16, writable: 16, found: [101] }]);
    expect(after(32, [[32, 32, 0, PermDATA]])).toEqual([{ room: 0, writable: 0, found: [] }]);
  });

  test('gains no right from the new one, nor keeps one that it had not <design/transform#.substitute>', () => {
    const readOnly = PermGLOBAL | PermLOAD, data = PermGLOBAL | PermLOAD | PermSTORE;
    expect(after(64, [[0, 64, 0, readOnly]])).toEqual([{ room: 64, writable: 0, found: [100, 101, 102, 103] }]);
    expect(after(96, [[0, 64, 0, PermDATA], [0, 32, 0, readOnly]], [16, 48, data])).toEqual([
      { room: 48, writable: 48, found: [101, 102, 103] }, { room: 32, writable: 0, found: [101, 102] },
    ]);
    expect(after(96, [[0, 64, 0, PermDATA]], [16, 48, readOnly])).toEqual([{ room: 48, writable: 0, found: [101, 102, 103] }]);
  });
});

describe('the rules', () => {
  const broken = (tag: string, breaks: (lab: Lab, transform: Transform, old: number, by: number) => unknown): void => {
    test(`are insisted on: ${tag} <design/transform#.apply>`, () => {
      const lab = new Lab(), old = lab.object(32, 1), by = lab.object(32, 2), transform = begun(lab);
      expect(() => breaks(lab, transform, old, by)).toThrow(`transform#.if.${tag}>`);
    });
  };

  broken('twice', (lab, transform, old, by) => {
    transform.addOldNew(lab.t, old, by, 1);
    return transform.addOldNew(lab.t, old, lab.object(32, 3), 1);
  });
  broken('old', (lab, transform, _, by) => {
    const words = lab.t.local();
    lab.system.statics(lab.t, words, 4096);
    return transform.addOldNew(lab.t, words, by, 1);
  });
  broken('once', (_, transform) => {
    transform.apply();
    return transform.apply();
  });
  broken('once', (lab, transform, old, by) => {
    transform.apply();
    return transform.addOldNew(lab.t, old, by, 1);
  });
  broken('once', (_, transform) => {
    transform.destroy();
    transform.destroy();
  });
});

test('the graph is as it was but for what was replaced, whatever shape it has <design/transform#.inv.all>', () => {
  let applied = 0, refused = 0;
  for (const seed of seeds(12)) {
    const draw = random(seed), lab = new Lab({ memory: '4MiB', nursery: '16KiB', platform: seed % 2 === 0 ? 'an' : 'ix' }), { t, arena } = lab;
    const count = 60, objects = t.enter(count), refs: number[] = [], words = t.local(), slot = t.local();
    lab.system.statics(t, words, 4096, RankAMBIG);
    for (let i = 0; i < count; ++i) lab.make(objects + i, 48, i);
    for (let i = 0; i < count; ++i) {
      refs.push(draw(count));
      t.storeCap(objects + i, 16, objects + refs[i]);
    }
    if (draw(3) === 0) arena.collect();
    const order = Array.from({ length: count }, (_, i) => i).sort(() => draw(3) - 1), becomes = new Map<number, number>();
    const olds = t.enter(10), news = t.enter(10);
    for (let i = 0; i < 10; ++i) {
      becomes.set(order[i], order[10 + i]);
      t.move(olds + i, objects + order[i]);
      t.move(news + i, objects + order[10 + i]);
    }
    // An ambiguous word to any of them; sometimes to an old one.
    const victim = order[draw(30)];
    t.store32(words, 16, (lab.low(objects + victim) + draw(48)) | 0);
    t.store32(words, 20, WindowHIGH);
    const transform = begun(lab);
    expect(transform.addOldNew(t, olds, news, 10)).toBe(ResOK);
    expect(transform.apply()).toBe(ResOK);
    expect(transform.isApplied).toBe(!becomes.has(victim));
    if (transform.isApplied) applied += 1;
    else refused += 1;
    const now = (i: number): number => (transform.isApplied ? becomes.get(i) ?? i : i);
    for (let i = 0; i < count; ++i) {
      expect(t.load32(objects + i, 0)).toBe(now(i));
      t.loadCap(slot, objects + i, 16);
      expect(t.load32(slot, 0)).toBe(now(refs[now(i)]));
    }
    transform.destroy();
    arena.release();
    arena.collect();
    arena.check();
  }
  expect(Math.min(applied, refused), 'weak run').toBeGreaterThan(0);
});

import { describe, expect, test } from 'vitest';
import { random } from '../../../code/base/base.ts';
import { AccessNONE, AccessREAD, AccessWRITE, ZoneSetEMPTY, type AccessSet, type Seg } from '../../../code/mps/mps.ts';
import { seeds } from '../../seed.ts';
import { Rig } from '../rig.ts';
import { pageModeOf, ShieldBench } from './shield-bench.ts';

const BOTH = AccessREAD | AccessWRITE;

describe('raising and lowering', () => {
  test('with nobody suspended changes protection at once: that costs less than stopping them <design/shield#.queue> <design/shield#.reason>', () => {
    const b = new ShieldBench(2), [seg, other] = b.segs;
    b.inside(() => {
      b.shield.raise(seg, AccessWRITE);
      expect([seg.shieldMode, seg.protMode, b.pageMode(seg)]).toEqual([AccessWRITE, AccessWRITE, AccessWRITE]);
      b.shield.raise(seg, AccessREAD);
      expect([seg.shieldMode, seg.protMode, b.pageMode(seg)]).toEqual([BOTH, BOTH, AccessREAD]);
    });
    expect(b.told()).toEqual([['raise', 0, 1, 'write'], ['raise', 0, 1, 'read and write']]);
    expect([other.protMode, b.pageMode(other)]).toEqual([AccessNONE, AccessNONE]);
  });

  test('waits for the leave while mutators are suspended; they run after it <design/shield#.raise> <design/shield#.inv.unsynced.suspended>', () => {
    const b = new ShieldBench(1), [seg] = b.segs;
    b.inside(() => {
      b.shield.hold();
      b.shield.raise(seg, AccessREAD);
      expect([seg.shieldMode, seg.protMode, b.pageMode(seg), seg.queued]).toEqual([AccessREAD, AccessNONE, AccessNONE, 0]);
      b.shield.check();
      b.shield.release();
      expect(b.shield.isSuspended, 'released, they stay suspended to the end').toBe(true);
    });
    expect([seg.protMode, b.pageMode(seg), seg.queued, b.shield.isSuspended]).toEqual([AccessREAD, AccessREAD, -1, false]);
    expect(b.told()).toEqual([['suspend', 'hold'], ['flush', 0, 1, 'read'], ['resume']]);
  });

  test('what was raised and lowered again before the leave costs nothing <design/shield#.flush>', () => {
    const b = new ShieldBench(3);
    b.inside(() => {
      b.shield.hold();
      for (const seg of b.segs) b.shield.raise(seg, BOTH);
      for (const seg of b.segs) b.shield.lower(seg, BOTH);
      b.shield.release();
    });
    expect(b.told()).toEqual([['suspend', 'hold'], ['resume']]);
    expect(b.pageModes()).toEqual([AccessNONE, AccessNONE, AccessNONE]);
  });

  test('lowering opens at once, whoever is suspended, and only what it lowers <design/shield#.raise> <design/shield#.inv.prot.shield>', () => {
    const b = new ShieldBench(1), [seg] = b.segs;
    b.inside(() => { b.shield.raise(seg, BOTH); });
    b.told();
    b.inside(() => {
      b.shield.hold();
      b.shield.lower(seg, AccessREAD);
      expect([seg.shieldMode, seg.protMode, b.pageMode(seg)]).toEqual([AccessWRITE, AccessWRITE, AccessWRITE]);
      b.shield.lower(seg, AccessREAD);
      b.shield.release();
    });
    expect(b.told(), 'lowered twice, changed once').toEqual([['suspend', 'hold'], ['lower', 0, 1, 'write'], ['resume']]);
    b.inside(() => { b.shield.lower(seg, AccessWRITE); });
    expect([seg.shieldMode, seg.protMode, b.pageMode(seg)]).toEqual([AccessNONE, AccessNONE, AccessNONE]);
  });
});

describe('exposing and covering', () => {
  test('suspends before it opens; covers queue, the leave closes, and then they run <design/shield#.inv.expose.suspend> <design/shield#.inv.expose.prot>', () => {
    const b = new ShieldBench(1), [seg] = b.segs;
    b.inside(() => { b.shield.raise(seg, BOTH); });
    b.told();
    b.inside(() => {
      b.shield.expose(seg);
      b.shield.expose(seg);
      expect([seg.depth, seg.shieldMode, seg.protMode, b.pageMode(seg), seg.queued]).toEqual([2, BOTH, AccessNONE, AccessNONE, -1]);
      b.shield.check();
      b.shield.cover(seg);
      expect([b.pageMode(seg), seg.queued], 'it is exposed still').toEqual([AccessNONE, -1]);
      b.shield.cover(seg);
      expect([b.pageMode(seg), seg.queued], 'it is not enforced before the leave').toEqual([AccessNONE, 0]);
      b.shield.check();
    });
    expect(b.told()).toEqual([['suspend', 'expose'], ['expose', 0, 1, 'nothing'], ['flush', 0, 1, 'read and write'], ['resume']]);
    expect([b.pageMode(seg), seg.depth, seg.queued]).toEqual([AccessREAD, 0, -1]);
  });

  test('where nothing is forbidden suspends nobody and changes nothing <design/shield#.def.inside>', () => {
    const b = new ShieldBench(1), [seg] = b.segs;
    b.inside(() => {
      b.shield.expose(seg);
      b.shield.cover(seg);
    });
    expect(b.told()).toEqual([]);
  });

  test('raising what is exposed suspends, and its cover queues it <design/shield#.queue> <design/shield#.inv.unsynced.depth>', () => {
    const b = new ShieldBench(1), [seg] = b.segs;
    b.inside(() => {
      b.shield.expose(seg);
      b.shield.raise(seg, AccessWRITE);
      expect([b.shield.isSuspended, seg.queued, b.pageMode(seg)]).toEqual([true, -1, AccessNONE]);
      b.shield.check();
      b.shield.cover(seg);
      expect([seg.queued, b.pageMode(seg)]).toEqual([0, AccessNONE]);
    });
    expect(b.told()).toEqual([['suspend', 'raise'], ['flush', 0, 1, 'write'], ['resume']]);
  });
});

describe('the flush', () => {
  test('changes neighbours that want the same by one call, others by their own <design/shield#.flush>', () => {
    const b = new ShieldBench(10), wanted = [BOTH, BOTH, AccessWRITE, AccessWRITE, AccessWRITE, AccessNONE, AccessWRITE, AccessREAD, AccessREAD, BOTH];
    b.inside(() => {
      b.shield.hold();
      // In no order: the flush sorts them.
      for (const n of [7, 2, 9, 0, 4, 1, 8, 6, 3]) b.shield.raise(b.segs[n], wanted[n]);
      b.shield.release();
    });
    expect(b.told().slice(1, -1)).toEqual([
      ['flush', 0, 2, 'read and write'], ['flush', 2, 3, 'write'], ['flush', 6, 1, 'write'], ['flush', 7, 2, 'read'], ['flush', 9, 1, 'read and write'],
    ]);
    expect(b.pageModes()).toEqual(wanted.map(pageModeOf));
    expect(b.segs.map(({ protMode }) => protMode)).toEqual(wanted);
  });

  test('makes a call for each chunk, for a call is for one reservation <design/shield#.flush> <design/chunk#.inv.apart>', () => {
    const b = new ShieldBench(24, { platform: 'an', chunk: '32KiB', spare: 0 }), { segs } = b;
    const isNext = segs.slice(1).map((seg, n) => seg.base === segs[n].limit), isTogether = segs.slice(1).map((seg, n) => b.arena.grains.isTogether(seg.base, segs[n].base));
    expect(isNext.filter((next, n) => next && !isTogether[n]).length, 'weak run: no chunks are neighbours').toBeGreaterThan(0);
    b.inside(() => {
      b.shield.hold();
      for (const seg of segs) b.shield.raise(seg, AccessWRITE);
      b.shield.release();
    });
    expect(b.told().filter(([why]) => why === 'flush').length).toBe(1 + isTogether.filter((together, n) => !together || !isNext[n]).length);
  });
});

describe('the queue', () => {
  test('grows, and is charged to the ledger until the arena is finished <design/shield#.queue.full> <design/shield#.inv.queued>', () => {
    const b = new ShieldBench(1100), { ledger } = b.arena, before = ledger.used;
    const charged: number[] = [];
    b.inside(() => {
      b.shield.hold();
      for (const [n, seg] of b.segs.entries()) {
        b.shield.raise(seg, AccessWRITE);
        expect(seg.queued).toBe(n);
        if (ledger.used - before !== charged.at(-1)) charged.push(ledger.used - before);
      }
      b.shield.check();
      b.shield.release();
    });
    expect(charged).toEqual([512 * 8, 1024 * 8, 2048 * 8]);
    expect(b.pageModes().every((mode) => mode === AccessWRITE)).toBe(true);
    b.lab.system.finish();
    expect(ledger.used).toBe(0);
  });

  test('that cannot grow is a ring: what has been in it longest is enforced to make room <design/shield#.queue.full>', () => {
    const b = new ShieldBench(5), [a, c, d, e, f] = b.segs;
    b.shield.mostRoom = 2;
    b.inside(() => {
      b.shield.hold();
      for (const seg of [a, c, d]) b.shield.raise(seg, AccessWRITE);
      expect(b.pageModes()).toEqual([AccessWRITE, AccessNONE, AccessNONE, AccessNONE, AccessNONE]);
      b.shield.check();
      for (const seg of [e, f]) b.shield.raise(seg, AccessREAD);
      expect(b.pageModes()).toEqual([AccessWRITE, AccessWRITE, AccessWRITE, AccessNONE, AccessNONE]);
      expect(b.segs.map(({ queued }) => queued)).toEqual([-1, -1, -1, 1, 0]);
      b.shield.check();
      b.shield.release();
    });
    expect(b.told().slice(1)).toEqual([['raise', 0, 1, 'write'], ['raise', 1, 1, 'write'], ['raise', 2, 1, 'write'], ['flush', 3, 2, 'read'], ['resume']]);
  });

  test('forgets what is exposed when it is its turn: its cover queues it again <design/shield#.queue.full>', () => {
    const b = new ShieldBench(4), [a, c, d, e] = b.segs;
    b.shield.mostRoom = 2;
    b.inside(() => {
      b.shield.hold();
      b.shield.raise(a, AccessWRITE);
      b.shield.raise(c, AccessWRITE);
      b.shield.expose(a);
      b.shield.raise(d, AccessWRITE);
      expect([a.queued, b.pageMode(a)]).toEqual([-1, AccessNONE]);
      b.shield.check();
      b.shield.raise(e, AccessWRITE);
      b.shield.cover(a);
      expect([a.queued >= 0, b.pageMode(a)]).toEqual([true, AccessNONE]);
      b.shield.check();
      b.shield.release();
    });
    expect(b.pageModes()).toEqual([AccessWRITE, AccessWRITE, AccessWRITE, AccessWRITE]);
  });

  test('for which there is no memory is none: everything is enforced at once <design/shield#.queue.full>', () => {
    const b = new ShieldBench(3), { ledger } = b.arena, [a, c] = b.segs;
    Object.assign(ledger, { failAt: ledger.charges + 1, failForever: true });
    b.inside(() => {
      b.shield.hold();
      b.shield.raise(a, AccessWRITE);
      expect([a.queued, b.pageMode(a)]).toEqual([-1, AccessWRITE]);
      b.shield.expose(a);
      b.shield.raise(a, AccessREAD);
      expect(b.pageMode(a)).toBe(AccessNONE);
      b.shield.cover(a);
      expect([a.queued, b.pageMode(a)]).toEqual([-1, AccessREAD]);
      // There is memory again.
      ledger.failForever = false;
      b.shield.raise(c, AccessWRITE);
      expect([c.queued, b.pageMode(c)]).toEqual([0, AccessNONE]);
      b.shield.release();
    });
    expect(b.pageModes()).toEqual([AccessREAD, AccessWRITE, AccessNONE]);
  });

  for (const [name, mostRoom] of [['of two places', 2], ['of no place', 0]] as const) {
    test(`${name} keeps mutators out as well as any other <design/shield#.queue.full>`, () => {
      const rig = new Rig({ habits: { seed: 3, roots: 60, sizes: [32, 64, 400, 1000, 20_000], collects: 0, yields: true }, mutators: 2, nursery: '4KiB', memory: '8MiB', barriers: true });
      rig.arena.shield.mostRoom = mostRoom;
      rig.play(2500);
      const early = rig.events.filter((event) => event.type === 'protect' && event.why === 'raise').length;
      expect(rig.hits, 'weak run').toBeGreaterThan(20);
      expect(early, 'weak run').toBeGreaterThan(50);
      rig.end();
    });
  }
});

test('what a full queue closes in the middle of a fix is opened again before it is written to <design/shield#.queue.full> <design/heap#.inv.exposed>', () => {
  for (const seed of [2, 4, 53]) {
    const rig = new Rig({
      habits: { seed, sizes: [16, 112, 4096, 5000, 17_000, 40_000], collects: 0, yields: true }, mutators: 3, nursery: '4KiB', grain: '16KiB', memory: '1MiB', chunk: '128KiB', spare: 0,
      seed, collect: 'every-poll', barriers: true,
    });
    rig.arena.shield.mostRoom = 1;
    rig.play(300);
    expect(rig.arena.counts.protections, 'weak run').toBeGreaterThan(100);
    rig.end();
  }
});

describe('a segment that is no more', () => {
  test('forbids nothing from then on, and is in no queue <design/shield#.inv.free> <design/shield#.departs.forget>', () => {
    const b = new ShieldBench(4), [a, c, d, e] = b.segs;
    b.inside(() => {
      b.shield.raise(a, BOTH);
      b.shield.hold();
      for (const seg of [a, c, d, e]) b.shield.raise(seg, BOTH);
      b.shield.forget(c);
      b.shield.forget(a);
      expect([a.queued, c.queued, d.queued, e.queued, b.pageMode(a)]).toEqual([-1, -1, 1, 2, AccessNONE]);
      b.shield.check();
      b.shield.release();
    });
    expect(b.pageModes()).toEqual([AccessNONE, AccessNONE, AccessREAD, AccessREAD]);
    b.inside(() => {
      b.shield.hold();
      for (const seg of b.segs) b.shield.lower(seg, BOTH);
      b.shield.release();
    });
    expect(b.pageModes()).toEqual(b.segs.map(() => AccessNONE));
  });

  test('is not one that is exposed <design/shield#.inv.depth>', () => {
    const b = new ShieldBench(1), [seg] = b.segs;
    b.arena.enter();
    b.shield.expose(seg);
    expect(() => { b.shield.forget(seg); }).toThrow('<design/shield#.inv.depth>');
  });

  test('leaves pages that are open, whatever it forbade when its pool was destroyed <design/seg#.inv.free.clear> <design/shield#.inv.free>', () => {
    const b = new ShieldBench(6), { segs } = b;
    for (const [n, seg] of segs.entries()) if (n % 2 === 0) seg.setSummary(ZoneSetEMPTY);
    expect(b.pageModes()).toEqual([AccessWRITE, AccessNONE, AccessWRITE, AccessNONE, AccessWRITE, AccessNONE]);
    b.arena.poolFinish(b.lab.pool);
    const other = b.arena.pool('amc'), { t } = b.lab, slot = t.local(), ap = other.allocationPoint(t), faults = b.lab.system.platform.faults();
    for (let n = 0; n < 12; ++n) {
      ap.reserve(slot, 4096);
      t.store32(slot, 4092, n);
      ap.commit(slot);
    }
    expect(b.lab.system.platform.faults()).toEqual(faults);
  });
});

describe('from outside', () => {
  const wrong: [string, string, (b: ShieldBench) => void][] = [
    ['enters twice', '<design/shield#.inv.outside>', (b) => { b.shield.enter(); b.shield.enter(); }],
    ['leaves twice', '<design/shield#.inv.outside>', (b) => { b.inside(() => undefined); b.shield.leave(); }],
    ['leaves what is exposed', '<design/shield#.inv.outside>', (b) => { b.inside(() => { b.shield.expose(b.segs[0]); }); }],
    ['leaves while holding', '<design/shield#.inv.outside>', (b) => { b.inside(() => { b.shield.hold(); }); }],
    ['holds', '<design/shield#.inv.outside>', (b) => { b.shield.hold(); }],
    ['releases what nobody holds', '<design/shield#.inv.outside>', (b) => { b.inside(() => { b.shield.release(); }); }],
    ['covers what is not exposed', '<design/shield#.inv.depth>', (b) => { b.inside(() => { b.shield.cover(b.segs[0]); }); }],
  ];
  for (const [name, tag, act] of wrong) {
    test(`who ${name} is told so ${tag}`, () => {
      const b = new ShieldBench(1);
      expect(() => { act(b); }).toThrow(tag);
    });
  }
});

describe('check finds', () => {
  const broken: [string, string, (b: ShieldBench, seg: Seg) => void][] = [
    ['a segment that is not enforced while mutators run', '<design/shield#.inv.unsynced.suspended>', (b, seg) => { Object.assign(b.shield, { isSuspended: false }); seg.queued = 0; }],
    ['mutators that are suspended outside', '<design/shield#.inv.outside>', (b) => { b.shield.isInside = false; }],
    ['a platform that forbids too much', '<design/shield#.inv.prot.shield>', (_, seg) => { seg.protMode = BOTH; }],
    ['an exposed segment that is closed', '<design/shield#.inv.expose.prot>', (b, seg) => { seg.protMode = seg.shieldMode; seg.depth = 1; Object.assign(b.shield, { depth: 1, unsynced: 0 }); }],
    ['a segment that waits for nothing', '<design/shield#.inv.unsynced.depth>', (_, seg) => { seg.queued = -1; }],
    ['a place in the queue that is another\'s', '<design/shield#.inv.queued>', (b, seg) => { seg.queued = b.segs[1].queued; }],
    ['a wrong sum of depths', '<design/shield#.inv.depth>', (b) => { Object.assign(b.shield, { depth: 1 }); }],
    ['a wrong count of what is not enforced', '<design/shield#.inv.depth>', (b) => { Object.assign(b.shield, { unsynced: 1 }); }],
  ];
  for (const [name, tag, breakIt] of broken) {
    test(`${name} ${tag}`, () => {
      const b = new ShieldBench(2), [seg, other] = b.segs;
      b.arena.enter();
      b.shield.hold();
      b.shield.raise(seg, AccessWRITE);
      b.shield.raise(other, AccessWRITE);
      b.shield.check();
      breakIt(b, seg);
      expect(() => { b.shield.check(); }).toThrow(tag);
    });
  }
});

/** What a random history did. */
interface History { queued: number; early: number; runs: number }

/** play -- `steps` random operations on all segments of a bench, each held against what is known of the shield's duties alone. */
function play(b: ShieldBench, seed: number, steps: number): History {
  const draw = random(seed), { shield, segs } = b, wanted = segs.map((): AccessSet => AccessNONE), depths = segs.map(() => 0);
  const history: History = { queued: 0, early: 0, runs: 0 };
  let holds = 0;
  b.arena.enter();
  for (let n = 0; n < steps; ++n) {
    const i = draw(segs.length), seg = segs[i], mode = 1 + draw(3);
    switch (draw(8)) {
      case 0: case 1: case 2: shield.raise(seg, mode); wanted[i] |= mode; break;
      case 3: shield.lower(seg, mode); wanted[i] &= ~mode; break;
      case 4: shield.expose(seg); depths[i] += 1; break;
      case 5: if (depths[i] > 0) { shield.cover(seg); depths[i] -= 1; } break;
      case 6: if (holds < 2) { shield.hold(); holds += 1; } break;
      default: if (depths[i] === 0 && draw(4) === 0) { shield.forget(seg); wanted[i] = AccessNONE; }
    }
    shield.check();
    // What is wanted, what is exposed is open, what is enforced, and what is not enforced nobody sees.
    const wrong = segs.findIndex((one, k) => {
      const page = b.pageMode(one), isLate = pageModeOf(wanted[k]) !== page;
      return one.shieldMode !== wanted[k] || (depths[k] > 0 && page !== AccessNONE) || pageModeOf(one.protMode) !== page || (isLate && !shield.isSuspended);
    });
    expect(wrong).toBe(-1);
    history.queued = Math.max(history.queued, segs.filter(({ queued }) => queued >= 0).length);
    if (draw(12) > 0) continue;
    for (; holds > 0; --holds) shield.release();
    for (const [k, one] of segs.entries()) for (; depths[k] > 0; --depths[k]) shield.cover(one);
    // Runs of neighbours that are not enforced yet and want the same: as many calls as the flush needs.
    const late = segs.map(({ shieldMode, protMode }) => (shieldMode === protMode ? -1 : shieldMode));
    const runs = late.filter((mode, k) => mode >= 0 && (k === 0 || late[k - 1] !== mode)).length;
    history.early += b.told().filter(([why]) => why === 'raise').length;
    const wasSuspended = shield.isSuspended;
    b.arena.leave();
    const told = b.told();
    expect(told.filter(([why]) => why === 'flush').length).toBe(runs);
    const resumed = told.findIndex(([what]) => what === 'resume');
    expect(resumed, 'they run when all is enforced').toBe(wasSuspended ? told.length - 1 : -1);
    expect(b.pageModes()).toEqual(wanted.map(pageModeOf));
    history.runs += runs;
    b.arena.enter();
  }
  return history;
}

for (const [name, mostRoom] of [['a queue', Infinity], ['a queue of three places', 3], ['no queue', 0]] as const) {
  for (const seed of seeds(3)) {
    test(`whatever is done, with ${name}, what is wanted holds on leaving, and nobody sees when it does not <design/shield#.def.modes> <design/shield#.inv.unsynced.suspended> seed=${seed}`, () => {
      const b = new ShieldBench(7);
      b.shield.mostRoom = mostRoom;
      const { queued, early, runs } = play(b, seed, 1000);
      expect(early, 'weak run').toBeGreaterThan(10);
      if (mostRoom > 0) expect(runs, 'weak run').toBeGreaterThan(60);
      expect(queued, 'weak run').toBeGreaterThanOrEqual(Math.min(mostRoom, 4));
    });
  }
}

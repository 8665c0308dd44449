import { describe, expect, test } from 'vitest';
import { ZoneSetUNIV, zoneOf, type Arena, type Seg, type Trace } from '../../../code/mps/mps.ts';
import { baseDecode } from '../../../code/machine/machine.ts';
import { AccessREAD, AccessWRITE } from '../../../code/mps/plinth.ts';
import { Lab } from '../lab.ts';
import { Rig } from '../rig.ts';

/** Zones of all the references of a black segment, one by one. */
function zonesOf(arena: Arena, seg: Seg): number {
  const { heap } = arena;
  let zones = 0;
  for (let g = seg.granuleBase; g < seg.granuleLimit; ++g) {
    if (heap.tags[g] !== 0) zones |= 1 << zoneOf(baseDecode(heap.i32[g << 2], heap.i32[(g << 2) + 2]), heap.zoneShift);
  }
  return zones;
}

test('a summary that was recorded holds every reference of its segment <design/seg#.inv.summary>', () => {
  let known = 0;
  for (const barriers of [false, true]) {
    const rig = new Rig({ habits: { seed: 4, roots: 80, sizes: [32, 64, 400, 1000], derives: false, collects: 0 }, nursery: '4KiB', memory: '4MiB', barriers });
    const { arena } = rig;
    const look = (seg: Seg): void => {
      if (seg.summary === ZoneSetUNIV || seg.white) return;
      known += 1;
      expect(zonesOf(arena, seg) & ~seg.summary).toBe(0);
    };
    arena.watcher = { scanned: look, finished: () => { for (const seg of arena.heap.segs) if (seg !== null) look(seg); } };
    rig.play(4000);
    rig.end();
  }
  expect(known, 'weak run').toBeGreaterThan(20);
});

describe('a trace', () => {
  test('is one at a time <design/trace#.inv.one>', () => {
    const lab = new Lab();
    lab.object();
    let refused = 0;
    lab.arena.watcher = {
      condemned: (trace: Trace) => {
        expect(() => trace.start(lab.arena.allGenerations(), { why: 'client', what: 'collect' })).toThrow('<design/trace#.inv.one>');
        refused += 1;
      },
    };
    lab.arena.collect();
    expect(refused).toBe(1);
  });

  test('of nothing does not happen <design/trace#.start>', () => {
    const lab = new Lab();
    lab.arena.collect();
    expect([lab.arena.counts.flips, lab.arena.counts.collections, lab.events('condemn').length]).toEqual([0, 0, 0]);
  });

  test('goes through its states in order, and tells of each <design/trace#.states>', () => {
    const lab = new Lab();
    lab.object();
    lab.litter(3200);
    lab.arena.collect();
    expect(lab.told.map(({ type }) => type).filter((type) => type !== 'chunk' && type !== 'thread' && type !== 'arena')).toEqual(['suspend', 'condemn', 'band', 'flip', 'band', 'band', 'reclaim', 'quantum', 'resume']);
    const [condemn] = lab.events('condemn'), [reclaim] = lab.events('reclaim');
    expect([condemn.condemned, reclaim.copied, reclaim.reclaimed]).toEqual([3232, 32, 3200]);
    expect(lab.arena.trace.isBusy).toBe(false);
  });

  test('leaves nothing grey, white or condemned behind, and no emergency <design/trace#.inv.finish> <design/trace#.inv.emergency>', () => {
    const lab = new Lab(), { trace, heap, ledger } = lab.arena;
    lab.object(64);
    Object.assign(ledger, { failAt: ledger.charges, failForever: true });
    lab.arena.watcher = { scanned: () => { expect(trace.emergency).toBe(true); trace.check(); } };
    lab.arena.collect();
    expect(lab.arena.counts.emergencies).toBe(1);
    expect([trace.emergency, trace.greyRings.every((ring) => ring.isSingle), trace.ss.white]).toEqual([false, true, 0]);
    for (const seg of heap.segs) if (seg !== null) expect([seg.grey, seg.white, seg.board, seg.whiteLimit]).toEqual([false, false, null, seg.limit]);
    trace.emergency = true;
    expect(() => { trace.check(); }).toThrow('<design/trace#.inv.emergency>');
  });

  test('in an emergency scans a list that lies backwards in memory to its end <design/amc#.inv.nailed.loop>', () => {
    const lab = new Lab(), { t } = lab, list = t.local(), node = t.local(), all: number[] = [];
    // Each object refers to the one before it in memory.
    for (let n = 0; n < 500; ++n) {
      lab.make(node, 32, n, list);
      t.move(list, node);
      all.push(lab.low(list));
    }
    t.clear(node);
    const { ledger } = lab.arena;
    Object.assign(ledger, { failAt: ledger.charges, failForever: true });
    lab.litter(64);
    lab.arena.collect();
    expect([...lab.objects().keys()].sort((a, b) => a - b)).toEqual(all.sort((a, b) => a - b));
    ledger.failForever = false;
    lab.arena.collect();
    for (let n = 499; n >= 0; --n) {
      expect(t.load32(list, 0)).toBe(n);
      t.loadCap(list, list, 16);
    }
  });
});

describe('with barriers, between quanta', () => {
  /** A rig in the middle of a trace with something grey. */
  function halfway(): { rig: Rig; grey: Seg; goOn: () => void } {
    for (let seed = 1; seed < 20; ++seed) {
      const rig = new Rig({ habits: { seed, roots: 80, sizes: [32, 64, 400, 1000], collects: 0, yields: true }, nursery: '4KiB', barriers: true, memory: '4MiB' });
      const steps = rig.mutators[0].steps(3000);
      while (steps.next().done !== true) {
        const grey = rig.arena.heap.segs.find((seg) => seg?.grey === true && !seg.white && seg.buffer === null);
        if (rig.arena.trace.isFlipped && grey) return { rig, grey, goOn: () => { while (steps.next().done !== true); } };
      }
    }
    return expect.fail('weak run');
  }

  test('grey segments cannot be read; a read scans them, and then they can <design/trace#.access>', () => {
    const { rig, grey, goOn } = halfway(), { arena } = rig;
    expect(grey.shieldMode & AccessREAD).toBe(AccessREAD);
    arena.access(grey.base | 0, AccessREAD, null);
    expect([grey.grey, grey.shieldMode & AccessREAD]).toEqual([false, 0]);
    // Somebody else came first: that is success.
    expect(arena.access(grey.base | 0, AccessREAD, null)).toBe('cleared');
    goOn();
    rig.end();
  });

  test('a write to a grey segment scans it and forgets its summary, in this order <design/trace#.inv.write.after>', () => {
    const { rig, grey, goOn } = halfway(), { arena } = rig;
    grey.defer = 0;
    arena.access(grey.base | 0, AccessREAD | AccessWRITE, null);
    expect(grey.grey).toBe(false);
    // The scan may have recorded a summary: then the store hits once more.
    if (grey.shieldMode !== 0) arena.access(grey.base | 0, AccessWRITE, null);
    expect([grey.summary, grey.shieldMode]).toEqual([ZoneSetUNIV, 0]);
    goOn();
    rig.end();
  });

  test('an address that is no segment\'s is not the arena\'s <design/arena#.access.owned>', () => {
    const { rig } = halfway();
    expect(rig.arena.access(0, AccessREAD, null)).toBeNull();
  });
});

import { describe, expect, test } from 'vitest';
import { boundsRound } from '../../../code/machine/machine.ts';
import { RankAMBIG, ResCOMMITLIMIT, ResMEMORY, ResOK, boot, type Event } from '../../../code/mps/mps.ts';
import { Lab } from '../lab.ts';
import { Rig } from '../rig.ts';

describe('control', () => {
  test('a clamped arena starts no collection, not even to make room; a released one does <design/arena#.clamp>', () => {
    const lab = new Lab({ memory: '256KiB', nursery: '16KiB' }), slot = lab.t.local();
    lab.arena.clamp();
    let res = ResOK;
    while ((res = lab.ap.reserve(slot, 1024)) === ResOK) lab.ap.commit(slot);
    expect([res, lab.arena.counts.collections, lab.t.isTagged(slot)]).toEqual([ResCOMMITLIMIT, 0, false]);
    lab.arena.release();
    lab.make(slot, 1024, 3);
    expect(lab.arena.counts.collections).toBeGreaterThan(0);
  });

  test('a client that asks for a collection gets it, clamped or not, and the arena stays as it was <design/arena#.departs.collect>', () => {
    const lab = new Lab({ nursery: '4KiB' });
    lab.object();
    lab.arena.clamp();
    lab.arena.collect();
    expect(lab.arena.counts.collections).toBe(1);
    lab.litter(100_000);
    expect(lab.arena.counts.collections, 'still clamped').toBe(1);
    lab.arena.release();
    lab.litter(100_000);
    expect(lab.arena.counts.collections).toBeGreaterThan(1);
  });

  test('park finishes what is under way, and clamps <design/arena#.park>', () => {
    const rig = new Rig({ habits: { seed: 1, roots: 60, sizes: [32, 400, 1000], collects: 0, yields: true }, nursery: '4KiB', barriers: true });
    const steps = rig.mutators[0].steps(3000);
    while (!rig.arena.trace.isBusy) expect(steps.next().done).not.toBe(true);
    rig.arena.park();
    expect(rig.arena.trace.isBusy).toBe(false);
    const { collections } = rig.arena.counts;
    for (let n = 0; n < 200; ++n) steps.next();
    expect(rig.arena.counts.collections).toBe(collections);
    rig.arena.release();
    while (steps.next().done !== true);
    expect(rig.arena.counts.collections).toBeGreaterThan(collections);
    rig.end();
  });

  test('a clamped arena does not go on with a trace that is under way <design/arena#.clamp>', () => {
    const rig = new Rig({ habits: { seed: 1, roots: 60, sizes: [32, 400, 1000], collects: 0, yields: true }, nursery: '4KiB', barriers: true });
    const steps = rig.mutators[0].steps(3000);
    while (!rig.arena.trace.isBusy) expect(steps.next().done).not.toBe(true);
    rig.arena.clamp();
    for (let n = 0; n < 200; ++n) steps.next();
    expect(rig.arena.trace.isBusy).toBe(true);
    rig.arena.release();
    while (steps.next().done !== true);
    rig.end();
  });

  test('step works while there is something to do, and says so; without barriers it does all of it <design/arena#.step>', () => {
    const lab = new Lab({ platform: 'an' });
    expect(lab.arena.step()).toBe(false);
    lab.litter(3200);
    lab.object();
    expect(lab.arena.step()).toBe(true);
    expect(lab.objects().size).toBe(1);
    expect(lab.events('condemn')[0].reason).toEqual({ why: 'client', what: 'step' });
    expect(lab.arena.step(), 'nothing has been allocated since').toBe(false);
    lab.object(50_000);
    expect([lab.arena.step(), lab.arena.step()]).toEqual([true, false]);
    lab.arena.park();
    lab.litter(32);
    expect([lab.arena.step(), lab.arena.control.state], 'clamped, a client gets what he asks for').toEqual([true, 'clamped']);
  });
});

test('walk visits every object once, with its size and segment, and no pad; a collection changes what is there, not that <design/arena#.walk>', () => {
  const lab = new Lab({ memory: '4MiB' }), sizes = [16, 32, 48, 4032, 4048, 8192, 20_000, 16, 100_000];
  const slots = sizes.map((size) => lab.object(size, size));
  lab.litter(1000);
  lab.arena.collect();
  const seen: number[] = [];
  lab.arena.walk((base, size, seg) => {
    expect(lab.arena.heap.segOf(base)).toBe(seg);
    expect(lab.arena.heap.i32[(base + seg.delta) >>> 2]).toBe(sizes.find((one) => boundsRound(one) === size));
    seen.push(base >>> 0);
  });
  expect(seen.sort((a, b) => a - b)).toEqual(slots.map((slot) => lab.low(slot)).sort((a, b) => a - b));
});

describe('finish', () => {
  test('gives all memory and all address space back, whatever is still there <design/arena#.finish>', () => {
    const lab = new Lab({ memory: '1MiB', chunk: '128KiB' }), { arena } = lab;
    lab.object(100);
    lab.object(50_000);
    lab.litter(200_000);
    expect(arena.plinth.reserve(1024 * 1024)).toBeNull();
    lab.system.finish();
    expect([arena.grains.committed, arena.ledger.used, arena.heap.tags.indexOf(1)]).toEqual([0, 0, -1]);
    expect(arena.plinth.reserve(1024 * 1024)).not.toBeNull();
  });

  test('is the end: the arena cannot be used after it <design/check#.sig>', () => {
    const lab = new Lab(), slot = lab.t.local();
    lab.system.finish();
    expect(() => { lab.arena.collect(); }).toThrow('<design/check#.sig>');
    expect(() => lab.ap.reserve(slot, 32)).toThrow('<design/buffer#.if.live>');
  });
});

describe('two pools', () => {
  test('refer to each other, each by its own format; one that is destroyed takes its objects along <design/arena#.pools>', () => {
    const lab = new Lab(), other = lab.arena.pool('amc', { chain: lab.arena.chain([{ capacity: 8192, mortality: 0.5 }]) });
    const ap = other.allocationPoint(lab.t), { t } = lab, far = t.local();
    do ap.reserve(far, 32); while (!ap.commit(far));
    t.store32(far, 0, 6);
    const near = lab.object(32, 5, far);
    t.clear(far);
    lab.arena.collect();
    lab.arena.collect();
    t.loadCap(far, near, 16);
    expect([t.load32(near, 0), t.load32(far, 0), lab.objects().size]).toEqual([5, 6, 2]);
    lab.arena.poolFinish(other);
    expect(lab.objects().size).toBe(1);
    lab.arena.collect();
    lab.arena.check();
  });
});

describe('rules of the interface', () => {
  test('a thread is deregistered as often as it was registered, and its allocation points go with the last <design/arena#.if.thread>', () => {
    const lab = new Lab(), { arena, t } = lab, slot = lab.object(32, 4);
    arena.threadRegister(t);
    expect(() => { arena.threadRegister(t, RankAMBIG); }).toThrow('<design/arena#.if.thread>');
    arena.threadDeregister(t);
    arena.collect();
    expect([arena.hasThread(t), t.load32(slot, 0)]).toEqual([true, 4]);
    lab.make(slot, 32, 5);
    arena.threadDeregister(t);
    expect([arena.hasThread(t), lab.pool.buffers.size]).toEqual([false, 0]);
    expect(() => { arena.threadDeregister(t); }).toThrow('<design/arena#.if.thread>');
    expect(() => lab.ap.reserve(slot, 32)).toThrow('<design/buffer#.if.live>');
  });

  test('a pool is of a class that there is <design/arena#.if.pool>', () => {
    expect(() => new Lab().arena.pool('mrg' as 'amc')).toThrow('<design/arena#.if.pool>');
  });

  test('who looks on does not go in <design/arena#.inv.inside> <design/arena#.watcher>', () => {
    const lab = new Lab();
    lab.object();
    lab.arena.watcher = { condemned: () => { lab.arena.collect(); } };
    expect(() => { lab.arena.collect(); }).toThrow('<design/arena#.inv.inside>');
  });
});

describe('same seed, same events', () => {
  const events = (seed: number, options = {}): string => {
    const rig = new Rig({ ...options, seed, nursery: '16KiB', memory: '1MiB', habits: { seed: 5, yields: true }, mutators: 2 });
    rig.play(300);
    rig.end();
    return rig.events.map((event) => JSON.stringify(event)).join('\n');
  };

  test('the events of a run are a function of program, options and seed <design/event#.inv.same>', () => {
    expect(events(1)).toBe(events(1));
    expect(events(1).split('\n').length, 'weak run').toBeGreaterThan(20);
    expect(events(2)).not.toBe(events(1));
  });

  test('the clock never goes back, and every event is a line of JSON with numbers and words <design/event#.clock>', () => {
    let last = 0;
    for (const line of events(3, { chunk: '64KiB', memory: '192KiB' }).split('\n')) {
      const event = JSON.parse(line) as Event;
      expect(event.clock).toBeGreaterThanOrEqual(last);
      expect(line).not.toMatch(/null|undefined|NaN/);
      last = event.clock;
    }
    expect(last, 'weak run').toBeGreaterThan(0);
  });
});

test('collections are counted, by the oldest generation that was condemned <design/arena#.counts>', () => {
  const lab = new Lab({ nursery: '4KiB' });
  lab.litter(40_000);
  lab.arena.collect();
  const { counts } = lab.arena, condemns = lab.events('condemn');
  expect(counts.collections).toBe(condemns.length);
  expect(counts.collectionsByGeneration).toEqual([0, 1, 2].map((generation) => condemns.filter((event) => event.generation === generation).length));
  expect(counts.bytesCopied).toBe(lab.events('reclaim').reduce((sum, { copied }) => sum + copied, 0));
  expect(counts.bytesReclaimed).toBe(lab.events('reclaim').reduce((sum, { reclaimed }) => sum + reclaimed, 0));
});

test('the commit limit counts below the memory of the machine, and is told <design/chunk#.inv.limit>', () => {
  const system = boot({ memory: '1MiB', commitLimit: '128KiB' }), t = system.hart('t'), ap = system.arena.pool('amc').allocationPoint(t), slot = t.local();
  system.arena.clamp();
  let bytes = 0, res = ResOK;
  while ((res = ap.reserve(slot, 4000)) === ResOK) {
    ap.commit(slot);
    bytes += 4000;
  }
  expect([ResCOMMITLIMIT, ResMEMORY]).toContain(res);
  expect(res).toBe(ResCOMMITLIMIT);
  expect(bytes).toBeGreaterThan(64 * 1024);
  expect(system.arena.grains.committed).toBeLessThanOrEqual(128 * 1024);
});

import { describe, expect, test } from 'vitest';
import { faultMake, Hart, PageSIZE, WindowHIGH } from '../../../code/machine/machine.ts';
import { RankEXACT } from '../../../code/mps/mps.ts';
import { MapANON, MapPRIVATE, ProtREAD, ProtWRITE } from '../../../code/os/os.ts';
import { action, isStopped, own, slotCopy, ways } from './rig.ts';

describe.each(ways)('$title', ({ make, suspend }) => {
  const idle = function* (): Generator<undefined, void, undefined> {
    for (;;) yield;
  };

  test('all registered threads but the one that runs are stopped, each arena counting for itself <design/thix#.suspend> <design/thix#.how>', () => {
    const rig = make({ arenas: 2 }), [one, two] = rig.members, seen: boolean[][] = [];
    const others = [rig.spawn('a', idle), rig.spawn('b', idle)];
    const stranger = rig.process.spawn('stranger', idle);
    const counts = (): boolean[] => [...others, self, stranger].map((thread) => thread !== null && isStopped(thread));
    const self = rig.spawn('self', function* () {
      yield;
      one.arena.enter();
      one.arena.shield.hold();
      seen.push(counts());
      two.arena.enter();
      two.arena.shield.hold();
      seen.push(counts());
      one.arena.shield.release();
      one.arena.leave();
      seen.push(counts());
      two.arena.shield.release();
      two.arena.leave();
      seen.push(counts());
    });
    while (self.state !== 'done') rig.kernel.step();
    const stopped = [true, true, false, false];
    expect(seen).toEqual([stopped, stopped, stopped, [false, false, false, false]]);
    expect([one, two].map(({ arena }) => [arena.counts.suspensions, arena.counts.resumptions])).toEqual([[2, 2], [2, 2]]);
    const times = suspend === 'kernel' ? 4 : 0;
    expect(rig.kernel.counts).toMatchObject({ suspensions: times, resumptions: times });
  });

  test('a thread that is over is neither stopped nor looked at, though its arena has not been told <design/thix#.dead>', () => {
    const rig = make({ before: action(function* (_signal, _info, _context, thread) {
      yield;
      thread.exit();
    }) }), main = rig.adopt(), { plinth, arena } = rig.members[0];
    own(main, 5);
    const gone = rig.spawn('gone', function* (t) {
      yield;
      t.load32(5, 0);
    });
    slotCopy(gone.hart, 5, main.hart, 5);
    rig.run();
    // As if it had left in the middle of something.
    gone.sp = gone.stackLimit - 64;
    main.hart.set(20, gone.stackBase | 0, WindowHIGH, 0, 0);
    expect(rig.process.map.mmap(main.hart, 20, 20, 2 * PageSIZE, ProtREAD | ProtWRITE, MapANON | MapPRIVATE)).toBe(0);
    expect([gone.state, gone.sp < gone.stackLimit, main.hart.r[20 << 3] >>> 0, plinth.framesOf(gone.hart)]).toEqual(['done', true, gone.stackBase, []]);
    arena.collect();
    // The main thread alone: the host runs none of them.
    expect([plinth.suspend([gone.hart, main.hart]), gone.suspended, main.suspended]).toEqual([1, 0, 1]);
    expect([plinth.resume(), main.suspended, plinth.resume()]).toEqual([1, 0, 0]);
  });

  test('a hart that is nobody\'s thread cannot be stopped <design/thix#.inv.known>', () => {
    const rig = make(), stranger = new Hart('stranger', rig.kernel.memory, rig.process.space, 64);
    rig.arena.threadRegister(stranger, RankEXACT);
    rig.arena.enter();
    expect(() => { rig.arena.shield.hold(); }).toThrow('<design/thix#.inv.known>');
  });

  test('frames on a thread\'s stacks are where its interrupted registers lie, and nothing else is <design/thix#.frames>', () => {
    const rig = make({ driver: 'explored' }), main = rig.adopt(), { plinth } = rig.members[0];
    expect(plinth.framesOf(main.hart)).toEqual([]);
    // A page of a stack has memory once it is touched.
    main.sp -= 128;
    const fault = faultMake('page', 'store', main.sp | 0, WindowHIGH, 4, 5, 0, -1);
    expect(rig.process.map.fault(fault)).toBe('resolved');
    const [{ base, limit }, ...more] = plinth.framesOf(main.hart), physical = (rig.process.space.window[main.sp >>> 12] & -4096) + (main.sp & 4095);
    expect([base, limit - base, more]).toEqual([physical / 16, 8, []]);
  });
});

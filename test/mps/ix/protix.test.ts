import { describe, expect, test } from 'vitest';
import { PageLOADCAP, PageQUICK, PageREAD, PageSIZE, PageSTORECAP, PageVALID, PageWRITE, PageEXECUTE, WindowHIGH, type Hart } from '../../../code/machine/machine.ts';
import { protixConvert } from '../../../code/mps/ix/protix.ts';
import { Vmix } from '../../../code/mps/ix/vmix.ts';
import { AccessNONE, AccessREAD, AccessWRITE } from '../../../code/mps/mps.ts';
import {
  EACCES, EINVAL, ENOMEM, ProtEXEC, ProtHASCAP, ProtNONE, ProtREAD, ProtWRITE, SA_NODEFER, SA_ONSTACK, SA_RESTART, SA_SIGINFO, SIGSEGV, SigSetEMPTY,
  type SigAction,
} from '../../../code/os/os.ts';
import { action, failure, opener, own, rightsAt, type Rig, ways } from './rig.ts';

describe.each(ways)('$title', ({ make, abi }) => {
  const DATA = PageVALID | PageREAD | PageLOADCAP, ALL = DATA | PageQUICK | PageWRITE | PageSTORECAP;

  /** What forbidding something comes to, by the set of accesses: as mprotect is told, and as pages show it. */
  const tables = [
    { execute: false, prots: [ProtREAD | ProtWRITE, ProtNONE, ProtREAD, ProtNONE], rights: [ALL, PageVALID, DATA, PageVALID] },
    {
      execute: true, prots: [ProtREAD | ProtWRITE | ProtEXEC, ProtNONE, ProtREAD | ProtEXEC, ProtNONE],
      rights: [ALL | PageEXECUTE, PageVALID, DATA | PageEXECUTE, PageVALID],
    },
  ];

  describe('setting protection', () => {
    for (const { execute, prots, rights } of tables) {
      test(`each set of accesses becomes a protection, and the page has it at once <design/protix#.fun.set.convert> <design/protix#.departs.execute> execute=${execute}`, () => {
        const rig = make({ execute }), { plinth } = rig.members[0], modes = [AccessNONE, AccessREAD, AccessWRITE, AccessREAD | AccessWRITE];
        const base = plinth.reserve(0x1_0000)?.base ?? 0;
        expect(plinth.commit(base, 4 * PageSIZE)).toBe(true);
        expect(modes.map((mode) => protixConvert(mode, execute))).toEqual(prots);
        for (const from of modes) {
          for (const to of modes) {
            plinth.protSet(base + PageSIZE, base + 3 * PageSIZE, from);
            plinth.protSet(base + PageSIZE, base + 3 * PageSIZE, to);
            expect([0, 1, 2, 3].map((page) => rightsAt(rig.process, base + page * PageSIZE))).toEqual([ALL, rights[to], rights[to], ALL]);
          }
        }
      });

      test(`no later mprotect gives more than is ever needed <design/protix#.departs.max> execute=${execute}`, () => {
        const { process } = make(), vmix = new Vmix(process, execute), base = vmix.reserve(0x1_0000)?.base ?? 0;
        const most = ProtREAD | ProtWRITE | ProtHASCAP | (execute ? ProtEXEC : 0);
        expect(vmix.commit(base, PageSIZE)).toBe(true);
        const mine = process.map.entries().filter(({ reservation }) => reservation === base >>> 0);
        expect(mine.map(({ kind, max }) => [kind, max])).toEqual([['mapped', most], ['mapped', most]]);
        expect(process.map.mprotect(vmix.hart, 2, PageSIZE, ProtREAD | ProtEXEC)).toBe(execute ? 0 : abi === 'pcuabi' ? EINVAL : EACCES);
      });
    }

    test('protection is one mprotect of the range, and it has effect before protSync, which does nothing <design/protix#.fun.set> <design/protix#.fun.sync>', () => {
      const rig = make(), { plinth } = rig.members[0], { map } = rig.process, calls: number[] = [], mprotect = map.mprotect.bind(map);
      const base = plinth.reserve(0x1_0000)?.base ?? 0;
      expect(plinth.commit(base, 0x1_0000)).toBe(true);
      Object.assign(map, { mprotect: (...told: Parameters<typeof mprotect>) => {
        calls.push(told[2]);
        return mprotect(...told);
      } });
      plinth.protSet(base, base + 8 * PageSIZE, AccessWRITE);
      const entries = map.entries(), rights = rightsAt(rig.process, base + 7 * PageSIZE);
      expect([calls, rights]).toEqual([[8 * PageSIZE], DATA]);
      plinth.protSync();
      expect([calls.length, map.entries(), rightsAt(rig.process, base + 7 * PageSIZE)]).toEqual([1, entries, rights]);
    });

    test('a range may lie across the middle of the window, where addresses change their sign <design/protix#.fun.set>', () => {
      const rig = make(), { plinth } = rig.members[0], { map } = rig.process, mmap = map.mmap.bind(map);
      // A hint that the plinth does not give.
      Object.assign(map, { mmap: (hart: Hart, dst: number, _addr: number, ...told: [number, number, number]) => {
        Object.assign(map, { mmap });
        hart.set(dst, 0x7fff_8000, WindowHIGH, 0, 0);
        return mmap(hart, dst, dst, ...told);
      } });
      const base = plinth.reserve(0x1_0000)?.base ?? 0;
      expect([base, plinth.commit(base, 0x1_0000)]).toEqual([0x7fff_8000, true]);
      plinth.protSet(base + 7 * PageSIZE, (base + 9 * PageSIZE) | 0, AccessREAD);
      expect([6, 7, 8, 9].map((page) => rightsAt(rig.process, base + page * PageSIZE))).toEqual([ALL, PageVALID, PageVALID, ALL]);
    });

    test('an mprotect that fails is a defect <design/protix#.fun.set.assume.mprotect>', () => {
      const rig = make(), { plinth } = rig.members[0], base = plinth.reserve(0x1_0000)?.base ?? 0, tag = '<design/protix#.fun.set.assume.mprotect>';
      expect(() => { plinth.protSet(base, base + 17 * PageSIZE, AccessREAD); }).toThrow(tag);
      expect(() => { plinth.protSet(base + 16, base + PageSIZE, AccessREAD); }).toThrow(tag);
      plinth.protSet(base, base + PageSIZE, AccessREAD);
      Object.assign(rig.process.map, { mprotect: () => ENOMEM });
      expect(() => { plinth.protSet(base, base + PageSIZE, AccessREAD); }).toThrow(tag);
    });
  });

  describe('setting up', () => {
    const actionOf = (rig: Rig): SigAction => rig.process.sigaction(SIGSEGV, null) as SigAction;

    test('the handler blocks nothing, itself included, runs on an alternate stack, and restarts system calls <design/protix#.fun.setup> <design/protix#.fun.setup.restart> <design/protix#.threads.suspend> <design/protix#.departs.sigstack>', () => {
      const { mask, flags, handler } = actionOf(make());
      expect([mask, flags, typeof handler]).toEqual([SigSetEMPTY, SA_SIGINFO | SA_RESTART | SA_ONSTACK | SA_NODEFER, 'function']);
      expect(actionOf(make({ arenas: 0 })).handler).toBe('SIG_DFL');
    });

    test('what was there before is kept, also when more arenas come, and when all have gone <design/protix#.fun.setup.previous> <design/protix#.data.signext>', () => {
      const told: number[] = [], rig = make({ arenas: 2, before: action(opener(5, (signal) => told.push(signal))) }), main = rig.adopt();
      const installed = actionOf(rig);
      own(main, 5);
      main.hart.store32(5, 0, 1);
      rig.member();
      own(main, 6);
      main.hart.move(5, 6);
      main.hart.store32(5, 0, 2);
      expect([told, actionOf(rig)]).toEqual([[SIGSEGV, SIGSEGV], installed]);
      for (const { arena } of rig.members) {
        if (arena.hasThread(main.hart)) arena.threadDeregister(main.hart);
        arena.finish();
      }
      own(main, 5);
      expect([main.hart.load32(5, 0), told.length]).toEqual([0, 3]);
    });

    test('sigaction that fails is a defect <design/protix#.fun.setup>', () => {
      const rig = make({ arenas: 0 });
      Object.assign(rig.process, { sigaction: () => 22 });
      expect(() => rig.member()).toThrow('<design/protix#.fun.setup>');
    });
  });

  describe('taking faults', () => {
    test('what a barrier forbids is done by the arena and made again: a load sees the data, a store gets there <design/protix#.req.general> <design/protix#.threads.async.protection>', () => {
      for (const ask of ['ranges', 'locks'] as const) {
        const rig = make({ ask }), main = rig.adopt(), { counts } = rig.arena;
        rig.make(main, 5, 41);
        rig.make(main, 6, 42, { ref: 5 });
        rig.flip();
        expect([rig.forbidden(main, 5), rig.forbidden(main, 6)]).toEqual([AccessREAD, AccessREAD]);
        main.hart.loadCap(7, 6, 16);
        expect([main.hart.isSame(7, 5), main.hart.load32(7, 0), main.hart.load32(6, 0)]).toEqual([true, 41, 42]);
        rig.arena.collect();
        rig.flip();
        main.hart.store32(5, 0, 51);
        expect([main.hart.load32(5, 0), main.hart.load32(7, 0)]).toEqual([51, 51]);
        expect(counts.readHits).toBeGreaterThan(1);
        expect(rig.account()).toEqual([main.hart.faults, main.hart.faults]);
        rig.end();
      }
    });

    test('whether an access writes is known: a load of what may not be written is no hit <design/protix#.departs.direction>', () => {
      const rig = make(), main = rig.adopt(), { counts } = rig.arena;
      // An object that is not copied, so that its segment grows old enough for a summary; and the next one, to be out of its segment.
      rig.make(main, 5, 41, { size: 8192 });
      rig.make(main, 6, 42);
      for (let i = 0; i < 6 && rig.forbidden(main, 5) !== AccessWRITE; ++i) rig.arena.collect();
      expect(rig.forbidden(main, 5)).toBe(AccessWRITE);
      expect([main.hart.load32(5, 0), counts.writeHits, main.hart.faults]).toEqual([41, 0, 0]);
      // While it is grey as well, a load leaves the summary alone.
      rig.flip();
      expect([rig.forbidden(main, 5), main.hart.load32(5, 0), counts.readHits, rig.forbidden(main, 5)]).toEqual([AccessREAD | AccessWRITE, 41, 1, AccessREAD | AccessWRITE]);
      rig.arena.collect();
      main.hart.store32(5, 0, 42);
      expect([main.hart.load32(5, 0), counts.readHits, counts.writeHits, rig.forbidden(main, 5)]).toEqual([42, 1, 1, AccessNONE]);
      rig.end();
    });

    test('a fault for which there is no handler ends the process, and is counted nowhere <design/protix#.inv.count>', () => {
      const rig = make(), main = rig.adopt();
      rig.make(main, 5, 41);
      rig.flip();
      main.mask = { low: 1 << (SIGSEGV - 1), high: 0 };
      expect(failure(() => main.hart.load32(5, 0))).toContain('died of SIGSEGV');
      expect(rig.account()).toEqual([1, 0]);
    });
  });
});

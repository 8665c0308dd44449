import { describe, expect, test } from 'vitest';
import { PageSIZE, type Hart } from '../../../code/machine/machine.ts';
import {
  MapANON, MapPRIVATE, MapSHARED, PROT_CHERI_TAG, ProtHASCAP, ProtNOCAP, ProtNONE, ProtREAD, ProtWRITE, SA_NODEFER, SA_RESETHAND, SA_SIGINFO, SEGV_ACCERR, SEGV_CAPTAGERR, SEGV_MAPERR, SI_LWP, SI_USER, SIG_DFL, SIG_IGN, SIGKILL, SIGPROT, SIGSEGV, sigSet, sigSetAdd,
  sigSetHas, SIGUSR1, SIGUSR2, stepLoad32, stepStore32, type SigAction, type Thread, type ThreadBody,
} from '../../../code/os/os.ts';
import { grant } from '../../os/grant.ts';
import { action, failure, open, opener, own, pages, protOf, reportOf, slotCopy, type Rig, type RigOptions, ways } from './rig.ts';

describe.each(ways)('$title', ({ make, abi }) => {
  /** A rig with a page of the program's own, which nobody may access, in slot 5 of its main thread. */
  function foreign(options: RigOptions): { rig: Rig; main: Thread; hart: Hart; low: number } {
    const rig = make(options), main = rig.adopt();
    own(main, 5);
    return { rig, main, hart: main.hart, low: main.hart.r[5 << 3] };
  }

  /** spawned -- the same for a thread that is cut anywhere: it stores 7 in the page. */
  function spawned(options: RigOptions, more: ThreadBody = function* () { yield; }): { rig: Rig; main: Thread; thread: Thread } {
    const { rig, main } = foreign({ driver: 'explored', ...options });
    const thread = rig.spawn('stepper', function* (t, self) {
      yield* stepStore32(5, 8, 7);
      yield* more(t, self);
    }, { stepped: true });
    slotCopy(thread.hart, 5, main.hart, 5);
    return { rig, main, thread };
  }

  const hex = (low: number): string => (low >>> 0).toString(16).padStart(8, '0');

  describe('the default action', () => {
    test('ends the process, with a report of the access as it was <design/protix#.departs.forward>', () => {
      const { rig, hart, low } = foreign({});
      expect(failure(() => { hart.store32(5, 8, 1); })).toContain('died of SIGSEGV (SEGV_ACCERR) in thread 1 \'main\'');
      expect(reportOf(rig.process)).toMatch(new RegExp(`store of 4 bytes at 0x[0-9a-f]*${hex(low + 8)} through slot 5 offset 8`));
      expect(reportOf(rig.process)).not.toContain('ignored');
      const { rig: other, thread } = spawned({});
      other.run();
      expect([thread.state, reportOf(other.process)]).toEqual(['done', expect.stringContaining('store of 4 bytes')]);
    });

    test('does so too where the fault is of a capability on a page that takes none <design/protix#.departs.forward>', () => {
      const { rig, hart } = foreign({});
      // Shared memory, by a capability that may store others where that has none by itself.
      const flags = MapANON | (abi === 'pcuabi' ? MapSHARED : MapPRIVATE), prot = ProtREAD | ProtWRITE | (abi === 'pcuabi' ? 0 : ProtNOCAP);
      expect(rig.process.map.mmap(hart, 6, 0, PageSIZE, prot, flags)).toBe(0);
      grant(rig.process.map, hart, 6, hart.r[6 << 3], ProtREAD | ProtWRITE, false);
      expect(failure(() => { hart.storeCap(6, 16, 5); })).toContain(abi === 'pcuabi' ? 'SEGV_CAPACCESSERR' : 'SEGV_STORETAG');
      expect(reportOf(rig.process)).toContain('the page does not allow tagged capabilities');
    });

    test('where the signal is sent again knows nothing of the access <design/protix#.data.signext>', () => {
      for (const { rig, go } of [foreign({ forward: 'kill' }), spawned({ forward: 'kill' })].map((it) => ({
        rig: it.rig, go: 'hart' in it ? () => { it.hart.store32(5, 8, 1); } : () => { it.rig.run(); },
      }))) {
        failure(go);
        expect(reportOf(rig.process).split('\n').slice(0, 2)).toEqual([expect.stringContaining('died of SIGSEGV (SI_USER)'), `  sent by process ${rig.process.pid}`]);
      }
    });
  });

  describe('a signal that is ignored', () => {
    test('ends the process if it is a fault, as the kernel has it <design/protix#.departs.forward>', () => {
      const { rig, hart } = foreign({ before: action(SIG_IGN) });
      expect(failure(() => hart.load32(5, 0))).toContain('died of SIGSEGV (SEGV_ACCERR)');
      expect(reportOf(rig.process)).toContain('SIGSEGV is ignored: a fault cannot be');
    });

    test('where it is sent again the access faults for ever <design/protix#.data.signext>', () => {
      const { rig, thread } = spawned({ forward: 'kill', before: action(SIG_IGN) });
      for (let i = 0; i < 400; ++i) expect(rig.kernel.step()).toBe(true);
      expect([rig.process.status, thread.state, rig.protsgix.forwarded === thread.hart.faults || rig.protsgix.forwarded === thread.hart.faults - 1]).toEqual([null, 'runnable', true]);
      expect(thread.hart.faults).toBeGreaterThan(50);
      rig.process.kill(SIGKILL);
      rig.run();
      expect(thread.state).toBe('done');
    });
  });

  describe('a handler', () => {
    const told: unknown[] = [];
    const noting = (flags: number): SigAction => action(opener(5, (signal, info, context, thread) => {
      told.splice(0, told.length, signal, info?.code, info?.low, info?.pid, context?.access, context?.slot, context?.offset, thread.name);
    }), flags);

    test('is called in the thread that faulted, with what is known of the fault, if it asks for it <design/protix#.departs.forward>', () => {
      const { hart, low } = foreign({ before: noting(SA_SIGINFO) });
      hart.store32(5, 8, 7);
      expect([hart.load32(5, 8), told]).toEqual([7, [SIGSEGV, SEGV_ACCERR, (low + 8) | 0, 0, 'store', 5, 8, 'main']]);
      const { rig, main, thread } = spawned({ before: noting(SA_SIGINFO) });
      rig.run();
      expect([main.hart.load32(5, 8), told]).toEqual([7, [SIGSEGV, SEGV_ACCERR, (main.hart.r[5 << 3] + 8) | 0, 0, 'store', 5, 8, thread.name]]);
      foreign({ before: noting(0) }).hart.load32(5, 0);
      expect(told).toEqual([SIGSEGV, ...Array.from({ length: 6 }, () => undefined), 'main']);
    });

    test('that is sent the signal is told who sent it, and nothing of the fault; ours is there again afterwards <design/protix#.data.signext>', () => {
      for (const stepped of [false, true]) {
        const options: RigOptions = { before: noting(SA_SIGINFO), forward: 'kill' };
        const { rig, main } = stepped ? spawned(options) : foreign(options), installed = rig.process.sigaction(SIGSEGV, null);
        main.mask = sigSet(SIGUSR2);
        if (stepped) rig.run();
        else main.hart.store32(5, 8, 7);
        expect([main.hart.load32(5, 8), told]).toEqual([7, [SIGSEGV, SI_USER, 0, rig.process.pid, null, -1, 0, stepped ? 'stepper' : 'main']]);
        expect([rig.process.sigaction(SIGSEGV, null), rig.protsgix.forwarded, main.mask]).toEqual([installed, 1, sigSet(SIGUSR2)]);
        rig.make(main, 6, 9);
        rig.flip();
        expect([main.hart.load32(6, 0), rig.arena.counts.readHits]).toEqual([9, 1]);
      }
    });

    test('that is sent the signal is given the faults of others meanwhile, even on barriers <design/protix#.departs.forward>', () => {
      const codes = new Map<string, Set<string>>();
      for (const forward of ['fault', 'kill'] as const) {
        const given = new Set<string>(), { rig, main, thread } = spawned({ forward, before: action(function* (_signal, info, _context, self) {
          given.add(`${self.name} ${info?.code === SI_USER ? 'sent' : 'fault'}`);
          for (let i = 0; i < 40; ++i) yield;
          open(self, 5);
        }, SA_SIGINFO) });
        rig.make(main, 6, 9);
        rig.flip();
        const other = rig.spawn('other', function* () {
          while (thread.depth < 3 && !given.has('stepper fault')) yield;
          yield* stepLoad32(6, 0);
        }, { stepped: true });
        for (const slot of [5, 6]) slotCopy(other.hart, slot, main.hart, slot);
        rig.run();
        codes.set(forward, given);
      }
      expect([codes.get('fault'), codes.get('kill')]).toEqual([new Set(['stepper fault']), new Set(['stepper sent', 'other fault'])]);
    });

    test('has its mask while it runs, and the signal itself blocked without SA_NODEFER <design/protix#.departs.forward>', () => {
      for (const flags of [0, SA_NODEFER]) {
        const seen: boolean[][] = [], log: string[] = [];
        const has = ({ mask }: Thread): boolean[] => [SIGSEGV, SIGUSR1, SIGUSR2].map((signal) => sigSetHas(mask, signal));
        const { rig, main, hart } = foreign({ before: action(opener(5, (_signal, _info, _context, thread) => {
          seen.push(has(thread));
          thread.kill(SIGUSR1);
          log.push('handled');
        }), flags, sigSet(SIGUSR1)) });
        rig.process.sigaction(SIGUSR1, action(function* () {
          yield;
          log.push('the other');
        }));
        main.mask = sigSet(SIGUSR2);
        hart.store32(5, 0, 1);
        expect([seen, has(main), log]).toEqual([[[flags === 0, true, true]], [false, false, true], ['handled', 'the other']]);
      }
    });

    test('that faults itself is called again with SA_NODEFER, and without it is the end <design/protix#.departs.forward>', () => {
      for (const flags of [SA_NODEFER, 0]) {
        let depth = 0;
        const { rig, main, hart } = foreign({ before: action(function* (_signal, _info, _context, thread) {
          yield;
          depth += 1;
          if (depth === 1) thread.hart.load32(6, 0);
          for (const slot of [5, 6]) open(thread, slot);
        }, flags) });
        own(main, 6);
        const end = failure(() => hart.load32(5, 0));
        expect([depth, end, rig.protsgix.forwarded]).toEqual(flags === 0 ? [1, expect.stringContaining('died of SIGSEGV'), 1] : [2, 'nothing', 2]);
        expect(reportOf(rig.process).includes('SIGSEGV is blocked: a fault cannot wait')).toBe(flags === 0);
      }
    });

    test('with SA_RESETHAND is called once, and then the default is due; not where the signal is sent again <design/protix#.departs.forward>', () => {
      for (const forward of ['fault', 'kill'] as const) {
        let calls = 0;
        const { rig, main, hart } = foreign({ forward, before: action(opener(5, () => { calls += 1; }), SA_RESETHAND) });
        hart.load32(5, 0);
        own(main, 5);
        const end = failure(() => hart.load32(5, 0));
        expect([calls, end]).toEqual(forward === 'kill' ? [2, 'nothing'] : [1, expect.stringContaining('died of SIGSEGV (SEGV_ACCERR)')]);
        expect(rig.protsgix.forwarded).toBe(2);
      }
    });
  });

  describe('what is no barrier', () => {
    test('a fault of a capability is nobody\'s barrier, whichever signal it is <design/protix#.inv.accerr>', () => {
      const log: unknown[] = [], signal = abi === 'pcuabi' ? SIGSEGV : SIGPROT;
      const mend = action(function* (told, info, context, thread) {
        yield;
        log.push(told, info?.code, context?.kind);
        const local = thread.hart.local();
        slotCopy(thread.hart, local, thread.hart, 7);
        context?.store(6, local);
      }, SA_SIGINFO);
      const { rig, hart } = foreign(abi === 'pcuabi' ? { before: mend } : {});
      if (abi === 'cheribsd') rig.process.sigaction(SIGPROT, mend);
      rig.make(rig.threads[0], 6, 1);
      hart.move(7, 6);
      hart.clear(6);
      const { forwarded, cleared } = rig.protsgix;
      expect([hart.load32(6, 0), log]).toEqual([1, [signal, abi === 'pcuabi' ? SEGV_CAPTAGERR : PROT_CHERI_TAG, 'tag']]);
      expect([rig.protsgix.forwarded, rig.protsgix.cleared, rig.arena.counts.clearedHits]).toEqual([forwarded, cleared, 0]);
    });

    test('an address where nothing is goes on without any arena being asked <design/protix#.inv.accerr>', () => {
      for (const ask of ['ranges', 'locks'] as const) {
        const codes: unknown[] = [], rig = make({ ask, before: action(function* (_signal, info, _context, thread) {
          yield;
          codes.push(info?.code);
          slotCopy(thread.hart, 5, thread.hart, 6);
          throw new RangeError('enough');
        }, SA_SIGINFO) }), main = rig.adopt();
        Object.assign(rig.arena, { owns: () => codes.push('asked'), access: () => codes.push('asked') });
        pages(main, 5);
        expect(rig.process.map.munmap(main.hart, 5, PageSIZE)).toBe(0);
        expect(failure(() => main.hart.load32(5, 0))).toBe('RangeError: enough');
        expect([codes, rig.protsgix.forwarded]).toEqual([[SEGV_MAPERR], 1]);
      }
    });

    test('a SIGSEGV that somebody sent is passed on, not counted, and can be ignored <design/protix#.departs.sent>', () => {
      const codes: unknown[] = [];
      for (const before of [SIG_IGN, SIG_DFL, opener(5, (_signal, info) => codes.push(info?.code))] as const) {
        const { rig, main, low } = foreign({ before: action(before, SA_SIGINFO) }), end = failure(() => main.kill(SIGSEGV));
        expect(rig.protsgix.forwarded).toBe(0);
        if (before === SIG_DFL) expect([end, reportOf(rig.process).split('\n')[1]]).toEqual([expect.stringContaining('died of SIGSEGV (SI_LWP)'), '  sent by process 0']);
        else expect([end, rig.process.status, protOf(rig.process, low)]).toEqual(['nothing', null, before === SIG_IGN ? ProtNONE : ProtREAD | ProtWRITE | ProtHASCAP]);
      }
      expect(codes).toEqual([SI_LWP]);
    });

    test('every fault of these is told of <design/protix#.inv.count>', () => {
      const { rig, hart, low } = foreign({ before: action(opener(5)) });
      hart.store32(5, 12, 1);
      expect(rig.members[0].told.filter(({ type }) => type === 'fault')).toEqual([{ clock: 0, type: 'fault', thread: 'main', addr: (low + 12) >>> 0, access: 'store', found: 'forwarded' }]);
      expect([rig.account(), sigSetAdd(sigSet(), SIGSEGV)]).toEqual([[1, 1], sigSet(SIGSEGV)]);
    });
  });
});

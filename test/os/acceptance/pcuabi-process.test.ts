/* pcuabi-process.test.ts: WHAT A PROGRAM OF MORELLO LINUX BEGINS WITH AND IS TOLD
 *
 * The tables of faults, of calls that reach a program's memory, and of the first memory of a process; and what execve leaves of the old.
 */
import { describe, expect, test } from 'vitest';
import {
  incOffset, lengthOf, PageSIZE, sealEntry, setBounds, slotRead, type Hart, type PermBits,
} from '../../../code/machine/machine.ts';
import {
  AT_CHERI_CID_CAP, AT_CHERI_EXEC_RW_CAP, AT_CHERI_EXEC_RX_CAP, AT_CHERI_SEAL_CAP, AT_CHERI_STACK_CAP, AT_ENTRY, AT_EXECFN_LINUX, AT_NULL,
  AT_PLATFORM_LINUX, AT_RANDOM_LINUX, AT_SYSINFO_EHDR_LINUX, AuxSIZE, AuxVALUE,
} from '../../../code/os/proc/auxiliary.ts';
import { EBADF, EINVAL } from '../../../code/os/errno.ts';
import { execute, execve, type Program as Executable } from '../../../code/os/proc/exec.ts';
import { RLIMIT_STACK } from '../../../code/os/proc/limits.ts';
import { ArgvSLOT, AuxvSLOT, CodeSLOT, StackSLOT } from '../../../code/os/proc/registers.ts';
import type { ThreadRun } from '../../../code/os/thread.ts';
import { MapPRIVATE, protMax, ProtNONE } from '../../../code/os/vm/mman.ts';
import { inProcess, kernelOf, Program, type Part } from './os-rig.ts';
import { AP, both, linux, nameOf, NULL, R, RW, type System } from './rig.ts';

const named = (systems: readonly System[]): (readonly [string, System])[] => systems.map((system) => [nameOf(system), system] as const);

describe('faults', () => {
  type Spoil = (p: Program, slot: number) => void;
  const load = (hart: Hart, slot: number): void => void hart.load32(slot, 0);
  const store = (hart: Hart, slot: number): void => {
    hart.store32(slot, 0, 1);
  };
  const storeCap = (hart: Hart, slot: number): void => {
    hart.storeCap(slot, 0, slot);
  };
  const without = (...perms: (keyof PermBits)[]): Spoil => (p, slot) => {
    p.hart.move(slot, p.without(slot, ...perms));
  };
  const table: readonly { says: string; spoil: Spoil; access: (hart: Hart, slot: number) => void; gives: string }[] = [
    { says: 'untagged', spoil: (p, slot) => {
      p.hart.move(slot, p.stripped(slot));
    }, access: load, gives: 'SIGSEGV SEGV_CAPTAGERR' },
    { says: 'sealed', spoil: (p, slot) => {
      sealEntry(p.hart, slot, slot);
    }, access: load, gives: 'SIGSEGV SEGV_CAPSEALEDERR' },
    { says: 'out of bounds', spoil: (p, slot) => {
      setBounds(p.hart, slot, slot, 3);
    }, access: load, gives: 'SIGSEGV SEGV_CAPBOUNDSERR' },
    { says: 'without LOAD', spoil: without('load'), access: load, gives: 'SIGSEGV SEGV_CAPPERMERR' },
    { says: 'without STORE', spoil: without('store'), access: store, gives: 'SIGSEGV SEGV_CAPPERMERR' },
    { says: 'without STORE_CAP', spoil: without('storeCap'), access: storeCap, gives: 'SIGSEGV SEGV_CAPPERMERR' },
    { says: 'a capability, misaligned', spoil: (p, slot) => {
      incOffset(p.hart, slot, slot, 8);
    }, access: storeCap, gives: 'SIGBUS BUS_ADRALN' },
    { says: 'a page that is not there', spoil: (p, slot) => {
      expect(p.process.map.munmap(p.hart, p.copy(slot), PageSIZE)).toBe(0);
    }, access: load, gives: 'SIGSEGV SEGV_MAPERR' },
    { says: 'a page that forbids it', spoil: (p, slot) => {
      expect(p.process.map.mprotect(p.hart, slot, PageSIZE, R)).toBe(0);
    }, access: store, gives: 'SIGSEGV SEGV_ACCERR' },
    { says: 'a bad capability of a page that is not there', spoil: (p, slot) => {
      expect(p.process.map.munmap(p.hart, p.copy(slot), PageSIZE)).toBe(0);
      p.hart.move(slot, p.stripped(slot));
    }, access: load, gives: 'SIGSEGV SEGV_CAPTAGERR' },
  ];
  for (const [name, system] of named(linux)) {
    test.each(table)(`$says: ${name} <design/signal#.fault>`, ({ spoil, access, gives }) => {
      inProcess(system, function* (p) {
        const slot = p.live(PageSIZE);
        spoil(p, slot);
        expect(yield* p.told(() => {
          access(p.hart, slot);
        })).toBe(gives);
      });
    });
  }
});

describe('calls that reach memory', () => {
  test.each(named(both))('%s: what the capability forbids is EFAULT, and no signal <design/copy#.inv.authority>', (_, system) => {
    inProcess(system, function* (p) {
      const fd = p.open('/tmp/f'), page = p.live(PageSIZE), { files } = p.process, sealed = p.slot();
      expect(files.pwrite(p.thread, fd, page, 64, 0)).toBe(64);
      sealEntry(p.hart, sealed, page);
      const bad = [p.stripped(page), sealed, p.without(page, 'store'), p.narrow(page, 0, 0)];
      expect(yield* p.told(() => {
        for (const slot of bad) expect(files.pread(p.thread, fd, slot, 64, 0)).toBe(-14);
        for (const slot of [bad[0], bad[1], p.without(page, 'load'), bad[3]]) expect(files.pwrite(p.thread, fd, slot, 64, 0)).toBe(-14);
      })).toBe('ok');
    });
  });

  test.each(named(both))('%s: what can be transferred before that is, and the count says so <design/copy#.inv.prefix>', (_, system) => {
    inProcess(system, function* (p) {
      const fd = p.open('/tmp/f'), pages = p.live(2 * PageSIZE), { files, map } = p.process;
      expect(files.pwrite(p.thread, fd, pages, 2 * PageSIZE, 0)).toBe(2 * PageSIZE);
      expect(map.mprotect(p.hart, p.on(pages, PageSIZE), PageSIZE, ProtNONE)).toBe(0);
      expect(files.pread(p.thread, fd, pages, 2 * PageSIZE, 0)).toBe(PageSIZE);
      expect(files.pwrite(p.thread, fd, p.on(pages, 100), 2 * PageSIZE - 100, 0)).toBe(PageSIZE - 100);
      expect(files.pread(p.thread, fd, p.narrow(pages, 0, 10), 100, 0)).toBe(10);
      expect(files.pread(p.thread, fd, p.on(pages, PageSIZE), 100, 0)).toBe(-14);
      yield;
    });
  });

  test.each(named(both))('%s: a read that fails has not consumed what it could not deliver <design/pipe#.inv.keep>', (_, system) => {
    inProcess(system, function* (p) {
      const { files, map } = p.process, [out, to] = p.pair((slot) => files.pipe(p.thread, slot)), page = p.live(PageSIZE);
      p.write(page, 0, [5, 6, 7]);
      expect(yield* files.write(p.thread, to, page, 3)).toBe(3);
      expect(map.mprotect(p.hart, page, PageSIZE, ProtNONE)).toBe(0);
      expect(yield* p.give(files.read(p.thread, out, page, 3))).toBe('EFAULT');
      expect(map.mprotect(p.hart, page, PageSIZE, RW)).toBe(0);
      expect([yield* p.give(files.read(p.thread, out, p.on(page, 64), 3)), p.read(page, 64, 3)]).toEqual([3, [5, 6, 7]]);
    });
  });
});

describe('descriptors of mappings', () => {
  test.each(named(linux))('%s: M0 one that is none is EBADF before all else, and does not matter to anonymous memory <design/mman#.mmap>', (_, system) => {
    inProcess(system, function* (p) {
      const map = (prot: number, flags: number): number => p.process.mmap(p.hart, p.slot(), p.stripped(p.live(PageSIZE)), 0, prot, flags, 99);
      expect(map(RW | protMax(R), MapPRIVATE)).toBe(EBADF);
      expect(p.process.mmap(p.hart, p.slot(), NULL, PageSIZE, RW, AP, 99)).toBe(0);
      yield;
    });
  });
});

// The first memory ----------------------------------------------------------------------------------------------------

/** begun -- look at a program as it begins. */
function begun(says: string, cites: string, look: (p: Program) => Part<void>): void {
  test.each(named(linux))(`%s: ${says} ${cites}`, (_, system) => {
    const kernel = kernelOf(system), process = kernel.process('init');
    let isOver = false;
    const program: Executable = { name: '/bin/p', text: 2 * PageSIZE, data: PageSIZE, bss: PageSIZE, *main(_hart, thread) {
      yield* look(new Program(thread));
      isOver = true;
      return 0;
    } };
    expect(process.setrlimit(RLIMIT_STACK, { soft: 0x4_0000, hard: 0x4_0000 })).toBe(0);
    expect(execute(process, program, ['p', 'argument'], ['A=1'])).toBeTypeOf('object');
    kernel.run();
    expect([isOver, process.status]).toEqual([true, { exit: 0 }]);
  });
}

/** auxiliary -- the entry of a type, in a slot. */
function auxiliary(p: Program, type: number): number {
  const slot = p.slot();
  for (let entry = 0; ; ++entry) {
    const found = p.hart.load32(AuxvSLOT, entry * AuxSIZE);
    expect(found).not.toBe(AT_NULL);
    if (found !== type) continue;
    p.hart.loadCap(slot, AuxvSLOT, entry * AuxSIZE + AuxVALUE);
    return slot;
  }
}

/** reservationOf -- where a slot's bounds lie among the reservations: 'whole', 'part' or 'none'. */
function reservationOf(p: Program, slot: number): string {
  const low = p.low(slot), base = Number(p.format.bounds(slotRead(p.hart, slot)).base & 0xffff_ffffn), limit = base + lengthOf(p.hart, slot);
  const entries = p.process.map.entries(), { reservation } = entries.find((entry) => entry.base <= low && low < entry.limit) ?? { reservation: -1 };
  const own = entries.filter((entry) => entry.reservation === reservation), end = Math.max(...own.map((entry) => entry.limit));
  return reservation < 0 ? 'none' : base === reservation && limit === end ? 'whole' : base >= reservation && limit <= end ? 'part' : 'none';
}

describe('the first memory', () => {
  begun('the stack is one reservation, as long as the limit; csp has its bounds, and may not manage it', '<design/exec#.start>', function* (p) {
    expect([lengthOf(p.hart, StackSLOT), reservationOf(p, StackSLOT), p.perms(StackSLOT).includes('user1')]).toEqual([0x4_0000, 'whole', false]);
    const owner = auxiliary(p, AT_CHERI_STACK_CAP);
    expect([reservationOf(p, owner), p.perms(owner).filter((perm) => ['load', 'store', 'execute', 'user1'].includes(perm))])
      .toEqual(['whole', ['load', 'store', 'user1']]);
    expect(p.process.map.mprotect(p.hart, p.on(owner, 0x4_0000 - PageSIZE), PageSIZE, RW)).toBe(0);
    yield;
  });

  begun('the image is one reservation, with owners for RX and RW; the counter is bounded to the code', '<design/exec#.start>', function* (p) {
    const rx = auxiliary(p, AT_CHERI_EXEC_RX_CAP), rw = auxiliary(p, AT_CHERI_EXEC_RW_CAP);
    expect([reservationOf(p, rx), reservationOf(p, rw), reservationOf(p, CodeSLOT)]).toEqual(['whole', 'whole', 'part']);
    expect([p.perms(rx).includes('execute'), p.perms(rx).includes('store'), p.perms(rx).includes('invoke'), p.perms(rx).includes('user1')])
      .toEqual([true, false, true, true]);
    expect([p.perms(rw).includes('execute'), p.perms(rw).includes('store'), p.perms(rw).includes('user1')]).toEqual([false, true, true]);
    expect([lengthOf(p.hart, CodeSLOT), p.perms(CodeSLOT).includes('store')]).toEqual([2 * PageSIZE, false]);
    yield;
  });

  begun('strings may be read and written, what the kernel tells only read, and the entry is a sentry', '<design/exec#.auxv>', function* (p) {
    const text = p.slot(), plain = ['global', 'load', 'store'];
    p.hart.loadCap(text, ArgvSLOT, 16);
    expect([p.perms(text), lengthOf(p.hart, text)]).toEqual([plain, 'argument'.length + 1]);
    for (const type of [AT_PLATFORM_LINUX, AT_RANDOM_LINUX, AT_EXECFN_LINUX]) expect([type, p.perms(auxiliary(p, type))]).toEqual([type, ['global', 'load']]);
    const entry = auxiliary(p, AT_ENTRY);
    expect([p.format.isSentry(slotRead(p.hart, entry)), p.perms(entry).includes('execute'), p.perms(entry).includes('store')]).toEqual([true, true, false]);
    yield;
  });

  begun('there are roots for sealing and for compartments, and the vdso has a reservation of its own', '<design/exec#.roots>', function* (p) {
    expect([p.perms(auxiliary(p, AT_CHERI_SEAL_CAP)), p.perms(auxiliary(p, AT_CHERI_CID_CAP))])
      .toEqual([['global', 'seal', 'unseal'], ['compartment', 'global']]);
    expect(reservationOf(p, auxiliary(p, AT_SYSINFO_EHDR_LINUX))).toBe('whole');
    yield;
  });

  test.each(named(both))('%s: L8 execve leaves nothing of what was mapped, and the old capability is in no register <design/exec#.start>', (_, system) => {
    const kernel = kernelOf(system), process = kernel.process('first'), seen: boolean[] = [];
    let low = -1;
    const program: Executable = { name: 'second', text: PageSIZE, data: PageSIZE, bss: 0, *main(hart, { process: { map } }) {
      seen.push(map.entries().some(({ base, limit }) => base <= low && low < limit));
      for (let slot = 0; slot < 32; ++slot) if (hart.isTagged(slot)) seen.push(hart.r[slot * 8] >>> 0 === low);
      yield;
      return 3;
    } };
    process.spawn('main', function* (hart, thread): ThreadRun {
      const p = new Program(thread), page = p.live(64 * PageSIZE);
      low = p.low(page);
      hart.move(5, page);
      hart.store8(page, 0, 1);
      expect(execve(thread, program, [])).toBe(EINVAL);
      yield;
      execve(thread, program, ['second']);
    });
    kernel.run();
    expect([low > 0, seen.length > 4, seen.filter((found) => found), process.status]).toEqual([true, true, [], { exit: 3 }]);
    expect(kernel.frames.available).toBe(0x80_0000 - PageSIZE);
  });
});

/* scenarios-tags.test.ts: WHERE CAPABILITIES MAY LIVE
 *
 * Files that are mapped, shared and private; pipes, sockets, files that are read and written, and integers; and a program that hands work
 * over by pointers through a pipe, as against one that hands over numbers.
 */
import { describe, expect, test } from 'vitest';
import { addrOf, PageSIZE, setAddress, slotRead, type Hart } from '../../../code/machine/machine.ts';
import { SOCK_DGRAM, SOCK_STREAM } from '../../../code/os/fs/flags.ts';
import { MapANON, MapPRIVATE, MapSHARED } from '../../../code/os/vm/mman.ts';
import { fork } from '../../../code/os/proc/fork.ts';
import { sleep, Channel } from '../../../code/os/wait.ts';
import { ArgumentSLOT, type Thread, type ThreadRun } from '../../../code/os/thread.ts';
import { inProcess, putRoot, type Part, type Program } from './os-rig.ts';
import { AP, both, nameOf, RW, type System } from './rig.ts';

const per = (p: Program, ofLinux: string, ofBsd: string): string => (p.process.kernel.profile.abi === 'pcuabi' ? ofLinux : ofBsd);

function story(says: string, run: (p: Program) => Part<void>, systems: readonly System[] = both): void {
  test.each(systems.map((system) => [nameOf(system), system] as const))(`%s: ${says}`, (_name, system) => {
    inProcess(system, run);
  });
}

/** filled -- a file of a page that says 1, 2, 3. */
function* filled(p: Program, path: string): Part<number> {
  const fd = p.open(path), page = p.live(PageSIZE);
  p.write(page, 0, [1, 2, 3]);
  expect(yield* p.give(p.process.files.write(p.thread, fd, page, PageSIZE))).toBe(PageSIZE);
  return fd;
}

/** bytesOf -- what a file says. */
function bytesOf(p: Program, fd: number, at: number, length: number): number[] {
  const page = p.live(PageSIZE);
  expect(p.process.files.pread(p.thread, fd, page, length, at)).toBe(length);
  return p.read(page, 0, length);
}

describe('14 a file that is mapped shared', () => {
  story('takes data, and what has no tag; a tagged capability is refused <design/profile#.tags>', function* (p) {
    const fd = yield* filled(p, '/tmp/shared'), slot = p.live(PageSIZE, RW, MapSHARED, fd);
    expect(yield* p.told(() => {
      p.hart.store32(slot, 0, 99);
    })).toBe('ok');
    expect(yield* p.told(() => {
      p.hart.storeCap(slot, 16, p.stripped(slot));
    })).toBe('ok');
    expect(yield* p.told(() => {
      p.hart.storeCap(slot, 32, slot);
    })).toBe(per(p, 'SIGSEGV SEGV_CAPPERMERR', 'SIGSEGV SEGV_STORETAG'));
    expect(p.read(slot, 32, 16)).toEqual(Array.from({ length: 16 }, () => 0));
    expect(bytesOf(p, fd, 0, 1)).toEqual([99]);
  });

  story('refuses by its pages too, whatever the capability permits <design/profile#.tags>', function* (p) {
    const fd = yield* filled(p, '/tmp/shared'), slot = p.live(PageSIZE, RW, MapSHARED, fd), root = putRoot(p, p.low(slot));
    expect(yield* p.told(() => {
      p.hart.storeCap(root, 0, slot);
    })).toBe(per(p, 'SIGSEGV SEGV_CAPACCESSERR', 'SIGSEGV SEGV_STORETAG'));
  });

  story('shows what was once a capability without its tag <design/profile#.tags>', function* (p) {
    const fd = yield* filled(p, '/tmp/shared'), slot = p.live(PageSIZE, RW, MapSHARED, fd), own = p.live(PageSIZE), into = p.slot();
    p.hart.storeCap(own, 0, own);
    expect(p.process.files.pwrite(p.thread, fd, own, 16, 0)).toBe(16);
    p.hart.loadCap(into, putRoot(p, p.low(slot)), 0);
    expect([slotRead(p.hart, into), p.hart.isTagged(into)]).toEqual([{ ...slotRead(p.hart, own), tag: false }, false]);
  });
});

describe('15 a file that is mapped private', () => {
  story('holds capabilities once it is copied; neither file nor second mapper sees anything <design/profile#.tags>', function* (p) {
    const fd = yield* filled(p, '/tmp/private'), slot = p.live(PageSIZE, RW, MapPRIVATE, fd), other = p.live(PageSIZE, RW, MapPRIVATE, fd);
    expect(p.read(other, 0, 3)).toEqual([1, 2, 3]);
    p.hart.storeCap(slot, 16, slot);
    const back = p.slot();
    p.hart.loadCap(back, slot, 16);
    expect([p.hart.isSame(back, slot), p.read(slot, 0, 3)]).toEqual([true, [1, 2, 3]]);
    const nothing = Array.from({ length: 16 }, () => 0);
    expect([bytesOf(p, fd, 16, 16), p.read(other, 16, 16)]).toEqual([nothing, nothing]);
    p.hart.loadCap(back, other, 16);
    expect(p.hart.isTagged(back)).toBe(false);
  });

  story('shows what is written to the file until it is copied, and not after <design/vm-object#.inv.tags>', function* (p) {
    const fd = yield* filled(p, '/tmp/private'), early = p.live(PageSIZE, RW, MapPRIVATE, fd), late = p.live(PageSIZE, RW, MapPRIVATE, fd);
    p.hart.storeCap(early, 16, early);
    const page = p.live(PageSIZE);
    p.write(page, 0, [9]);
    expect(p.process.files.pwrite(p.thread, fd, page, 1, 0)).toBe(1);
    expect([p.hart.load8(early, 0), p.hart.load8(late, 0)]).toEqual([1, 9]);
  });
});

/** arrives -- a capability that has come somewhere: its bytes, without its tag, and no use. */
function* arrives(p: Program, original: number, at: number, offset: number): Part<void> {
  const back = p.slot();
  p.hart.loadCap(back, at, offset);
  expect(slotRead(p.hart, back)).toEqual({ ...slotRead(p.hart, original), tag: false });
  expect(yield* p.told(() => {
    p.hart.load8(back, 0);
  })).toBe(per(p, 'SIGSEGV SEGV_CAPTAGERR', 'SIGPROT PROT_CHERI_TAG'));
}

describe('16 what loses a tag and no bit', () => {
  story('a pipe <design/files#.inv.tags>', function* (p) {
    const own = p.live(PageSIZE), into = p.live(PageSIZE), [out, to] = p.pair((slot) => p.process.files.pipe(p.thread, slot));
    p.hart.storeCap(own, 16, own);
    p.hart.storeCap(into, 16, own);
    yield* p.copied(own, to, out, into, 64);
    yield* arrives(p, own, into, 16);
  });

  for (const [name, type] of [['stream', SOCK_STREAM], ['datagram', SOCK_DGRAM]] as const) {
    story(`a ${name} socket <design/files#.inv.tags>`, function* (p) {
      const own = p.live(PageSIZE), into = p.live(PageSIZE), [one, other] = p.pair((slot) => p.process.files.socketpair(p.thread, type, slot));
      p.hart.storeCap(own, 0, own);
      yield* p.copied(own, one, other, into, 16);
      yield* arrives(p, own, into, 0);
    });
  }

  story('a file that is written and read <design/files#.inv.tags>', function* (p) {
    const own = p.live(PageSIZE), into = p.live(PageSIZE), fd = p.open('/tmp/f');
    p.hart.storeCap(own, 0, own);
    expect(p.process.files.pwrite(p.thread, fd, own, 16, 0)).toBe(16);
    expect(p.process.files.pread(p.thread, fd, into, 16, 0)).toBe(16);
    yield* arrives(p, own, into, 0);
  });

  story('a file that is read over the capability itself <design/files#.inv.tags>', function* (p) {
    const own = p.live(PageSIZE), fd = p.open('/tmp/f');
    p.hart.storeCap(own, 0, own);
    expect(p.process.files.pwrite(p.thread, fd, own, 16, 0)).toBe(16);
    expect(p.process.files.pread(p.thread, fd, own, 16, 0)).toBe(16);
    yield* arrives(p, own, own, 0);
  });

  story('one byte that is read into its granule <design/files#.inv.tags>', function* (p) {
    const own = p.live(PageSIZE), fd = p.open('/tmp/f'), back = p.slot();
    p.hart.storeCap(own, 16, own);
    expect(p.process.files.pwrite(p.thread, fd, p.on(own, 24), 1, 0)).toBe(1);
    expect(p.process.files.pread(p.thread, fd, p.on(own, 24), 1, 0)).toBe(1);
    p.hart.loadCap(back, own, 16);
    expect(slotRead(p.hart, back)).toEqual({ ...slotRead(p.hart, own), tag: false });
  });

  story('an integer of 64 bits <design/capability#.inv.untagged>', function* (p) {
    const own = p.live(PageSIZE), back = p.int(p.low(own));
    expect(addrOf(p.hart, back)).toBe(addrOf(p.hart, own));
    expect(yield* p.told(() => {
      p.hart.load8(back, 0);
    })).toBe(per(p, 'SIGSEGV SEGV_CAPTAGERR', 'SIGPROT PROT_CHERI_TAG'));
  });

  story('what a debugger writes is data <design/capability#.inv.untagged>', function* (p) {
    const own = p.live(PageSIZE), into = p.live(PageSIZE);
    p.hart.storeCap(own, 0, own);
    p.write(into, 0, p.read(own, 0, 16));
    yield* arrives(p, own, into, 0);
  });

  story('shared anonymous memory: Linux keeps no tags there, CheriBSD does <design/profile#.tags>', function* (p) {
    const slot = p.live(PageSIZE, RW, MapANON | MapSHARED), back = p.slot(), root = putRoot(p, p.low(slot)), answer = yield* p.told(() => {
      p.hart.storeCap(slot, 0, slot);
    });
    expect(answer).toBe(per(p, 'SIGSEGV SEGV_CAPPERMERR', 'ok'));
    expect(yield* p.told(() => {
      p.hart.storeCap(root, 16, slot);
    })).toBe(per(p, 'SIGSEGV SEGV_CAPACCESSERR', 'ok'));
    p.hart.loadCap(back, root, 16);
    expect(p.hart.isTagged(back)).toBe(answer === 'ok');
  });

  story('shared anonymous memory between parent and child <design/mman#.fork>', function* (p) {
    const slot = p.live(PageSIZE, RW, MapANON | MapSHARED), { kernel } = p.process;
    const pid = yield* fork(p.thread, function* (hart): ThreadRun {
      hart.store32(slot, 0, 77);
    });
    expect(pid).toBeGreaterThan(0);
    yield { what: 'the child', ready: () => kernel.find(pid)?.status !== null };
    expect(p.hart.load32(slot, 0)).toBe(77);
  });
});

describe('17 work that is handed to a thread that waits', () => {
  story('by pointers through a pipe: the first use faults <design/files#.inv.tags>', function* (p) {
    const { files } = p.process, object = p.live(PageSIZE), into = p.live(PageSIZE), got = p.slot();
    const [out, to] = p.pair((slot) => files.pipe(p.thread, slot));
    const box = p.live(PageSIZE);
    p.write(object, 0, [42]);
    p.hart.storeCap(box, 0, object);
    yield* p.copied(box, to, out, into, 16);
    p.hart.loadCap(got, into, 0);
    expect(yield* p.told(() => {
      p.hart.load8(got, 0);
    })).toBe(per(p, 'SIGSEGV SEGV_CAPTAGERR', 'SIGPROT PROT_CHERI_TAG'));
  });

  story('by numbers through a pipe into a table that is locked: every item arrives once <design/files#.inv.short>', function* (p) {
    const { files } = p.process, table = p.live(PageSIZE), items = p.live(4 * PageSIZE), [out, to] = p.pair((slot) => files.pipe(p.thread, slot));
    const count = 50, sums: number[] = [], done = new Channel();
    let isLocked = false, isOver = false;
    const lock = function* (thread: typeof p.thread): Part<void> {
      while (isLocked) yield* sleep(thread, 'the table', [done], () => !isLocked);
      isLocked = true;
    };
    const unlock = (): void => {
      isLocked = false;
      done.wake();
    };
    for (let i = 0; i < count; ++i) p.write(items, i * 16, [i]);
    // The waiter: numbers come out of the pipe, capabilities out of the table.
    const waiter = p.process.spawn('waiter', function* (hart, thread): ThreadRun {
      const own = new Handed(hart, thread);
      for (let seen = 0; seen < count; ++seen) {
        const index = yield* own.next(out);
        yield* lock(thread);
        hart.loadCap(own.got, own.table, index * 16);
        unlock();
        sums.push(hart.load8(own.got, 0));
      }
      isOver = true;
      done.wake();
    }, { slots: 64, argument: { hart: p.hart, slot: table } });
    expect(waiter).not.toBe(null);
    const word = p.live(PageSIZE);
    for (let i = 0; i < count; ++i) {
      const index = (i * 7) % count, item = p.slot();
      setAddress(p.hart, item, items, addrOf(p.hart, items) + index * 16);
      yield* lock(p.thread);
      p.hart.storeCap(table, index * 16, item);
      unlock();
      p.hart.store8(word, 0, index);
      expect(yield* files.write(p.thread, to, word, 1)).toBe(1);
      yield;
    }
    expect(yield* sleep(p.thread, 'the waiter', [done], () => isOver)).toBe(0);
    expect(sums).toEqual(Array.from({ length: count }, (_, i) => (i * 7) % count));
  });

  story('by numbers of 64 bits that are taken for pointers: the first use faults; by a table of handles it works <design/capability#.inv.untagged>', function* (p) {
    const table = p.live(PageSIZE), object = p.live(PageSIZE), lease = p.int(p.low(object)), got = p.slot();
    expect(yield* p.told(() => {
      p.hart.load8(lease, 0);
    })).toBe(per(p, 'SIGSEGV SEGV_CAPTAGERR', 'SIGPROT PROT_CHERI_TAG'));
    p.hart.storeCap(table, 3 * 16, object);
    p.hart.loadCap(got, table, 3 * 16);
    expect(yield* p.told(() => {
      p.hart.load8(got, 0);
    })).toBe('ok');
  });
});

/** What a waiter has. */
class Handed {
  readonly table: number;
  readonly got: number;
  private readonly program: Thread;
  private readonly byte: number;

  constructor(hart: Hart, thread: Thread) {
    this.program = thread;
    this.table = hart.local();
    this.got = hart.local();
    this.byte = hart.local();
    hart.move(this.table, ArgumentSLOT);
    expect(thread.process.mmap(hart, this.byte, 0, PageSIZE, RW, AP, -1)).toBe(0);
  }

  /** next -- the next number of a descriptor. */
  *next(fd: number): Part<number> {
    expect(yield* this.program.process.files.read(this.program, fd, this.byte, 1)).toBe(1);
    return this.program.hart.load8(this.byte, 0);
  }
}

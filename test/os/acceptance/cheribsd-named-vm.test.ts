/* cheribsd-named-vm.test.ts: CHERIBSD'S TESTS OF ADDRESS SPACES, BY THEIR NAMES
 *
 * One test for each of cheribsdtest's on virtual memory, as programs of the system. What is left out, and why, is at the end of
 * `cheribsd-named-other.test.ts`.
 */
import { describe, expect, test } from 'vitest';
import { lengthOf, PageSIZE } from '../../../code/machine/machine.ts';
import { O_RDWR } from '../../../code/os/fs/flags.ts';
import { execute, type Program as Executable } from '../../../code/os/proc/exec.ts';
import { fork } from '../../../code/os/proc/fork.ts';
import {
  mapAligned, MapFIXED, MapGUARD, MapPREFAULT, MapPRIVATE, MapSHARED, MapSTACK, ProtCAP, ProtEXEC, protMax, ProtNOCAP, ProtNONE, SyncINVALIDATE,
  SyncPAGEOUT,
} from '../../../code/os/vm/mman.ts';
import { isThere, keeps, mmap, mprotect, munmap, named, stores } from './named.ts';
import { kernelOf, Program, putRoot } from './os-rig.ts';
import { AP, bsd, MIB, NULL, PAGE, R, RW, RWMAX } from './rig.ts';

const FREE = 0x5000_0000;
const FIXED: number = AP | MapFIXED;
const LONG: number = 4 * MIB + PAGE;
const STORETAG = 'SIGSEGV SEGV_STORETAG';

/** shmOpen -- a descriptor of shared memory of so many bytes. */
function shmOpen(p: Program, size: number = PageSIZE): number {
  const fd = p.process.files.shmOpen(O_RDWR);
  expect([fd >= 0, p.process.files.ftruncate(p.thread, fd, size)]).toEqual([true, 0]);
  return fd;
}

/** tmpfile -- a descriptor of a regular file of a page. */
function tmpfile(p: Program): number {
  const fd = p.open('/tmp/file');
  expect(p.process.files.ftruncate(p.thread, fd, PageSIZE)).toBe(0);
  return fd;
}

describe('tags of mappings', () => {
  named('vm_tag_mmap_anon', '<design/profile#.tags>', (p) => keeps(p, p.live(PAGE)));
  named('vm_tag_mmap_anon_cap', '<design/mman#.prot>', (p) => keeps(p, p.live(PAGE, RW | ProtCAP)));
  named('vm_notag_mmap_no_cap', '<design/mman#.prot>', function* (p) {
    const slot = p.live(PAGE, RW | ProtNOCAP);
    expect(p.perms(slot)).toEqual(['global', 'load', 'store', 'user1']);
    expect(yield* p.told(() => {
      p.hart.storeCap(putRoot(p, p.low(slot)), 0, slot);
    })).toBe(STORETAG);
  });
  named('vm_notag_mprotect_no_cap', '<design/mman#.mprotect.cap>', function* (p) {
    const slot = p.live(PAGE);
    yield* keeps(p, slot);
    expect([mprotect(p, slot, PAGE, RW | ProtNOCAP), yield* stores(p, slot)]).toEqual(['0', STORETAG]);
  });
  named('vm_mmap_diallowed_prot', '<design/mman#.prot>', function* (p) {
    for (const prot of [ProtCAP, ProtCAP | ProtEXEC, protMax(ProtCAP), RW | ProtCAP | protMax(RW), RW | protMax(RW | ProtCAP),
      RW | ProtNOCAP | protMax(RW), RW | protMax(RW | ProtNOCAP), RW | protMax(R), RW | ProtCAP | protMax(RW | ProtNOCAP)]) {
      expect([prot.toString(16), mmap(p, p.slot(), NULL, PAGE, prot, AP)]).toEqual([prot.toString(16), 'ENOTSUP']);
    }
    yield;
  });
  for (const [name, flags] of [['shared', MapSHARED], ['private', MapPRIVATE]] as const) {
    named(`vm_tag_shm_open_anon_${name}`, '<design/profile#.tags>', (p) => keeps(p, p.live(PAGE, RW, flags, shmOpen(p))));
    named(`vm_tag_dev_zero_${name}`, '<design/files#.mmap>', (p) => keeps(p, p.live(PAGE, RW, flags, p.open('/dev/zero', O_RDWR))));
  }
  named('vm_tag_shm_open_anon_shared2x', '<design/vm-object#.inv.tags>', function* (p) {
    const fd = shmOpen(p), one = p.live(PAGE, RW, MapSHARED, fd), other = p.live(PAGE, RW, MapSHARED, fd);
    yield* keeps(p, one);
    expect(isThere(p, other)).toBe(true);
  });
  named('shm_open_read_nocaps', '<design/files#.inv.tags>', function* (p) {
    const fd = shmOpen(p), slot = p.live(PAGE, RW, MapSHARED, fd), into = p.live(PAGE);
    yield* keeps(p, slot);
    p.hart.storeCap(into, 0, slot);
    expect(yield* p.give(p.process.files.read(p.thread, fd, into, PAGE))).toBe(PAGE);
    expect([isThere(p, into), p.read(into, 0, 16)]).toEqual([false, p.read(slot, 0, 16)]);
  });
  named('shm_open_write_nocaps', '<design/files#.inv.tags>', function* (p) {
    const fd = shmOpen(p), slot = p.live(PAGE, RW, MapSHARED, fd), own = p.live(PAGE);
    yield* keeps(p, own);
    yield* keeps(p, slot);
    expect(yield* p.give(p.process.files.write(p.thread, fd, own, PAGE))).toBe(PAGE);
    expect([isThere(p, slot), p.read(slot, 0, 16)]).toEqual([false, p.read(own, 0, 16)]);
  });
  named('vm_notag_tmpfile_shared', '<design/profile#.tags>', function* (p) {
    expect(yield* stores(p, p.live(PAGE, RW, MapSHARED, tmpfile(p)))).toBe(STORETAG);
  });
  named('vm_tag_tmpfile_private', '<design/profile#.tags>', (p) => keeps(p, p.live(PAGE, RW, MapPRIVATE, tmpfile(p))));
  named('vm_tag_tmpfile_private_prefault', '<design/profile#.tags>', (p) => keeps(p, p.live(PAGE, RW, MapPRIVATE | MapPREFAULT, tmpfile(p))));
  named('vm_cow_read', '<design/vm-object#.inv.tags>', function* (p) {
    const fd = shmOpen(p), shared = p.live(PAGE, RW, MapSHARED, fd), own = p.live(PAGE, RW, MapPRIVATE, fd);
    yield* keeps(p, shared);
    expect(isThere(p, own)).toBe(true);
  });
  named('vm_cow_write', '<design/vm-object#.inv.private>', function* (p) {
    const fd = shmOpen(p), shared = p.live(PAGE, RW, MapSHARED, fd), own = p.live(PAGE, RW, MapPRIVATE, fd);
    yield* keeps(p, shared);
    p.hart.storeCap(own, 64, own);
    expect([isThere(p, own), isThere(p, shared), isThere(p, own, 64), isThere(p, shared, 64)]).toEqual([true, true, true, false]);
  });
  named('vm_swap', '<design/mman#.advice>', function* (p) {
    const slot = p.live(PAGE, RW, MapSHARED, shmOpen(p));
    yield* keeps(p, slot);
    expect(p.process.map.msync(p.hart, slot, PAGE, SyncPAGEOUT | SyncINVALIDATE)).toBe(0);
    expect(isThere(p, slot)).toBe(true);
  });
  named('vm_capdirty', '<design/mman#.advice>', function* (p) {
    const slot = p.live(PAGE), into = new Uint8Array(1);
    const incore = (): number => {
      expect(p.process.map.mincore(p.hart, slot, PAGE, into)).toBe(0);
      return into[0];
    };
    expect(incore()).toBe(0);
    p.hart.store32(slot, 0, 1);
    expect(incore() & 0x44).toBe(4);
    yield* keeps(p, slot);
    expect(incore() & 0x44).toBe(0x44);
  });
});

describe('reservations', () => {
  named('vm_reservation_access_fault', '<design/reservation#.def.padding>', function* (p) {
    const slot = p.live(LONG), whole = Number(p.format.lengthRound(BigInt(LONG)));
    expect([lengthOf(p.hart, slot), whole > LONG]).toEqual([whole, true]);
    expect(yield* p.told(() => {
      p.hart.load32(slot, whole - 4);
    })).toBe('SIGSEGV SEGV_ACCERR');
  });
  named('vm_reservation_reuse', '<design/reservation#.inv.apart>', function* (p) {
    const slot = p.live(2 * PAGE);
    expect([munmap(p, p.on(slot, PAGE), PAGE), mmap(p, p.slot(), p.int(p.low(slot) + PAGE), 2 * PAGE, RW, FIXED)]).toEqual(['0', 'ENOMEM']);
    yield;
  });
  named('vm_reservation_align', '<design/mman#.aligned>', function* (p) {
    const granule = Number(BigInt.asUintN(64, -p.format.lengthMask(BigInt(LONG))));
    for (const [flag, alignment] of [[0, granule], [mapAligned(12), granule], [mapAligned(20), MIB], [mapAligned(2), granule], [mapAligned(3), granule]]) {
      expect([flag, p.low(p.live(LONG, RW, AP | flag)) % alignment]).toEqual([flag, 0]);
    }
    yield;
  });
  named('vm_reservation_mmap', '<design/reservation#.hint>', function* (p) {
    const slot = p.slot();
    expect([mmap(p, slot, p.int(FREE), PAGE, RW, AP), p.hart.isTagged(slot)]).toEqual(['0', true]);
    yield;
  });
  named('vm_reservation_mmap_after_free_fixed', '<design/mman#.stale>', function* (p) {
    const slot = p.live(PAGE);
    expect([munmap(p, slot, PAGE), mmap(p, p.slot(), slot, PAGE, RW, FIXED)]).toEqual(['0', 'EPROT']);
    yield;
  });
  named('vm_reservation_mmap_after_free', '<design/mman#.stale>', function* (p) {
    const slot = p.live(PAGE);
    expect([munmap(p, slot, PAGE), mmap(p, p.slot(), slot, PAGE, RW, AP)]).toEqual(['0', 'EPROT']);
    yield;
  });
  named('vm_reservation_mmap_shared', '<design/reservation#.inv.representable>', function* (p) {
    const slot = p.live(LONG, RW, MapSHARED, shmOpen(p, LONG)), granule = Number(BigInt.asUintN(64, -p.format.lengthMask(BigInt(LONG))));
    expect([p.low(slot) % granule, lengthOf(p.hart, slot)]).toEqual([0, Number(p.format.lengthRound(BigInt(LONG)))]);
    yield;
  });
  for (const [name, flags] of [['', 0], ['_fixed', MapFIXED]] as const) {
    named(`vm_mmap_invalid_cap${name}`, '<design/mman#.mmap>', function* (p) {
      const slot = p.live(PAGE), junk = p.stripped(slot);
      expect([munmap(p, slot, PAGE), mmap(p, p.slot(), junk, PAGE, RW, AP | flags)]).toEqual(['0', 'EINVAL']);
      yield;
    });
  }
  named('vm_reservation_mmap_invalid_cap', '<design/mman#.mmap>', function* (p) {
    expect(mmap(p, p.slot(), p.stripped(p.live(PAGE)), PAGE, RW, AP)).toBe('EINVAL');
    yield;
  });
  named('vm_reservation_mmap_fixed_unreserved', '<design/reservation#.inv.apart>', function* (p) {
    expect(mmap(p, p.slot(), p.int(FREE), PAGE, RW, FIXED)).toBe('0');
    expect(mmap(p, p.slot(), p.int(FREE), 2 * PAGE, RW, FIXED)).toBe('ENOMEM');
    yield;
  });
  named('vm_reservation_mmap_insert_null_derived', '<design/mman#.mmap>', function* (p) {
    const slot = p.live(3 * PAGE, ProtNONE, MapGUARD);
    expect(mmap(p, p.slot(), p.int(p.low(slot) + PAGE), PAGE, RW, FIXED)).toBe('ENOMEM');
    yield;
  });
  named('vm_reservation_mmap_fixed_insert', '<design/mman#.mmap.inside>', function* (p) {
    const slot = p.live(3 * PAGE, RWMAX, MapGUARD), middle = p.on(slot, PAGE);
    expect([p.perms(slot).includes('user1'), mmap(p, p.slot(), middle, PAGE, RW, FIXED), yield* stores(p, middle)]).toEqual([true, '0', 'ok']);
  });
  named('vm_reservation_mmap_fixed_insert_noperm', '<design/mman#.vmem>', function* (p) {
    const slot = p.without(p.live(3 * PAGE, RWMAX, MapGUARD), 'user1');
    expect(mmap(p, p.slot(), p.on(slot, PAGE), PAGE, RW, FIXED)).toBe('EACCES');
    yield;
  });
  named('mmap_insert_stack', '<design/mman#.mmap.inside>', function* (p) {
    const slot = p.live(3 * PAGE, RWMAX, MapGUARD);
    expect([mmap(p, p.slot(), p.on(slot, PAGE), PAGE, RW, FIXED | MapSTACK), munmap(p, slot, 3 * PAGE)]).toEqual(['ENOMEM', '0']);
    yield;
  });
});

describe('what does not leak', () => {
  // CheriBSD shares a table of actions between address spaces; here a child's is a copy, and a handler is no capability.
  named('vm_cap_share_sigaction', '<design/fork#.inherits>', function* (p) {
    const { kernel } = p.process, before = p.process.sigaction(10, null);
    const pid = yield* fork(p.thread, function* (_hart, thread) {
      thread.process.sigaction(10, { handler: 'SIG_IGN', mask: { low: 0, high: 0 }, flags: 0 });
      yield;
    });
    yield { what: 'the child', ready: () => kernel.find(pid)?.status !== null };
    expect(p.process.sigaction(10, null)).toEqual(before);
  });
  // Programs have no static relocations: what a program begins with has no SW_VMEM.
  test('vm_sw_perm_on_capreloc <design/exec#.start>', () => {
    const kernel = kernelOf(bsd[0]), perms: string[][] = [];
    const program: Executable = { name: 'reloc', text: PAGE, data: PAGE, bss: 0, *main(hart, thread) {
      const own = new Program(thread);
      for (let slot = 0; slot < 32; ++slot) if (hart.isTagged(slot)) perms.push(own.perms(slot));
      yield;
      return 0;
    } };
    expect(execute(kernel.process('reloc'), program, ['reloc'])).toBeTypeOf('object');
    kernel.run();
    expect([perms.length > 4, perms.filter((names) => names.includes('user1'))]).toEqual([true, []]);
  });
});

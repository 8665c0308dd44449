/* cheribsd-named-cheriabi.test.ts: CHERIBSD'S TESTS OF ITS ABI, BY THEIR NAMES
 *
 * One test for each of cheribsdtest's on what calls ask of the pointers that they are given. What is left out, and why, is at the end of
 * `cheribsd-named-other.test.ts`.
 */
import { describe, expect, test } from 'vitest';
import { lengthOf, PageSIZE, seal, sealEntry, setBoundsExact } from '../../../code/machine/machine.ts';
import { errnoName } from '../../../code/os/errno.ts';
import { O_CREAT, O_RDONLY, O_RDWR } from '../../../code/os/fs/flags.ts';
import { sysctlCap } from '../../../code/os/proc/sysctl.ts';
import { MapFIXED, MapGUARD, MapPRIVATE, MapSTACK, ProtEXEC, ProtNOCAP, ProtNONE } from '../../../code/os/vm/mman.ts';
import { isThere, keeps, mmap, mprotect, munmap, named, riscv, stores } from './named.ts';
import { inProcess, nameOf as result, putRoot, type Program } from './os-rig.ts';
import { AP, both, MIB, PAGE, R, RW, RWMAX, World } from './rig.ts';

const FIXED: number = AP | MapFIXED;
const LONG: number = 4 * MIB + PAGE;

describe('cheriabi', () => {
  named('cheriabi_mincore', '<design/mman#.advice>', function* (p) {
    const slot = p.live(PAGE), into = new Uint8Array(1);
    for (const shown of [slot, p.narrow(slot, 0, 16), p.without(slot, 'user1', 'load'), putRoot(p, p.low(slot))]) {
      expect(p.process.map.mincore(p.hart, shown, PAGE, into)).toBe(0);
    }
    yield;
  });
  named('cheriabi_mmap_unrepresentable', '<design/reservation#.inv.representable>', function* (p) {
    const slot = p.live(LONG);
    expect(lengthOf(p.hart, slot)).toBe(Number(p.format.lengthRound(BigInt(LONG))));
    expect(yield* p.told(() => {
      p.hart.store8(slot, LONG - 1, 1);
    })).toBe('ok');
  });
  named('cheriabi_mmap_fixed', '<design/mman#.mmap>', function* (p) {
    const slot = p.live(4 * PAGE), at = p.on(slot, PAGE), dst = p.slot();
    const answers = [at, p.without(at, 'user1'), p.stripped(at), p.narrow(slot, 0, PAGE)]
      .map((shown, index) => mmap(p, dst, shown, index === 3 ? 2 * PAGE : PAGE, RW, FIXED));
    expect([answers, p.hart.isSame(dst, at)]).toEqual([['0', 'EACCES', 'EINVAL', 'EPROT'], true]);
    yield;
  });
  for (const [name, prot, perms] of [
    ['perms', RW | ProtEXEC, ['execute', 'load', 'loadCap', 'store', 'storeCap', 'storeLocal']], ['no_cap_perms', RW | ProtNOCAP, ['load', 'store']],
    ['maxprot_perms', R | RWMAX, ['load', 'loadCap', 'store', 'storeCap', 'storeLocal']],
  ] as const) {
    named(`cheriabi_mmap_${name}`, '<design/mman#.mmap.anew>', function* (p) {
      expect(p.perms(p.live(PAGE, prot))).toEqual([...perms, 'global', 'user1'].sort());
      yield;
    });
  }
  /** Untagged, without SW_VMEM, and too short. */
  const invalid = (p: Program, slot: number): number[] => [p.stripped(slot), p.without(slot, 'user1'), p.narrow(slot, 0, PAGE)];
  const all = ['EPROT', 'EPROT', 'EPROT'];
  named('cheriabi_munmap_invalid_ptr', '<design/mman#.authority>', function* (p) {
    expect(invalid(p, p.live(2 * PAGE)).map((slot) => munmap(p, slot, 2 * PAGE))).toEqual(all);
    yield;
  });
  named('cheriabi_mprotect_invalid_ptr', '<design/mman#.authority>', function* (p) {
    expect(invalid(p, p.live(2 * PAGE)).map((slot) => mprotect(p, slot, 2 * PAGE, R))).toEqual(all);
    yield;
  });
  named('cheriabi_minherit_invalid_ptr', '<design/mman#.authority>', function* (p) {
    expect(invalid(p, p.live(2 * PAGE)).map((slot) => errnoName(p.process.map.minherit(p.hart, slot, 2 * PAGE, 0)))).toEqual(all);
    yield;
  });
  named('cheriabi_mprotect_upgrade_prot_cap', '<design/mman#.mprotect.cap>', function* (p) {
    const slot = p.live(PAGE, ProtNONE | RWMAX);
    expect([mprotect(p, slot, PAGE, RW), yield* stores(p, slot)]).toEqual(['0', 'ok']);
  });
  named('cheriabi_mprotect_restore_prot_cap', '<design/mman#.mprotect.cap>', function* (p) {
    const slot = p.live(PAGE);
    expect([mprotect(p, slot, PAGE, R), mprotect(p, slot, PAGE, RW), yield* stores(p, slot)]).toEqual(['0', '0', 'ok']);
  });
  named('cheriabi_mprotect_downgrade_prot_cap', '<design/mman#.mprotect.cap>', function* (p) {
    const slot = p.live(PAGE);
    yield* keeps(p, slot);
    expect([mprotect(p, slot, PAGE, R), isThere(p, slot), yield* stores(p, slot)]).toEqual(['0', true, 'SIGSEGV SEGV_ACCERR']);
  });
});

describe('cheriabi_open', () => {
  const path = '/tmp/file';
  /** answer -- what open says of a pointer that is made of a path, of which `before` bytes come first. */
  const open = (name: string, gives: string, make: (p: Program, text: number) => number): void => {
    named(name, 'copy#.inv.authority', function* (p) {
      expect(p.process.files.open(p.thread, p.text(path), O_RDWR | O_CREAT)).toBe(0);
      const fd = result(p.process.files.open(p.thread, make(p, p.text(path)), O_RDONLY));
      expect(typeof fd === 'number' ? 'ok' : fd).toBe(gives);
      yield;
    }, both);
  };
  open('open_ordinary', 'ok', (_p, text) => text);
  open('open_offset', 'ok', (p) => p.on(p.text(`junk${path}`), 4));
  open('open_shortened', 'ok', (p) => {
    const slot = p.on(p.text(`junk${path}`), 4);
    setBoundsExact(p.hart, slot, slot, path.length + 1);
    return slot;
  });
  open('open_bad_addr', 'EFAULT', (p, text) => p.on(text, -1));
  open('open_bad_addr_2', 'EFAULT', (p, text) => p.on(text, path.length + 1));
  open('open_bad_len', 'EFAULT', (p, text) => p.narrow(text, 0, path.length));
  open('open_bad_len_2', 'EFAULT', (p, text) => p.narrow(text, 0, 0));
  open('open_bad_tag', 'EFAULT', (p, text) => p.stripped(text));
  open('open_bad_perm', 'EFAULT', (p, text) => p.without(text, 'load'));
  open('open_sentry', 'EFAULT', (p, text) => {
    const slot = p.slot();
    sealEntry(p.hart, slot, text);
    return slot;
  });
  open('open_sealed', 'EFAULT', (p, text) => {
    const slot = p.slot(), root = p.slot();
    sysctlCap(p.thread, 'security.cheri.sealcap', root);
    seal(p.hart, slot, text, root);
    return slot;
  });
});

test('cheriabi_shmdt_invalid_ptr <design/mman#.shm>', () => {
  const w = new World(riscv), slot = w.slot();
  expect(w.shmat(slot, 0, 2 * PageSIZE)).toBe('0');
  expect([w.stripped(slot), w.without(slot, 'user1'), w.narrow(slot, 0, PageSIZE)].map((shown) => w.shmdt(shown))).toEqual(['EPROT', 'EPROT', 'EPROT']);
});

test('a descriptor, or an offset, of memory that is no file\'s is EINVAL <design/mman#.flags>', () => {
  inProcess(riscv, function* (p) {
    const fd = p.open('/tmp/f'), { process, hart } = p, dst = p.slot();
    const answers = [[AP, fd, 0], [AP, 99, 0], [AP, -1, PageSIZE], [MapSTACK | MapPRIVATE, fd, 0], [MapGUARD, fd, 0]].map(([flags, file, offset]) =>
      errnoName(process.mmap(hart, dst, 0, PageSIZE, flags === MapGUARD ? ProtNONE : RW, flags, file, offset)));
    expect(answers).toEqual(Array.from(answers, () => 'EINVAL'));
    yield;
  });
});

/* scenarios-vm.test.ts: ADDRESS SPACES, AS A PROGRAM MEETS THEM
 *
 * Short stories under both systems, and what each of them makes of them: holes, stale and foreign capabilities, padding, maxima, moves,
 * children, and a range that has been freed.
 */
import { describe, expect, test } from 'vitest';
import {
  AdviceNORMAL, AdviceWIPEONFORK, InheritZERO, MapFIXED, MapGUARD, protMax, RemapFIXED, RemapMAYMOVE,
} from '../../../code/os/vm/mman.ts';
import { profiles } from '../../../code/os/vm/profile.ts';
import { AP, both, bsd, linux, MIB, nameOf, NULL, PAGE, R, RW, World, type System } from './rig.ts';

const FREE = 0x5000_0000;
const FIXED: number = AP | MapFIXED;
const SIZE: number = 4 * PAGE;

/** per -- what Linux says, and what CheriBSD says. */
const per = <T>(w: World, ofLinux: T, ofBsd: T): T => (w.abi === 'pcuabi' ? ofLinux : ofBsd);

function story(says: string, systems: readonly System[], run: (w: World) => void): void {
  test.each(systems.map((system) => [nameOf(system), system] as const))(`%s: ${says}`, (_name, system) => {
    run(new World(system));
  });
}

story('1 the first half is unmapped, the second stays in use, the hole is nobody else\'s <design/reservation#.def.reservation>', both, (w) => {
  const slot = w.live(SIZE), low = w.low(slot);
  expect([w.store(slot, 2 * PAGE, 5), w.munmap(slot, 2 * PAGE)]).toEqual(['ok', '0']);
  expect([w.store(slot, 3 * PAGE), w.hart.load8(slot, 2 * PAGE)]).toEqual(['ok', 5]);
  const hole = per(w, 'SIGSEGV SEGV_MAPERR', 'SIGSEGV SEGV_ACCERR');
  expect([w.load(slot), w.store(slot), w.load(slot, 2 * PAGE - 1), w.load(slot, 2 * PAGE)]).toEqual([hole, hole, hole, 'ok']);
  for (let count = 0; count < 200; ++count) {
    const other = w.live(2 * PAGE);
    expect(w.low(other) + 2 * PAGE <= low || w.low(other) >= low + SIZE).toBe(true);
  }
});

story('2 with the last page the reservation is gone, and the capability names nothing <design/mman#.stale>', both, (w) => {
  const slot = w.live(SIZE);
  expect([w.munmap(slot, 2 * PAGE), w.munmap(w.on(slot, 2 * PAGE), 2 * PAGE), w.reservations()]).toEqual(['0', '0', []]);
  expect(w.isTagged(slot)).toBe(true);
  expect(w.mmap(w.slot(), slot, SIZE, RW, FIXED)).toBe(per(w, 'ERESERVATION', 'EPROT'));
});

story('3 an integer over half of a reservation, and up to its beginning and end exactly <design/reservation#.inv.apart>', both, (w) => {
  const refused = per(w, 'ERESERVATION', 'ENOMEM');
  expect(w.mmap(w.slot(), w.int(FREE), SIZE, RW, FIXED)).toBe('0');
  const at = [FREE - 2 * PAGE, FREE + SIZE - PAGE, FREE - SIZE, FREE + SIZE];
  expect(at.map((low) => w.mmap(w.slot(), w.int(low), SIZE, RW, FIXED))).toEqual([refused, refused, '0', '0']);
});

story('3 the hole alone is not free <design/reservation#.inv.apart>', both, (w) => {
  const slot = w.slot(), refused = per(w, 'ERESERVATION', 'ENOMEM');
  expect([w.mmap(slot, w.int(FREE), SIZE, RW, FIXED), w.munmap(w.on(slot, PAGE), 2 * PAGE)]).toEqual(['0', '0']);
  for (const [from, count] of [[1, 2], [1, 1], [2, 1]]) {
    expect(w.mmap(w.slot(), w.int(FREE + from * PAGE), count * PAGE, RW, FIXED)).toBe(refused);
  }
});

describe('4 management calls with what is no authority', () => {
  const calls: Readonly<Record<string, (w: World, slot: number) => string>> = {
    munmap: (w, slot) => w.munmap(slot, SIZE),
    mprotect: (w, slot) => w.mprotect(slot, SIZE, R),
    madvise: (w, slot) => w.madvise(slot, SIZE, AdviceNORMAL),
    mincore: (w, slot) => w.mincore(slot, SIZE),
    mlock: (w, slot) => w.mlock(slot, SIZE),
    msync: (w, slot) => w.msync(slot, SIZE),
    mremap: (w, slot) => w.mremap(w.slot(), slot, SIZE, SIZE, RemapMAYMOVE),
  };
  const made: Readonly<Record<string, (w: World) => number>> = {
    'tag-stripped': (w) => w.stripped(w.live(SIZE)), sealed: (w) => w.sealed(w.live(SIZE)), 'VMEM-less': (w) => w.without(w.live(SIZE), 'user1'),
    narrowed: (w) => w.narrow(w.live(SIZE), 0, PAGE),
  };
  /** What CheriBSD does not refuse, or refuses otherwise. */
  const bsdOf = (call: string, kind: string): string => {
    if (call === 'mremap') return 'ENOSYS';
    if (kind === 'VMEM-less' && call !== 'munmap' && call !== 'mprotect') return '0';
    if (kind === 'narrowed' && call === 'mincore') return '0';
    return call === 'msync' ? 'EINVAL' : 'EPROT';
  };
  for (const [call, make] of Object.entries(calls)) {
    for (const [kind, shown] of Object.entries(made)) {
      test.each(both)(`${call}, ${kind}: $abi on $format <design/mman#.req.authority>`, (system) => {
        const w = new World(system);
        expect(make(w, shown(w))).toBe(per(w, 'EINVAL', bsdOf(call, kind)));
      });
    }
  }
});

story('5 an owning capability without MAP_FIXED is no hint <design/mman#.mmap>', both, (w) => {
  expect(w.mmap(w.slot(), w.live(SIZE), PAGE, RW, AP)).toBe(per(w, 'EINVAL', 'EPROT'));
});

story('6 a length that must be padded: exact bounds, and padding that faults by page <design/reservation#.def.padding>', both, (w) => {
  const length = (w.format.name === 'morello' ? 16 : 4) * MIB + PAGE, slot = w.live(length);
  const whole = Number(w.format.lengthRound(BigInt(length))), mask = Number(BigInt.asUintN(64, -w.format.lengthMask(BigInt(length))));
  expect([w.length(slot), w.base(slot) % mask, whole > length]).toEqual([whole, 0, true]);
  expect(w.store(slot, length - 1)).toBe('ok');
  const padding = per(w, 'SIGSEGV SEGV_MAPERR', 'SIGSEGV SEGV_ACCERR');
  const bounds = per(w, 'SIGSEGV SEGV_CAPBOUNDSERR', 'SIGPROT PROT_CHERI_BOUNDS');
  expect([w.load(slot, length), w.load(slot, whole - 1), w.load(slot, whole)]).toEqual([padding, padding, bounds]);
  for (let count = 0; count < 100; ++count) {
    const other = w.base(w.live(PAGE));
    expect(other + PAGE <= w.base(slot) || other >= w.base(slot) + whole).toBe(true);
  }
});

story('7 prot and PROT_MAX, both ways <design/mman#.max>', both, (w) => {
  expect(w.mmap(w.slot(), NULL, PAGE, RW | protMax(R), AP)).toBe(per(w, 'EINVAL', 'ENOTSUP'));
  const slot = w.live(PAGE, R | protMax(RW));
  expect([w.mprotect(slot, PAGE, RW), w.perms(slot).includes('store'), w.store(slot)]).toEqual(['0', true, 'ok']);
  expect(w.mprotect(w.live(PAGE, R), PAGE, RW)).toBe(per(w, 'EINVAL', 'EACCES'));
});

story('8 mremap: shrink, grow into its own hole, grow beyond, move, and onto an owning capability <design/mman#.mremap>', linux, (w) => {
  const slot = w.live(SIZE), dst = w.slot(), there = RemapMAYMOVE | RemapFIXED;
  expect([w.mremap(dst, slot, SIZE, PAGE, 0), w.hart.isSame(dst, slot)]).toEqual(['0', true]);
  expect([w.mremap(dst, slot, PAGE, SIZE, 0), w.hart.isSame(dst, slot)]).toEqual(['0', true]);
  expect(w.mremap(w.slot(), slot, SIZE, 2 * SIZE, 0)).toBe('ENOMEM');
  expect(w.mremap(dst, slot, SIZE, 2 * SIZE, RemapMAYMOVE)).toBe('0');
  expect([w.length(dst), w.perms(dst), w.munmap(slot, SIZE)]).toEqual([2 * SIZE, w.perms(slot), 'ERESERVATION']);
  expect(w.mremap(w.slot(), dst, PAGE, PAGE, there, w.live(PAGE, R))).toBe('0');
  expect(w.mremap(w.slot(), w.live(PAGE, R), PAGE, PAGE, there, w.live(PAGE, RW))).toBe('EINVAL');
});

story('9 a hole in its own reservation is mapped over, or is not <design/profile#.refill>', both, (w) => {
  const answers = (world: World): string[] => [[0, 4], [3, 1], [1, 1], [0, 1]].map(([from, count]) => {
    const slot = world.live(5 * PAGE);
    expect(world.munmap(world.on(slot, from * PAGE), count * PAGE)).toBe('0');
    return world.mmap(world.slot(), slot, SIZE, RW, FIXED);
  });
  expect(answers(w)).toEqual(per(w, ['ENOMEM', 'ENOMEM', 'ENOMEM', 'ENOMEM'], ['0', '0', '0', '0']));
  if (w.abi === 'cheribsd') return;
  const landed = new World({ abi: 'pcuabi', format: w.format.name }, 128, { ...profiles.pcuabi, refill: 'landed' });
  expect(answers(landed)).toEqual(['ENOMEM', 'ENOMEM', 'ENOMEM', '0']);
});

story('10 a child of a reservation that is half unmapped, with a page that is wiped <design/mman#.fork>', both, (w) => {
  const slot = w.live(SIZE);
  for (const page of [2, 3]) w.storeCap(slot, page * PAGE, slot);
  expect(w.munmap(slot, 2 * PAGE)).toBe('0');
  const wiped = w.on(slot, 3 * PAGE);
  expect(w.abi === 'pcuabi' ? w.madvise(wiped, PAGE, AdviceWIPEONFORK) : w.minherit(wiped, PAGE, InheritZERO)).toBe('0');
  const child = w.fork();
  expect(child.reservations()).toEqual(w.reservations());
  expect([child.isTagged(child.loadCap(slot, 2 * PAGE)), child.isTagged(child.loadCap(slot, 3 * PAGE)), child.hart.load32(slot, 3 * PAGE)])
    .toEqual([true, false, 0]);
  expect([child.store(slot, 2 * PAGE, 9), child.munmap(child.on(slot, 2 * PAGE), 2 * PAGE)]).toEqual(['ok', '0']);
  expect([child.reservations(), w.reservations().length]).toEqual([[], 1]);
  expect([w.isTagged(w.loadCap(slot, 2 * PAGE)), w.isTagged(w.loadCap(slot, 3 * PAGE)), w.store(slot, 2 * PAGE)]).toEqual([true, true, 'ok']);
});

story('10 memory of a parent and its child is all given back <design/frames#.held>', both, (w) => {
  const { available } = w.frames, slot = w.live(SIZE);
  w.storeCap(slot, 0, slot);
  const child = w.fork();
  child.store(slot, 64);
  child.map.clear();
  expect(w.isTagged(w.loadCap(slot))).toBe(true);
  w.map.clear();
  expect([w.frames.available, w.memory.u8.every((byte) => byte === 0), w.memory.tags.every((tag) => tag === 0)]).toEqual([available, true, true]);
});

story('11 a range that is unmapped holds a piece that already is <design/mman#.munmap>', both, (w) => {
  const slot = w.live(8 * PAGE), low = w.low(slot);
  expect(w.munmap(w.on(slot, 2 * PAGE), 2 * PAGE)).toBe('0');
  expect(w.munmap(w.on(slot, 2 * PAGE), 2 * PAGE)).toBe('0');
  expect(w.munmap(w.on(slot, PAGE), 5 * PAGE)).toBe('0');
  expect(w.map.entries().map(({ kind, base, limit }) => [kind, base - low, limit - low])).toEqual([
    ['mapped', 0, PAGE], ['hole', PAGE, 6 * PAGE], ['mapped', 6 * PAGE, 8 * PAGE]]);
  expect([w.munmap(slot, 8 * PAGE), w.reservations()]).toEqual(['0', []]);
});

story('11 the same of guards, and of a reservation that is nothing else <design/mman#.munmap>', bsd, (w) => {
  const slot = w.live(SIZE, protMax(RW), MapGUARD);
  expect([w.munmap(w.on(slot, PAGE), PAGE), w.munmap(slot, SIZE), w.reservations()]).toEqual(['0', '0', []]);
});

story('12 what is freed is used again at once; the stale capability names nothing until it is <design/reservation#.departs.reuse>', both, (w) => {
  const slot = w.stale(SIZE), again = w.slot(), gone = per(w, 'ERESERVATION', 'EPROT');
  expect([w.mprotect(slot, SIZE, R), w.load(slot)]).toEqual([gone, 'SIGSEGV SEGV_MAPERR']);
  expect(w.mmap(again, w.int(w.low(slot)), SIZE, RW, FIXED)).toBe('0');
  expect(w.storeCap(again, 0, slot)).toBe('ok');
  // The hole that revocation closes: the old capability is as good as the new one.
  expect([w.isTagged(slot), w.isTagged(w.loadCap(again)), w.store(slot, 3, 7), w.hart.load8(again, 3)]).toEqual([true, true, 'ok', 7]);
  expect([w.mprotect(slot, SIZE, R), w.munmap(slot, SIZE), w.munmap(again, SIZE)]).toEqual(['0', '0', gone]);
});

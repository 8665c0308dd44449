/* cheribsd-mmap.test.ts: CHERIBSD'S mmap, ROW BY ROW
 *
 * The rules of the address and its capability, those of the request, the permissions of what comes back, and which pages hold tags.
 */
import { describe, expect, test } from 'vitest';
import {
  Map32BIT, mapAligned, MapANON, MapEXCL, MapGUARD, MapPRIVATE, MapSHARED, MapSTACK, ProtCAP, ProtEXEC, protMax, ProtNOCAP, ProtNONE,
  ProtWRITE,
} from '../../../code/os/vm/mman.ts';
import { FIXED, FREE, paddedOf } from './places.ts';
import { AP, bsd, NULL, PAGE, R, RW, RWMAX, World } from './rig.ts';
import { tableTest, type Row } from './table.ts';

const RWX: number = RW | ProtEXEC;

const map = (w: World, addr: number, prot: number, flags: number, length: number = PAGE): string => w.mmap(w.slot(), addr, length, prot, flags);
/** anew -- the same where the kernel likes. */
const anew = (w: World, prot: number, flags: number, length: number = PAGE): string => map(w, NULL, prot, flags, length);

const pointer: readonly Row[] = [
  { row: '32bit', says: 'MAP_32BIT', gives: 'EINVAL', run: (w) => anew(w, RW, AP | Map32BIT) },
  { row: 'hint', says: 'tagged, without MAP_FIXED', gives: 'EPROT', run: (w) => map(w, w.live(PAGE), RW, AP) },
  { row: 'hint stale', says: 'the same of a reservation that is gone', gives: 'EPROT', run: (w) => map(w, w.stale(PAGE), RW, AP) },
  { row: 'vmem', says: 'tagged, fixed, without SW_VMEM', gives: 'EACCES', run: (w) => map(w, w.without(w.live(PAGE), 'user1'), RW, FIXED) },
  { row: 'source', says: 'tagged, fixed, with SW_VMEM: no new reservation, the capability as it was', gives: '0 true 1', run: (w) => {
    const slot = w.on(w.live(4 * PAGE), PAGE), dst = w.slot();
    return [w.mmap(dst, slot, PAGE, RW, FIXED), w.hart.isSame(dst, slot), w.reservations().length].join(' ');
  } },
  { row: 'untagged', says: 'untagged with bounds left: as a hint, fixed, and gone', gives: 'EINVAL EINVAL EINVAL', run: (w) => {
    const junk = w.stripped(w.live(PAGE));
    return [map(w, junk, RW, AP), map(w, junk, RW, FIXED), map(w, w.stripped(w.stale(PAGE)), RW, FIXED)].join(' ');
  } },
  { row: 'integer', says: 'an integer: a new reservation, there if it is fixed', gives: `0 ${FREE} 0 1`, run: (w) => {
    const slot = w.slot(), other = w.slot();
    const answers = [w.mmap(slot, w.int(FREE), PAGE, RW, FIXED), w.low(slot), w.mmap(other, w.int(FREE + 16 * PAGE), PAGE, RW, AP)];
    return [...answers, w.reservations().length - 1].join(' ');
  } },
  { row: 'exclusive', says: 'fixed by an integer over half, a hole alone, padding; where it ends',
    gives: 'ENOMEM ENOMEM ENOMEM 0', run: (w) => {
    const [length, whole] = paddedOf(w), slot = w.slot();
    w.mmap(slot, w.int(FREE), length, RW, FIXED);
    w.munmap(slot, 2 * PAGE);
    return [FREE - PAGE, FREE, FREE + length, FREE + whole].map((low, index) => map(w, w.int(low), RW, FIXED, index === 3 ? PAGE : 2 * PAGE))
      .join(' ');
  } },
  { row: 'bounds', says: 'fixed, the range or its pages not within the bounds; sealed', gives: 'EPROT EPROT EPROT', run: (w) => {
    const slot = w.live(4 * PAGE);
    return [map(w, w.narrow(slot, 0, PAGE), RW, FIXED, 2 * PAGE), map(w, w.narrow(slot, 0, PAGE - 16), RW, FIXED, 16),
      map(w, w.sealed(slot), RW, FIXED)].join(' ');
  } },
  { row: 'permission', says: 'more than the source permits, by its reservation and by itself', gives: 'EPROT EPROT 0', run: (w) => {
    const slot = w.without(w.live(PAGE), 'store');
    return [map(w, w.live(PAGE, R), RW, FIXED), map(w, slot, RW, FIXED), map(w, slot, R, FIXED)].join(' ');
  } },
  { row: 'aligned', says: 'MAP_ALIGNED of less than a page', gives: 'EINVAL', run: (w) => anew(w, RW, AP | mapAligned(11)) },
  { row: 'stale', says: 'fixed, stale: freed, and in use again', gives: 'EPROT EPROT', run: (w) => {
    const slot = w.stale(2 * PAGE), answer = map(w, slot, RW, FIXED);
    w.mmap(w.slot(), w.int(w.low(slot)), PAGE, RW, FIXED);
    return `${answer} ${map(w, slot, RW, FIXED)}`;
  } },
  { row: 'foreign', says: 'fixed, of bounds that are no one reservation\'s',
    gives: 'EPROT', run: (w) => map(w, w.root(w.low(w.live(PAGE))), RW, FIXED) },
  { row: 'refill', says: 'fixed over holes: all, the front, the middle, the end', gives: '0 0 0 0', run: (w) =>
    [[0, 3], [0, 1], [1, 1], [2, 1]].map(([from, count]) => {
      const slot = w.live(4 * PAGE);
      w.munmap(w.on(slot, from * PAGE), count * PAGE);
      return map(w, slot, RW, FIXED, 3 * PAGE);
    }).join(' ') },
  { row: 'stack', says: 'MAP_STACK into a reservation; munmap then works', gives: 'ENOMEM 0', run: (w) => {
    const slot = w.live(4 * PAGE);
    return `${map(w, slot, RW, FIXED | MapSTACK)} ${w.munmap(slot, 4 * PAGE)}`;
  } },
];

tableTest({
  title: 'mmap, the address', cites: '<design/profile#.cheribsd>', systems: bsd, rows: pointer,
  all: ['32bit', 'hint', 'vmem', 'source', 'untagged', 'integer', 'exclusive', 'bounds', 'permission', 'aligned', 'stale', 'foreign', 'refill', 'stack'],
  errors: ['EINVAL', 'EPROT', 'EACCES'],
});

const shared = MapSHARED, copied = MapPRIVATE;

const request: readonly Row[] = [
  { row: 'anon', says: 'MAP_ANON alone is private', gives: '0 7 9', run: (w) => {
    const slot = w.live(PAGE, RW, MapANON);
    w.store(slot, 0, 7);
    const child = w.fork();
    child.store(slot, 0, 9);
    return `0 ${w.hart.load8(slot, 0)} ${child.hart.load8(slot, 0)}`;
  } },
  { row: 'bits', says: 'unknown bits of prot; of flags',
    gives: 'EINVAL EINVAL', run: (w) => `${anew(w, RW | 8, AP)} ${anew(w, RW, AP | 0x200)}` },
  { row: 'length', says: 'no length', gives: 'EINVAL', run: (w) => anew(w, RW, AP, 0) },
  { row: 'file', says: 'MAP_ANON with a descriptor; with an offset', gives: 'EINVAL EINVAL', run: (w) =>
    `${w.mmap(w.slot(), NULL, PAGE, RW, AP, w.file(PAGE))} ${w.mmap(w.slot(), NULL, PAGE, RW, AP, null, PAGE)}` },
  { row: 'stack', says: 'MAP_STACK with a descriptor; without READ, or WRITE', gives: 'EINVAL EINVAL EINVAL', run: (w) =>
    [w.mmap(w.slot(), NULL, PAGE, RW, MapSTACK | copied, w.file(PAGE)), anew(w, R, MapSTACK | copied), anew(w, ProtWRITE, MapSTACK | copied)].join(' ') },
  { row: 'nosetbounds', says: 'MAP_CHERI_NOSETBOUNDS of an integer', gives: 'EINVAL EINVAL', run: (w) =>
    `${anew(w, RW, AP | 0x20)} ${map(w, w.int(FREE), RW, FIXED | 0x20)}` },
  { row: 'excl', says: 'MAP_EXCL without MAP_FIXED', gives: 'EINVAL', run: (w) => anew(w, RW, AP | MapEXCL) },
  { row: 'both', says: 'MAP_SHARED with MAP_PRIVATE', gives: 'EINVAL', run: (w) => anew(w, RW, AP | MapSHARED) },
  { row: 'guard', says: 'MAP_GUARD with a protection; a descriptor; another type', gives: 'EINVAL EINVAL EINVAL', run: (w) =>
    [anew(w, R, MapGUARD), w.mmap(w.slot(), NULL, PAGE, ProtNONE, MapGUARD, w.file(PAGE)), anew(w, ProtNONE, MapGUARD | MapANON)].join(' ') },
  { row: 'misaligned', says: 'MAP_FIXED within a page', gives: 'EINVAL EINVAL', run: (w) =>
    `${map(w, w.int(FREE + 16), RW, FIXED)} ${map(w, w.on(w.live(2 * PAGE), 16), RW, FIXED, 16)}` },
  { row: 'max', says: 'PROT_MAX without all of prot', gives: 'ENOTSUP', run: (w) => anew(w, RW | protMax(R), AP) },
  { row: 'cap', says: 'PROT_CAP without READ or WRITE', gives: 'ENOTSUP ENOTSUP', run: (w) =>
    `${anew(w, ProtCAP, AP)} ${anew(w, ProtCAP | ProtEXEC, AP)}` },
  { row: 'implied', says: 'a bit of capabilities said in one of prot and max, implied in the other',
    gives: 'ENOTSUP ENOTSUP ENOTSUP', run: (w) =>
    [anew(w, RW | ProtCAP | protMax(RW), AP), anew(w, RW | protMax(RW | ProtCAP), AP), anew(w, RW | ProtNOCAP | protMax(RW), AP)].join(' ') },
  { row: 'space', says: 'no space', gives: 'ENOMEM', run: (w) => anew(w, RW, AP, 2 ** 33) },
  { row: 'exclusive', says: 'MAP_FIXED with MAP_EXCL over what is there: by integer, by capability; over a hole',
    gives: 'ENOMEM ENOMEM 0', run: (w) => {
    const slot = w.live(4 * PAGE), flags = FIXED | MapEXCL;
    w.munmap(slot, PAGE);
    return [map(w, w.int(w.low(slot) + PAGE), RW, flags), map(w, w.on(slot, PAGE), RW, flags), map(w, slot, RW, flags)].join(' ');
  } },
  { row: 'access', says: 'a file not opened for reading; shared, and not for writing; private', gives: 'EACCES EACCES 0', run: (w) =>
    [w.mmap(w.slot(), NULL, PAGE, R, copied, w.file(PAGE, false)), w.mmap(w.slot(), NULL, PAGE, RW, shared, w.file(PAGE, true, false)),
      w.mmap(w.slot(), NULL, PAGE, RW, copied, w.file(PAGE, true, false))].join(' ') },
  { row: 'descriptor', says: 'no descriptor', gives: 'EBADF', run: (w) => anew(w, RW, copied) },
];

tableTest({
  title: 'mmap, the request', cites: '<design/mman#.flags>', systems: bsd, rows: request,
  all: ['anon', 'bits', 'length', 'file', 'stack', 'nosetbounds', 'excl', 'both', 'guard', 'misaligned', 'max', 'cap', 'implied', 'space', 'exclusive', 'access',
    'descriptor'],
  errors: ['EINVAL', 'ENOTSUP', 'ENOMEM', 'EACCES', 'EBADF'],
});

describe('permissions of the capability', () => {
  const reads = ['load', 'loadCap'], writes = ['store', 'storeCap', 'storeLocal'];
  test.each([
    { says: 'nothing', prot: ProtNONE, perms: [] },
    { says: 'READ', prot: R, perms: reads },
    { says: 'WRITE', prot: ProtWRITE, perms: writes },
    { says: 'EXEC', prot: ProtEXEC, perms: ['execute'] },
    { says: 'everything', prot: RWX, perms: [...reads, ...writes, 'execute'] },
    { says: 'PROT_NO_CAP', prot: RW | ProtNOCAP, perms: ['load', 'store'] },
    { says: 'PROT_MAX instead of prot', prot: R | RWMAX, perms: [...reads, ...writes] },
    { says: 'PROT_NONE with PROT_MAX', prot: RWMAX, perms: [...reads, ...writes] },
  ])('$says <design/mman#.mmap.anew>', ({ prot, perms }) => {
    for (const [format, more] of [['riscv', []], ['morello', [...perms.includes('loadCap') ? ['mutableLoad'] : [],
      ...perms.includes('execute') ? ['executive'] : []]]] as const) {
      const w = new World({ abi: 'cheribsd', format });
      expect(w.perms(w.live(PAGE, prot))).toEqual(['global', 'user1', ...perms, ...more].sort());
    }
  });

  test('kept for shared memory: anonymous, an object, a file <design/profile#.tags>', () => {
    const w = new World(bsd[0]), slots = [w.live(PAGE, RW, MapANON | shared), w.live(PAGE, RW, shared, w.shm(PAGE))];
    for (const slot of slots) expect(w.perms(slot)).toEqual(['global', 'load', 'loadCap', 'store', 'storeCap', 'storeLocal', 'user1']);
  });
});

describe('pages that hold tags', () => {
  /** stored -- a tagged capability stored, and how it comes back. */
  function stored(w: World, slot: number): string {
    const answer = w.storeCap(slot, 0, slot);
    return answer === 'ok' ? String(w.isTagged(w.loadCap(slot))) : answer;
  }

  test.each([
    ['anonymous, private', 'true', (w: World) => w.live(PAGE)],
    ['anonymous, shared', 'true', (w: World) => w.live(PAGE, RW, MapANON | shared)],
    ['a shared memory object, shared', 'true', (w: World) => w.live(PAGE, RW, shared, w.shm(PAGE))],
    ['a shared memory object, private', 'true', (w: World) => w.live(PAGE, RW, copied, w.shm(PAGE))],
    ['a file, private', 'true', (w: World) => w.live(PAGE, RW, copied, w.file(PAGE))],
    ['a file, shared', 'SIGSEGV SEGV_STORETAG', (w: World) => w.live(PAGE, RW, shared, w.file(PAGE))],
  ] as const)('%s: %s <design/profile#.tags>', (_says, gives, make) => {
    const w = new World(bsd[0]);
    expect(stored(w, make(w))).toBe(gives);
  });

  test('tags of a file that is shared read as clear, and data may be written <design/profile#.tags>', () => {
    const w = new World(bsd[0]), slot = w.live(PAGE, RW, shared, w.file(PAGE));
    expect([w.store(slot, 3), w.storeCap(slot, 16, w.stripped(slot)), w.isTagged(w.loadCap(slot, 16))]).toEqual(['ok', 'ok', false]);
  });

  test('mprotect never goes beyond prot where PROT_MAX is not given <design/mman#.max>', () => {
    const w = new World(bsd[0]);
    expect(w.mprotect(w.live(PAGE, R), PAGE, RW)).toBe('EACCES');
  });
});

/* pcuabi-calls.test.ts: PCUABI'S OTHER CALLS ON ADDRESS SPACES, ROW BY ROW
 *
 * Each call that manages what is mapped asks for an owning capability, in two steps: what the capability is, and what there is.
 */
import { expect } from 'vitest';
import {
  AdviceDONTNEED, AdviceNORMAL, MapFIXED, MapSHARED, ProtEXEC, ProtNONE, ProtREAD, ProtWRITE, RemapFIXED, RemapMAYMOVE,
} from '../../../code/os/vm/mman.ts';
import { AP, linux, NULL, PAGE, R, RW, RWMAX, type World } from './rig.ts';
import { tableTest, type Row } from './table.ts';

const FREE = 0x5000_0000;
const SIZE: number = 4 * PAGE;

type Call = (w: World, slot: number, length: number) => string;

const calls: Readonly<Record<string, Call>> = {
  munmap: (w, slot, length) => w.munmap(slot, length),
  mprotect: (w, slot, length) => w.mprotect(slot, length, R),
  mremap: (w, slot, length) => w.mremap(w.slot(), slot, length, length, RemapMAYMOVE),
  madvise: (w, slot, length) => w.madvise(slot, length, AdviceNORMAL),
  mincore: (w, slot, length) => w.mincore(slot, length),
  mlock: (w, slot, length) => w.mlock(slot, length),
  munlock: (w, slot, length) => w.munlock(slot, length),
  msync: (w, slot, length) => w.msync(slot, length),
};

/** What is shown, and what every call says of it. */
const shown: readonly (readonly [what: string, gives: string, make: (w: World) => number])[] = [
  ['an integer', 'EINVAL', (w) => w.int(w.low(w.live(SIZE)))],
  ['a capability without its tag', 'EINVAL', (w) => w.stripped(w.live(SIZE))],
  ['a sealed one', 'EINVAL', (w) => w.sealed(w.live(SIZE))],
  ['one without VMEM', 'EINVAL', (w) => w.without(w.live(SIZE), 'user1')],
  ['one that is narrower than the range', 'EINVAL', (w) => w.narrow(w.live(SIZE), 0, SIZE - PAGE)],
  ['one that is narrower than the pages of the range', 'EINVAL', (w) => w.narrow(w.live(SIZE), 0, SIZE - 16)],
  ['one whose range goes on into another reservation', 'EINVAL', (w) => {
    w.mmap(w.slot(), w.int(FREE + SIZE), SIZE, RW, AP | MapFIXED);
    const slot = w.slot();
    w.mmap(slot, w.int(FREE), SIZE, RW, AP | MapFIXED);
    return w.on(slot, PAGE);
  }],
  ['a stale one', 'ERESERVATION', (w) => w.stale(SIZE)],
  ['one for more than a reservation', 'ERESERVATION', (w) => w.root(w.low(w.live(SIZE)))],
  ['its owner', '0', (w) => w.live(SIZE)],
];

const owning: readonly Row[] = Object.entries(calls).flatMap(([name, call]) =>
  shown.map(([what, gives, make]): Row => ({ row: name, says: `${name} is shown ${what}`, gives, run: (w) => call(w, make(w), SIZE) })));

tableTest({
  title: 'owning', cites: '<design/mman#.authority>', systems: linux, rows: owning, all: Object.keys(calls), errors: ['EINVAL', 'ERESERVATION'],
});

// As in ordinary Linux: a hole in the range.
const holes: readonly Row[] = Object.entries(calls).filter(([name]) => name !== 'munmap').map(([name, call]): Row => ({
  row: name, says: `${name} of a range with a hole`, gives: name === 'mremap' ? 'EFAULT' : 'ENOMEM', run: (w) => {
    const slot = w.live(SIZE);
    expect(w.munmap(w.on(slot, 2 * PAGE), PAGE)).toBe('0');
    return call(w, slot, SIZE);
  },
}));

tableTest({
  title: 'holes', cites: '<design/mman#.advice>', systems: linux, rows: holes, all: Object.keys(calls).filter((name) => name !== 'munmap'),
  errors: ['ENOMEM', 'EFAULT'],
});

/** kinds -- what is in the reservations, page by page: m, and - for a hole. */
const kinds = (w: World): string =>
  w.map.entries().map(({ kind, base, limit }) => (kind === 'hole' ? '-' : 'm').repeat((limit - base) / PAGE)).join('');

const munmap: readonly Row[] = [
  { row: 'holes', says: 'holes in the range are passed over', gives: '0 mm---m', run: (w) => {
    const slot = w.live(6 * PAGE);
    w.munmap(w.on(slot, 3 * PAGE), PAGE);
    return `${w.munmap(w.on(slot, 2 * PAGE), 3 * PAGE)} ${kinds(w)}`;
  } },
  { row: 'pages', says: 'a length is rounded up to pages', gives: '0 SIGSEGV SEGV_MAPERR ok', run: (w) => {
    const slot = w.live(SIZE);
    return [w.munmap(slot, PAGE + 1), w.load(slot, 2 * PAGE - 1), w.load(slot, 2 * PAGE)].join(' ');
  } },
  { row: 'narrowed', says: 'a narrowed capability manages what it covers',
    gives: '0', run: (w) => w.munmap(w.narrow(w.live(SIZE), PAGE, PAGE), PAGE) },
];

tableTest({
  title: 'munmap', cites: '<design/mman#.munmap>', systems: linux, rows: munmap, all: ['holes', 'pages', 'narrowed'], errors: [],
});

const mprotect: readonly Row[] = [
  { row: 'aligned', says: 'an address within a page, before all else',
    gives: 'EINVAL', run: (w) => w.mprotect(w.on(w.stripped(w.live(SIZE)), 16), 0, R) },
  { row: 'nothing', says: 'no length is done, whatever is shown', gives: '0', run: (w) => w.mprotect(w.stripped(w.live(SIZE)), 0, R) },
  { row: 'perms', says: 'what the capability does not permit: R, W, X', gives: 'EINVAL EINVAL EINVAL', run: (w) => {
    const slot = w.live(SIZE, ProtNONE | RWMAX);
    return [w.mprotect(w.without(slot, 'load'), SIZE, ProtREAD), w.mprotect(w.without(slot, 'store'), SIZE, ProtWRITE),
      w.mprotect(slot, SIZE, ProtEXEC)].join(' ');
  } },
  { row: 'max', says: 'more than the reservation\'s', gives: 'EINVAL', run: (w) => w.mprotect(w.live(SIZE, R), SIZE, RW) },
  { row: 'reservation', says: 'stale', gives: 'ERESERVATION', run: (w) => w.mprotect(w.stale(SIZE), SIZE, R) },
  { row: 'holes', says: 'a hole in the range', gives: 'ENOMEM', run: (w) => {
    const slot = w.live(SIZE);
    w.munmap(w.on(slot, PAGE), PAGE);
    return w.mprotect(slot, SIZE, R);
  } },
  { row: 'file', says: 'a shared file that was not opened for writing', gives: 'EACCES', run: (w) => {
    const slot = w.live(PAGE, R | RWMAX, MapSHARED, w.file(PAGE, true, false));
    return w.mprotect(slot, PAGE, RW);
  } },
  { row: 'back', says: 'what was taken is given back', gives: '0 SIGSEGV SEGV_ACCERR 0 ok', run: (w) => {
    const slot = w.live(SIZE);
    return [w.mprotect(slot, SIZE, ProtNONE), w.load(slot), w.mprotect(slot, SIZE, RW), w.store(slot)].join(' ');
  } },
];

tableTest({
  title: 'mprotect', cites: '<design/mman#.mprotect>', systems: linux, rows: mprotect,
  all: ['aligned', 'nothing', 'perms', 'max', 'reservation', 'holes', 'file', 'back'], errors: ['ERESERVATION', 'ENOMEM', 'EACCES', 'EINVAL'],
});

const MOVE: number = RemapMAYMOVE;
const THERE: number = RemapMAYMOVE | RemapFIXED;

/** target -- a reservation of eight pages to move to, of other permissions than RW. */
const target = (w: World, prot: number): number => w.live(8 * PAGE, prot);

const mremap: readonly Row[] = [
  { row: 'flags', says: 'unknown flags; FIXED without MAYMOVE; an address within a page', gives: 'EINVAL EINVAL EINVAL', run: (w) => {
    const slot = w.live(SIZE);
    return [w.mremap(w.slot(), slot, SIZE, SIZE, 64), w.mremap(w.slot(), slot, SIZE, SIZE, RemapFIXED, w.int(FREE)),
      w.mremap(w.slot(), w.on(slot, 16), PAGE, PAGE, MOVE)].join(' ');
  } },
  { row: 'hole', says: 'nothing at the old address', gives: 'EFAULT', run: (w) => {
    const slot = w.live(SIZE);
    w.munmap(slot, PAGE);
    return w.mremap(w.slot(), slot, PAGE, PAGE, MOVE);
  } },
  { row: 'shrink', says: 'in place: the same capability, the rest a hole of the reservation', gives: '0 true m---', run: (w) => {
    const slot = w.live(SIZE), dst = w.slot(), answer = w.mremap(dst, slot, SIZE, PAGE, 0);
    return `${answer} ${w.hart.isSame(dst, slot)} ${kinds(w)}`;
  } },
  { row: 'grow', says: 'into a hole of its own: the same capability', gives: '0 true ok', run: (w) => {
    const slot = w.live(SIZE), dst = w.slot();
    w.munmap(w.on(slot, 2 * PAGE), 2 * PAGE);
    const answer = w.mremap(dst, slot, 2 * PAGE, SIZE, 0);
    return `${answer} ${w.hart.isSame(dst, slot)} ${w.store(dst, SIZE - 1)}`;
  } },
  { row: 'beyond', says: 'out of the reservation, without MAYMOVE',
    gives: 'ENOMEM', run: (w) => w.mremap(w.slot(), w.live(SIZE), SIZE, 2 * SIZE, 0) },
  { row: 'taken', says: 'where something is, without MAYMOVE',
    gives: 'ENOMEM', run: (w) => w.mremap(w.slot(), w.live(SIZE), PAGE, SIZE, 0) },
  { row: 'move', says: 'elsewhere: other bounds, the same permissions, contents and tags; the old one is gone',
    gives: 'true true 7 true ERESERVATION',
    run: (w) => {
      const slot = w.live(SIZE), dst = w.slot();
      w.store(slot, 3, 7);
      w.storeCap(slot, 16, slot);
      expect(w.mremap(dst, slot, SIZE, 16 * PAGE, MOVE)).toBe('0');
      return [w.length(dst) === 16 * PAGE, w.perms(dst).join() === w.perms(slot).join(), w.hart.load8(dst, 3), w.isTagged(w.loadCap(dst, 16)),
        w.munmap(slot, SIZE)].join(' ');
    } },
  { row: 'part', says: 'a part elsewhere: the old reservation goes on', gives: '0 ok SIGSEGV SEGV_MAPERR', run: (w) => {
    const slot = w.live(SIZE), dst = w.slot();
    return [w.mremap(dst, slot, PAGE, 16 * PAGE, MOVE), w.load(slot, PAGE), w.load(slot, 0)].join(' ');
  } },
  { row: 'there', says: 'to an integer: a new reservation there', gives: `0 ${FREE.toString(16)} ERESERVATION`, run: (w) => {
    const slot = w.live(SIZE), dst = w.slot();
    return [w.mremap(dst, slot, SIZE, SIZE, THERE, w.int(FREE)), w.base(dst).toString(16), w.munmap(slot, SIZE)].join(' ');
  } },
  { row: 'occupied', says: 'to an integer where a reservation is', gives: 'ERESERVATION', run: (w) => {
    const other = target(w, RW);
    return w.mremap(w.slot(), w.live(SIZE), SIZE, SIZE, THERE, w.int(w.low(other)));
  } },
  { row: 'owning', says: 'to what a capability owns: it comes back, and what was moved is there',
    gives: '0 true 7 ERESERVATION', run: (w) => {
    const slot = w.live(SIZE), other = target(w, RW), to = w.on(other, PAGE), dst = w.slot();
    w.store(slot, 0, 7);
    return [w.mremap(dst, slot, SIZE, SIZE, THERE, to), w.hart.isSame(dst, to), w.hart.load8(other, PAGE), w.munmap(slot, SIZE)].join(' ');
  } },
  { row: 'joins', says: 'what was moved belongs to the target\'s reservation', gives: '0 0 2', run: (w) => {
    const slot = w.live(SIZE), other = target(w, RW), third = w.live(PAGE);
    const answers = [w.mremap(w.slot(), slot, SIZE, SIZE, THERE, other), w.mprotect(other, 8 * PAGE, R)];
    expect(w.load(third)).toBe('ok');
    return [...answers, w.reservations().length].join(' ');
  } },
  { row: 'fewer', says: 'to a capability with fewer permissions', gives: '0', run: (w) =>
    w.mremap(w.slot(), w.live(SIZE), SIZE, SIZE, THERE, target(w, R)) },
  { row: 'more', says: 'to one with more',
    gives: 'EINVAL', run: (w) => w.mremap(w.slot(), w.live(SIZE, R), SIZE, SIZE, THERE, target(w, RW)) },
  { row: 'stale', says: 'to a stale one', gives: 'ERESERVATION', run: (w) => {
    const slot = w.live(SIZE);
    return w.mremap(w.slot(), slot, SIZE, SIZE, THERE, w.stale(SIZE));
  } },
  { row: 'refill', says: 'to a hole of what a capability owns', gives: 'ENOMEM', run: (w) => {
    const other = target(w, RW);
    w.munmap(w.on(other, PAGE), PAGE);
    return w.mremap(w.slot(), w.live(SIZE), SIZE, SIZE, THERE, other);
  } },
];

tableTest({
  title: 'mremap', cites: '<design/mman#.mremap>', systems: linux, rows: mremap,
  all: ['flags', 'hole', 'shrink', 'grow', 'beyond', 'taken', 'move', 'part', 'there', 'occupied', 'owning', 'joins', 'fewer', 'more', 'stale',
    'refill'],
  errors: ['EFAULT', 'ENOMEM', 'ERESERVATION', 'EINVAL'],
});

const others: readonly Row[] = [
  { row: 'brk', says: 'there is no break', gives: 'ENOSYS', run: (w) => w.call(() => w.map.brk()) },
  { row: 'minherit', says: 'nor minherit', gives: 'ENOSYS', run: (w) => w.minherit(w.live(PAGE), PAGE, 0) },
  { row: 'shmat', says: 'anywhere: shared permissions', gives: '0 global,load,store,user1', run: (w) => {
    const dst = w.slot(), answer = w.shmat(dst, NULL, SIZE);
    return `${answer} ${w.perms(dst).join()}`;
  } },
  { row: 'shmat-there', says: 'an address behaves as if it were fixed', gives: `0 ${FREE.toString(16)} ERESERVATION`, run: (w) => {
    const dst = w.slot();
    return [w.shmat(dst, w.int(FREE), SIZE), w.low(dst).toString(16), w.shmat(w.slot(), w.int(FREE), SIZE)].join(' ');
  } },
  { row: 'shmat-aligned', says: 'an address within a page', gives: 'EINVAL', run: (w) => w.shmat(w.slot(), w.int(FREE + 16), SIZE) },
  { row: 'shmat-rule', says: 'the rule of pointers', gives: 'EINVAL EINVAL ERESERVATION 0', run: (w) => {
    const own = w.live(SIZE, RW);
    return [w.stripped(own), w.without(own, 'user1'), w.stale(SIZE), own].map((slot) => w.shmat(w.slot(), slot, SIZE)).join(' ');
  } },
  { row: 'shmdt', says: 'without authority, narrower, of bounds that are no longer a reservation\'s, and its owner',
    gives: 'EINVAL EINVAL ERESERVATION 0', run: (w) => {
    const old = w.slot(), slot = w.slot();
    w.shmat(old, w.int(FREE), SIZE);
    w.shmdt(old);
    w.shmat(slot, w.int(FREE), 2 * PAGE);
    return [w.stripped(slot), w.narrow(slot, 0, PAGE), old, slot].map((shown) => w.shmdt(shown)).join(' ');
  } },
  { row: 'wiped', says: 'MADV_DONTNEED: private memory is zero again', gives: '0 0', run: (w) => {
    const slot = w.live(SIZE);
    w.store(slot, 0, 7);
    return `${w.madvise(slot, SIZE, AdviceDONTNEED)} ${w.hart.load8(slot, 0)}`;
  } },
];

tableTest({
  title: 'other calls', cites: '<design/profile#.pcuabi>', systems: linux, rows: others,
  all: ['brk', 'minherit', 'shmat', 'shmat-there', 'shmat-aligned', 'shmat-rule', 'shmdt', 'wiped'], errors: ['ENOSYS'],
});

/* cheribsd-calls.test.ts: CHERIBSD'S OTHER CALLS ON ADDRESS SPACES, ROW BY ROW
 *
 * What each asks of the capability that it is shown differs from call to call, and so do the errors.
 */
import { expect } from 'vitest';
import {
  AdviceFREE, AdviceNORMAL, InheritCOPY, InheritNONE, InheritSHARE, InheritZERO, MapFIXED, MapGUARD, MapPRIVATE, MapSHARED, ProtEXEC, protMax,
  ProtNOCAP, ProtNONE, SyncINVALIDATE,
} from '../../../code/os/vm/mman.ts';
import { AP, bsd, NULL, PAGE, R, RW, RWMAX, UNSUPPORTED, type World } from './rig.ts';
import { tableTest, type Row } from './table.ts';

const FREE = 0x5000_0000;
const SIZE: number = 4 * PAGE;

type Call = (w: World, slot: number, length: number) => string;

const calls: Readonly<Record<string, Call>> = {
  munmap: (w, slot, length) => w.munmap(slot, length),
  mprotect: (w, slot, length) => w.mprotect(slot, length, R),
  minherit: (w, slot, length) => w.minherit(slot, length, InheritCOPY),
  madvise: (w, slot, length) => w.madvise(slot, length, AdviceNORMAL),
  free: (w, slot, length) => w.madvise(slot, length, AdviceFREE),
  mlock: (w, slot, length) => w.mlock(slot, length),
  munlock: (w, slot, length) => w.munlock(slot, length),
  msync: (w, slot, length) => w.msync(slot, length),
};

/** Calls that ask for SW_VMEM; the others ask only that bounds cover. msync says EINVAL where others say EPROT. */
const manage: ReadonlySet<string> = new Set(['munmap', 'mprotect', 'minherit', 'free']);

/** What is shown, and whether bounds cover, and whether SW_VMEM is there. */
const shown: readonly (readonly [what: string, refuses: 'all' | 'managers' | 'none', make: (w: World) => number])[] = [
  ['an integer', 'all', (w) => w.int(w.low(w.live(SIZE)))],
  ['a capability without its tag', 'all', (w) => w.stripped(w.live(SIZE))],
  ['a sealed one', 'all', (w) => w.sealed(w.live(SIZE))],
  ['one that is narrower than the range', 'all', (w) => w.narrow(w.live(SIZE), 0, SIZE - PAGE)],
  ['one without SW_VMEM', 'managers', (w) => w.without(w.live(SIZE), 'user1')],
  ['its owner', 'none', (w) => w.live(SIZE)],
  ['a narrowed owner', 'none', (w) => w.narrow(w.live(2 * SIZE), PAGE, SIZE)],
];

const authority: readonly Row[] = Object.entries(calls).flatMap(([name, call]) => shown.map(([what, refuses, make]): Row => {
  const isRefused = refuses === 'all' || (refuses === 'managers' && manage.has(name));
  const gives = !isRefused ? '0' : name === 'msync' ? 'EINVAL' : 'EPROT';
  return { row: name, says: `${name} is shown ${what}`, gives, run: (w) => call(w, make(w), SIZE) };
}));

tableTest({
  title: 'authority', cites: '<design/mman#.authority>', systems: bsd, rows: authority, all: Object.keys(calls), errors: ['EPROT', 'EINVAL'],
});

/** two -- two reservations side by side, and a capability that covers both. */
function two(w: World): number {
  for (const low of [FREE, FREE + SIZE]) expect(w.mmap(w.slot(), w.int(low), SIZE, RW, AP | MapFIXED)).toBe('0');
  return w.root(FREE);
}

const munmap: readonly Row[] = [
  { row: 'stale', says: 'a reservation that is gone', gives: 'EPROT', run: (w) => w.munmap(w.stale(SIZE), SIZE) },
  { row: 'order', says: 'authority before alignment and length', gives: 'EPROT EPROT', run: (w) => {
    const junk = w.stripped(w.live(SIZE));
    return `${w.munmap(w.on(junk, 16), PAGE)} ${w.munmap(junk, 0)}`;
  } },
  { row: 'range', says: 'an address within a page; no length', gives: 'EINVAL EINVAL', run: (w) => {
    const slot = w.live(SIZE);
    return `${w.munmap(w.on(slot, 16), PAGE)} ${w.munmap(slot, 0)}`;
  } },
  { row: 'across', says: 'two reservations at once', gives: 'EACCES', run: (w) => w.munmap(two(w), 2 * SIZE) },
  { row: 'holes', says: 'holes in the range', gives: '0 0 SIGSEGV SEGV_ACCERR ok', run: (w) => {
    const slot = w.live(SIZE);
    return [w.munmap(w.on(slot, PAGE), PAGE), w.munmap(slot, 3 * PAGE), w.load(slot, PAGE), w.load(slot, 3 * PAGE)].join(' ');
  } },
  { row: 'last', says: 'the last page: the place is free, and used again at once', gives: 'true', run: (w) => {
    const slot = w.stale(SIZE), other = w.slot();
    return String(w.mmap(other, w.int(w.low(slot)), SIZE, RW, AP | MapFIXED) === '0' && w.base(other) === w.base(slot));
  } },
];

tableTest({
  title: 'munmap', cites: '<design/mman#.munmap>', systems: bsd, rows: munmap, all: ['stale', 'order', 'range', 'across', 'holes', 'last'],
  errors: ['EPROT', 'EINVAL', 'EACCES'],
});

const mprotect: readonly Row[] = [
  { row: 'stale', says: 'a reservation that is gone', gives: 'EPROT', run: (w) => w.mprotect(w.stale(SIZE), SIZE, R) },
  { row: 'max', says: 'above the maximum, said or not', gives: 'EACCES EACCES', run: (w) =>
    `${w.mprotect(w.live(SIZE, R), SIZE, RW)} ${w.mprotect(w.live(SIZE, RWMAX), SIZE, ProtEXEC)}` },
  { row: 'badmax', says: 'more than PROT_MAX of the call', gives: 'ENOTSUP', run: (w) => w.mprotect(w.live(SIZE), SIZE, RW | protMax(R)) },
  { row: 'restore', says: 'NONE and back, READ and back: capabilities too', gives: '0 0 true 0 SIGSEGV SEGV_ACCERR 0 ok true', run: (w) => {
    const slot = w.live(SIZE), back = (): string => {
      w.storeCap(slot, 0, slot);
      return String(w.isTagged(w.loadCap(slot)));
    };
    return [w.mprotect(slot, SIZE, ProtNONE), w.mprotect(slot, SIZE, RW), back(), w.mprotect(slot, SIZE, R), w.store(slot),
      w.mprotect(slot, SIZE, RW), w.store(slot, 99), back()].join(' ');
  } },
  { row: 'upgrade', says: 'NONE and then RW: capabilities may be stored', gives: '0 ok', run: (w) => {
    const slot = w.live(SIZE, RWMAX);
    return `${w.mprotect(slot, SIZE, RW)} ${w.storeCap(slot, 0, slot)}`;
  } },
  { row: 'nocap', says: 'PROT_NO_CAP: no more tags', gives: '0 SIGSEGV SEGV_STORETAG', run: (w) => {
    const slot = w.live(SIZE);
    return `${w.mprotect(slot, SIZE, RW | ProtNOCAP)} ${w.storeCap(slot, 0, slot)}`;
  } },
  { row: 'across', says: 'two reservations at once', gives: 'EACCES', run: (w) => w.mprotect(two(w), 2 * SIZE, R) },
];

tableTest({
  title: 'mprotect', cites: '<design/mman#.mprotect>', systems: bsd, rows: mprotect,
  all: ['stale', 'max', 'badmax', 'restore', 'upgrade', 'nocap', 'across'], errors: ['EPROT', 'EACCES', 'ENOTSUP'],
});

/** incore -- mincore's answer and the byte of the first page. */
function incore(w: World, slot: number, length: number): string {
  const into = new Uint8Array(8), answer = w.mincore(slot, length, into);
  return answer === '0' ? `0:${into[0]}` : answer;
}

const others: readonly Row[] = [
  { row: 'minherit', says: 'shared, copied, none, and zero in the child', gives: '9 7 SIGSEGV SEGV_ACCERR 0', run: (w) => {
    const slot = w.live(SIZE), ways = [InheritSHARE, InheritCOPY, InheritNONE, InheritZERO];
    for (const [page, how] of ways.entries()) {
      expect([w.store(slot, page * PAGE, 7), w.minherit(w.on(slot, page * PAGE), PAGE, how)]).toEqual(['ok', '0']);
    }
    const child = w.fork();
    w.store(slot, 0, 9);
    w.store(slot, PAGE, 9);
    return ways.map((_, page) => {
      const answer = child.load(slot, page * PAGE);
      return answer === 'ok' ? child.hart.load8(slot, page * PAGE) : answer;
    }).join(' ');
  } },
  { row: 'free', says: 'MADV_FREE: what was there is gone, tags with it', gives: '0 false 0', run: (w) => {
    const slot = w.live(SIZE);
    w.storeCap(slot, 0, slot);
    return [w.madvise(slot, PAGE, AdviceFREE), w.isTagged(w.loadCap(slot)), w.hart.load8(slot, 3)].join(' ');
  } },
  { row: 'mincore', says: 'any pointer that meets the range; untagged, and elsewhere not', gives: '0 0 0 EPROT EPROT', run: (w) => {
    const slot = w.live(SIZE), other = w.live(SIZE);
    const away = w.narrow(slot, 0, PAGE);
    return [w.mincore(slot, SIZE), w.mincore(w.narrow(slot, 0, PAGE), SIZE), w.mincore(w.without(slot, 'user1'), SIZE), w.mincore(w.stripped(other), SIZE),
      w.mincore(w.on(away, PAGE), PAGE)].join(' ');
  } },
  { row: 'msync', says: 'no length is the whole of the entry; invalid flags', gives: '0 EINVAL', run: (w) => {
    const slot = w.live(SIZE, RW, MapSHARED, w.file(SIZE));
    w.store(slot);
    return `${w.msync(slot, 0, SyncINVALIDATE)} ${w.msync(slot, SIZE, 64)}`;
  } },
  { row: 'shmat', says: 'as mmap of an object', gives: `0 ${FREE} EPROT EINVAL ENOMEM`, run: (w) => {
    const dst = w.slot(), slot = w.live(SIZE);
    return [w.shmat(w.slot(), NULL, SIZE), (w.shmat(dst, w.int(FREE), SIZE), w.low(dst)), w.shmat(w.slot(), w.stale(SIZE), SIZE),
      w.shmat(w.slot(), w.stripped(slot), SIZE), w.shmat(w.slot(), w.int(w.low(slot)), SIZE)].join(' ');
  } },
  { row: 'shmdt', says: 'needs SW_VMEM', gives: 'EPROT EPROT 0 EINVAL', run: (w) => {
    const slot = w.slot();
    w.shmat(slot, NULL, SIZE);
    return [w.stripped(slot), w.without(slot, 'user1'), slot, slot].map((at) => w.shmdt(at)).join(' ');
  } },
  { row: 'fork', says: 'the same addresses, copies, tags with them', gives: 'true true 7', run: (w) => {
    const slot = w.live(SIZE);
    w.storeCap(slot, 0, slot);
    w.store(slot, 99, 7);
    const child = w.fork();
    child.store(slot, 99, 8);
    return [child.isTagged(child.loadCap(slot)), w.isTagged(w.loadCap(slot)), w.hart.load8(slot, 99)].join(' ');
  } },
  { row: 'brk', says: 'there is no break', gives: UNSUPPORTED, run: (w) => w.call(() => w.map.brk()) },
  { row: 'mremap', says: 'nor mremap', gives: 'ENOSYS', run: (w) => w.mremap(w.slot(), w.live(SIZE), SIZE, SIZE, 1) },
  { row: 'guard', says: 'a guard is no memory, and may be mapped over', gives: 'SIGSEGV SEGV_ACCERR 0 ok', run: (w) => {
    const slot = w.live(SIZE, RWMAX, MapGUARD);
    return [w.load(slot, PAGE), w.mmap(w.slot(), w.on(slot, PAGE), PAGE, RW, AP | MapFIXED), w.load(slot, PAGE)].join(' ');
  } },
  { row: 'incore', says: 'what mincore tells: untouched, read, written, tagged', gives: '0:0 3 7 71', run: (w) => {
    const slot = w.live(SIZE), seen = [incore(w, slot, PAGE)];
    w.load(slot);
    seen.push(incore(w, slot, PAGE).slice(2));
    w.store(slot);
    seen.push(incore(w, slot, PAGE).slice(2));
    w.storeCap(slot, 0, slot);
    return [...seen, incore(w, slot, PAGE).slice(2)].join(' ');
  } },
  { row: 'file', says: 'a private file: the first writer copies', gives: '0 7', run: (w) => {
    const source = w.file(PAGE), slot = w.live(PAGE, RW, MapPRIVATE, source), other = w.live(PAGE, RW, MapSHARED, source);
    w.store(slot, 0, 7);
    return `${w.hart.load8(other, 0)} ${w.hart.load8(slot, 0)}`;
  } },
];

tableTest({
  title: 'other calls', cites: '<design/profile#.cheribsd>', systems: bsd, rows: others,
  all: ['minherit', 'free', 'mincore', 'msync', 'shmat', 'shmdt', 'fork', 'brk', 'mremap', 'guard', 'incore', 'file'],
  errors: ['EPROT', 'EINVAL', 'ENOSYS', UNSUPPORTED],
});

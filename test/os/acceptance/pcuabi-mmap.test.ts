/* pcuabi-mmap.test.ts: PCUABI'S mmap, ROW BY ROW
 *
 * The tables of the pointer argument (P) and of mmap (M). Lengths near 2^64 cannot be asked for, and no file system forbids execution.
 */
import { expect } from 'vitest';
import { MapFIXED, MapGROWSDOWN, MapNOREPLACE, MapPRIVATE, MapSHARED, protMax, ProtNONE, ProtWRITE } from '../../../code/os/vm/mman.ts';
import { fixed, FIXED, FREE, hex, holed, paddedOf, placed } from './places.ts';
import { AP, linux, NULL, PAGE, R, RW, RWMAX, UNSUPPORTED } from './rig.ts';
import { first, tableTest, type Row } from './table.ts';

const NOREPLACE: number = AP | MapNOREPLACE;
const EITHER: number = MapFIXED | MapNOREPLACE | AP;

const pointer: readonly Row[] = [
  { row: 'P1', says: 'NULL: a new reservation anywhere', gives: 'true 16384', run: (w) => {
    const slot = w.live(4 * PAGE);
    return `${w.isTagged(slot)} ${w.length(slot)}`;
  } },
  { row: 'P2', says: 'a hint where nothing is', gives: 'there', run: (w) => placed(w, FREE) },
  { row: 'P2 partly', says: 'a hint whose range goes on into a reservation', gives: 'elsewhere', run: (w) => {
    fixed(w, FREE + PAGE);
    return placed(w, FREE, 2 * PAGE);
  } },
  { row: 'P2 padding', says: 'a hint whose representable range alone meets a reservation', gives: 'elsewhere', run: (w) => {
    const [length, whole] = paddedOf(w);
    fixed(w, FREE + whole - PAGE);
    return placed(w, FREE, length);
  } },
  { row: 'P2 inside', says: 'a hint inside a reservation, mapped or a hole', gives: 'ERESERVATION', run: (w) => {
    const slot = holed(w, 1, 1);
    expect(placed(w, w.low(slot))).toBe('ERESERVATION');
    return placed(w, w.low(slot) + PAGE);
  } },
  { row: 'P3', says: 'an integer, fixed, where nothing is', gives: hex(FREE), run: (w) => {
    const slot = w.slot();
    return w.mmap(slot, w.int(FREE), PAGE, RW, FIXED) === '0' ? hex(w.base(slot)) : 'failed';
  } },
  { row: 'P3 inside', says: 'fixed inside a reservation', gives: 'ERESERVATION', run: (w) => fixed(w, w.low(w.live(4 * PAGE)) + PAGE) },
  { row: 'P3 half', says: 'fixed over half of one', gives: 'ERESERVATION', run: (w) => {
    fixed(w, FREE, 4);
    return fixed(w, FREE + 2 * PAGE, 4);
  } },
  { row: 'P3 hole', says: 'fixed over a hole alone', gives: 'ERESERVATION', run: (w) => fixed(w, w.low(holed(w, 1, 2)) + PAGE, 2) },
  { row: 'P3 padding', says: 'fixed over padding alone', gives: 'ERESERVATION', run: (w) => {
    const [length] = paddedOf(w), slot = w.live(length);
    return fixed(w, w.low(slot) + length);
  } },
  { row: 'P3 end', says: 'fixed where one ends, and where one begins', gives: '0', run: (w) => {
    fixed(w, FREE, 4);
    return first(fixed(w, FREE + 4 * PAGE), fixed(w, FREE - PAGE));
  } },
  { row: 'P4', says: 'no replacing where nothing is: there', gives: hex(FREE), run: (w) => {
    const slot = w.slot();
    return w.mmap(slot, w.int(FREE), PAGE, RW, NOREPLACE) === '0' ? hex(w.low(slot)) : 'failed';
  } },
  { row: 'P4 inside', says: 'no replacing inside a reservation is not EEXIST', gives: 'ERESERVATION', run: (w) =>
    fixed(w, w.low(w.live(4 * PAGE)), 1, NOREPLACE) },
  { row: 'P4 owning', says: 'no replacing through an owning capability', gives: 'EINVAL', run: (w) =>
    w.mmap(w.slot(), w.live(PAGE), PAGE, RW, NOREPLACE) },
  { row: 'P4 both', says: 'both flags through an owning capability of what is mapped', gives: 'EEXIST', run: (w) =>
    w.mmap(w.slot(), w.live(PAGE), PAGE, RW, EITHER) },
  { row: 'P4 hole', says: 'both flags over a hole',
    gives: 'ENOMEM', run: (w) => w.mmap(w.slot(), w.on(holed(w, 1, 1), PAGE), PAGE, RW, EITHER) },
  { row: 'P5', says: 'untagged with bounds left, whatever the flags', gives: 'EINVAL EINVAL EINVAL', run: (w) => {
    const junk = w.stripped(w.live(PAGE));
    return [AP, FIXED, NOREPLACE].map((flags) => w.mmap(w.slot(), junk, PAGE, RW, flags)).join(' ');
  } },
  { row: 'P5 gone', says: 'the same of a reservation that is gone', gives: 'EINVAL', run: (w) =>
    w.mmap(w.slot(), w.stripped(w.stale(PAGE)), PAGE, RW, FIXED) },
  { row: 'P6 sealed', says: 'sealed', gives: 'EINVAL', run: (w) => w.mmap(w.slot(), w.sealed(w.live(PAGE)), PAGE, RW, FIXED) },
  { row: 'P6 vmem', says: 'without VMEM',
    gives: 'EINVAL', run: (w) => w.mmap(w.slot(), w.without(w.live(PAGE), 'user1'), PAGE, RW, FIXED) },
  { row: 'P6 bounds', says: 'the range beyond the bounds', gives: 'EINVAL', run: (w) => {
    const slot = w.live(4 * PAGE);
    return w.mmap(w.slot(), w.narrow(slot, 0, PAGE), 2 * PAGE, RW, FIXED);
  } },
  { row: 'P6 page', says: 'the pages of the range beyond the bounds', gives: 'EINVAL', run: (w) =>
    w.mmap(w.slot(), w.narrow(w.live(PAGE), 0, PAGE - 16), 16, RW, FIXED) },
  { row: 'P7', says: 'owning, without MAP_FIXED', gives: 'EINVAL', run: (w) => w.mmap(w.slot(), w.live(PAGE), PAGE, RW, AP) },
  { row: 'P8', says: 'stale', gives: 'ERESERVATION', run: (w) => w.mmap(w.slot(), w.stale(PAGE), PAGE, RW, FIXED) },
  { row: 'P8 wide', says: 'of bounds that are no one reservation\'s', gives: 'ERESERVATION', run: (w) =>
    w.mmap(w.slot(), w.root(w.low(w.live(PAGE))), PAGE, RW, FIXED) },
  { row: 'P9', says: 'over a hole: the whole range, its end, its middle', gives: 'ENOMEM ENOMEM ENOMEM', run: (w) => {
    const slot = holed(w, 1, 1);
    const over = (from: number, count: number): string => w.mmap(w.slot(), w.on(slot, from * PAGE), count * PAGE, RW, FIXED);
    return [over(1, 1), over(0, 2), over(0, 3)].join(' ');
  } },
  { row: 'P9 padding', says: 'over padding', gives: 'ENOMEM', run: (w) => {
    const [length] = paddedOf(w), slot = w.live(length, R);
    return w.mmap(w.slot(), w.on(slot, length), PAGE, R, FIXED);
  } },
  { row: 'P10', says: 'what is mapped is replaced, and the capability comes back as it is', gives: 'true 0', run: (w) => {
    const slot = w.live(4 * PAGE), dst = w.slot(), shown = w.on(slot, PAGE);
    expect(w.store(shown, 0, 7)).toBe('ok');
    expect(w.mmap(dst, shown, PAGE, RW, FIXED)).toBe('0');
    return `${w.hart.isSame(dst, shown)} ${w.hart.load8(dst, 0)}`;
  } },
  { row: 'P10 narrowed', says: 'a narrowed capability manages what it covers', gives: 'true', run: (w) => {
    const dst = w.slot(), shown = w.narrow(w.live(4 * PAGE), PAGE, PAGE);
    return w.mmap(dst, shown, PAGE, RW, FIXED) === '0' ? String(w.hart.isSame(dst, shown)) : 'failed';
  } },
  { row: 'P10 perms', says: 'more than the capability permits',
    gives: 'EINVAL', run: (w) => w.mmap(w.slot(), w.live(PAGE, R), PAGE, RW, FIXED) },
];

tableTest({
  title: 'the pointer argument', cites: '<design/profile#.pcuabi>', systems: linux, rows: pointer,
  all: ['P1', 'P2', 'P3', 'P4', 'P5', 'P6', 'P7', 'P8', 'P9', 'P10'], errors: ['EINVAL', 'ENOMEM', 'EEXIST', 'ERESERVATION'],
});

const request: readonly Row[] = [
  { row: 'M0', says: 'no descriptor, before all else', gives: 'EBADF', run: (w) =>
    w.mmap(w.slot(), w.stripped(w.live(PAGE)), 0, ProtWRITE | protMax(R), MapPRIVATE | MapGROWSDOWN) },
  { row: 'M1', says: 'more than PROT_MAX, before all that follows', gives: 'EINVAL', run: (w) =>
    w.mmap(w.slot(), NULL, PAGE, RW | protMax(R), AP | MapGROWSDOWN) },
  { row: 'M2', says: 'MAP_GROWSDOWN, whatever the pointer', gives: UNSUPPORTED, run: (w) =>
    w.mmap(w.slot(), w.stripped(w.live(PAGE)), PAGE, RW, AP | MapGROWSDOWN) },
  { row: 'M3', says: 'the pointer, before the length', gives: 'ERESERVATION', run: (w) => w.mmap(w.slot(), w.stale(PAGE), 0, RW, FIXED) },
  { row: 'M4', says: 'no length', gives: 'EINVAL', run: (w) => w.mmap(w.slot(), NULL, 0, RW, AP) },
  { row: 'M4 overflow', says: 'an offset that is no file\'s', gives: 'EOVERFLOW', run: (w) =>
    w.mmap(w.slot(), NULL, PAGE, R, MapPRIVATE, w.file(PAGE), Number.MAX_SAFE_INTEGER - PAGE + 1) },
  { row: 'M4 unreadable', says: 'a file that was not opened for reading', gives: 'EACCES', run: (w) =>
    w.mmap(w.slot(), NULL, PAGE, R, MapPRIVATE, w.file(PAGE, false)) },
  { row: 'M4 unwritable', says: 'shared and to be written, not opened for it', gives: 'EACCES', run: (w) =>
    w.mmap(w.slot(), NULL, PAGE, RW, MapSHARED, w.file(PAGE, true, false)) },
  { row: 'M4 copied', says: 'private and to be written, not opened for it', gives: '0', run: (w) =>
    w.mmap(w.slot(), NULL, PAGE, RW, MapPRIVATE, w.file(PAGE, true, false)) },
  { row: 'M5', says: 'no place so long', gives: 'ENOMEM', run: (w) => w.mmap(w.slot(), NULL, 2 ** 33, RW, AP) },
  { row: 'M6', says: 'the start of the mapping, bounds of the reservation', gives: 'true true 16384', run: (w) => {
    const slot = w.live(4 * PAGE);
    return `${w.isTagged(slot)} ${w.low(slot) === w.base(slot)} ${w.length(slot)}`;
  } },
  { row: 'M7', says: 'padding is within the bounds, and nothing is there', gives: 'SIGSEGV SEGV_MAPERR', run: (w) => {
    const [length, whole] = paddedOf(w), slot = w.live(length);
    expect(w.length(slot)).toBe(whole);
    expect(w.store(slot, length - 1)).toBe('ok');
    expect(w.load(slot, whole - 1)).toBe('SIGSEGV SEGV_MAPERR');
    return w.load(slot, length);
  } },
  { row: 'M8', says: 'less than PROT_MAX now, and all of it later', gives: 'SIGSEGV SEGV_ACCERR, 0, ok', run: (w) => {
    const slot = w.live(PAGE, R | RWMAX);
    return [w.store(slot), w.mprotect(slot, PAGE, RW), w.store(slot)].join(', ');
  } },
  { row: 'M9', says: 'PROT_NONE alone permits nothing, for ever', gives: 'global,user1 EINVAL', run: (w) => {
    const slot = w.live(PAGE, ProtNONE);
    return `${w.perms(slot).join()} ${w.mprotect(slot, PAGE, R)}`;
  } },
  { row: 'M9 max', says: 'PROT_NONE with PROT_MAX keeps a place', gives: 'SIGSEGV SEGV_ACCERR, 0, ok', run: (w) => {
    const slot = w.live(PAGE, RWMAX);
    return [w.load(slot), w.mprotect(slot, PAGE, RW), w.store(slot)].join(', ');
  } },
];

tableTest({
  title: 'mmap', cites: '<design/profile#.pcuabi>', systems: linux, rows: request,
  all: ['M0', 'M1', 'M2', 'M3', 'M4', 'M5', 'M6', 'M7', 'M8', 'M9'],
  errors: ['EBADF', 'EINVAL', UNSUPPORTED, 'ERESERVATION', 'EOVERFLOW', 'EACCES', 'ENOMEM'],
});

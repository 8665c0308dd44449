/* pcuabi-reservation.test.ts: PCUABI'S RESERVATIONS, ROW BY ROW
 *
 * The table of a reservation's life (L), what was decided of the quirks of the landed code (Q), what capabilities permit, and what sizes are
 * padded. L8, execve, is in `pcuabi-process.test.ts`; L9, processes whose pointers are integers, do not exist here.
 */
import { describe, expect, test } from 'vitest';
import { MapPRIVATE, MapSHARED, ProtEXEC, ProtINVOKE, ProtNONE, ProtREAD, ProtWRITE, RemapMAYMOVE } from '../../../code/os/vm/mman.ts';
import { profiles } from '../../../code/os/vm/profile.ts';
import { fixed, FIXED, FREE, hex, holed, paddedOf, placed } from './places.ts';
import { AP, linux, MIB, nameOf, PAGE, R, RW, RWMAX, World } from './rig.ts';
import { tableTest, type Row } from './table.ts';

const life: readonly Row[] = [
  { row: 'L1', says: 'mmap of an integer makes one, of an owning capability none', gives: '1 1 2', run: (w) => {
    const counts: number[] = [], slot = w.live(PAGE);
    counts.push(w.reservations().length);
    w.mmap(w.slot(), slot, PAGE, RW, FIXED);
    counts.push(w.reservations().length);
    fixed(w, FREE);
    return [...counts, w.reservations().length].join(' ');
  } },
  { row: 'L1 moved', says: 'mremap that moves makes one', gives: 'true', run: (w) => {
    const slot = w.live(2 * PAGE), dst = w.slot();
    w.mremap(dst, slot, PAGE, 16 * PAGE, RemapMAYMOVE);
    return String(w.reservations().length === 2 && w.length(dst) === 16 * PAGE);
  } },
  { row: 'L2', says: 'it never grows, shrinks, splits or merges', gives: 'true', run: (w) => {
    const slot = w.live(4 * PAGE), before = w.reservations().join();
    w.munmap(slot, PAGE);
    w.munmap(w.on(slot, 2 * PAGE), PAGE);
    w.mprotect(w.on(slot, 3 * PAGE), PAGE, R);
    w.mremap(w.slot(), w.on(slot, PAGE), PAGE, 2 * PAGE, 0);
    return String(w.reservations().join() === before);
  } },
  { row: 'L3', says: 'it goes with its last mapping', gives: '1 0', run: (w) => {
    const slot = w.live(2 * PAGE);
    w.munmap(slot, PAGE);
    const { length } = w.reservations();
    w.munmap(w.on(slot, PAGE), PAGE);
    return `${length} ${w.reservations().length}`;
  } },
  { row: 'L4', says: 'half of it unmapped: the place stays taken, the capability manages the rest',
    gives: 'ERESERVATION 0 ok', run: (w) => {
    const slot = holed(w, 0, 2);
    return [fixed(w, w.low(slot)), w.mprotect(w.on(slot, 2 * PAGE), 2 * PAGE, RW), w.store(slot, 2 * PAGE)].join(' ');
  } },
  { row: 'L5', says: 'a stale capability keeps its tag, and manages what comes to lie there', gives: 'true ERESERVATION 0', run: (w) => {
    const slot = w.stale(2 * PAGE), answers = [String(w.isTagged(slot)), w.munmap(slot, PAGE)];
    fixed(w, w.low(slot), 2);
    return [...answers, w.munmap(slot, PAGE)].join(' ');
  } },
  { row: 'L6', says: 'no two overlap, padding included', gives: 'true', run: (w) => {
    const [length, whole] = paddedOf(w), ranges: [number, number][] = [];
    for (const size of [PAGE, length, 3 * PAGE, length, PAGE]) {
      const slot = w.live(size);
      ranges.push([w.base(slot), w.base(slot) + (size === length ? whole : size)]);
    }
    ranges.sort(([one], [other]) => one - other);
    return String(ranges.every(([base], index) => index === 0 || ranges[index - 1][1] <= base));
  } },
  { row: 'L7', says: 'a child has equal ones, and they part', gives: '0 ok ERESERVATION', run: (w) => {
    const slot = w.live(2 * PAGE);
    w.store(slot);
    const child = w.fork();
    expect(child.reservations()).toEqual(w.reservations());
    return [child.munmap(slot, 2 * PAGE), w.load(slot), child.munmap(slot, PAGE)].join(' ');
  } },
  { row: 'L10', says: 'equal mappings side by side stay two', gives: '2', run: (w) => {
    fixed(w, FREE);
    fixed(w, FREE + PAGE);
    return String(w.map.entries().length);
  } },
];

tableTest({
  title: 'a reservation\'s life', cites: '<design/reservation#.inv.fixed>', systems: linux, rows: life,
  all: ['L1', 'L2', 'L3', 'L4', 'L5', 'L6', 'L7', 'L10'], errors: [],
});

/** munmap of nothing is EINVAL wherever. Beyond the bounds nothing is owned; where they end the address is in no reservation. */
const lengthless = '0 0 0 0 EINVAL, ERESERVATION ERESERVATION ERESERVATION ERESERVATION EINVAL, EINVAL EINVAL EINVAL EINVAL EINVAL';

const quirks: readonly Row[] = [
  { row: 'Q1', says: 'a hole at the front is refused like any',
    gives: 'ENOMEM', run: (w) => w.mmap(w.slot(), holed(w, 0, 2), 4 * PAGE, RW, FIXED) },
  { row: 'Q2', says: 'a range that fits exactly below another reservation is taken', gives: '0', run: (w) => {
    const [, whole] = paddedOf(w);
    fixed(w, FREE + whole);
    return w.mmap(w.slot(), w.int(FREE), whole, RW, FIXED);
  } },
  { row: 'Q3', says: 'a gap of exactly the length, not representable, is not used', gives: 'elsewhere', run: (w) => {
    const [length] = paddedOf(w);
    fixed(w, FREE + length);
    fixed(w, FREE - PAGE);
    return placed(w, FREE, length);
  } },
  { row: 'Q4', says: 'fixed below all that can be mapped, and beyond', gives: 'EPERM ENOMEM', run: (w) => {
    const beyond = w.slot();
    w.hart.set(beyond, 0, 0x4000_0000, 0, 0);
    return `${fixed(w, 0)} ${w.mmap(w.slot(), beyond, PAGE, RW, FIXED)}`;
  } },
  { row: 'Q5', says: 'fixed within a page, by integer and by capability', gives: 'EINVAL EINVAL', run: (w) =>
    `${fixed(w, FREE + 16)} ${w.mmap(w.slot(), w.on(w.live(2 * PAGE), 16), PAGE, RW, FIXED)}` },
  { row: 'Q6', says: 'the capability is for the address that was asked', gives: hex(FREE + PAGE), run: (w) => {
    fixed(w, FREE);
    const slot = w.slot();
    return w.mmap(slot, w.int(FREE + PAGE), PAGE, RW, FIXED) === '0' ? hex(w.base(slot)) : 'failed';
  } },
  { row: 'Q7', says: 'no length: the address in the reservation, where it ends, and far beyond', gives: lengthless, run: (w) => {
    const slot = w.live(PAGE), at = (bytes: number): string => {
      const shown = w.on(slot, bytes);
      return [w.mincore(shown, 0), w.mlock(shown, 0), w.munlock(shown, 0), w.msync(shown, 0), w.munmap(shown, 0)].join(' ');
    };
    return [0, PAGE, 16 * PAGE].map(at).join(', ');
  } },
  { row: 'Q8', says: 'a stale capability is good for a new reservation that holds its bounds, and for no smaller one',
    gives: 'ERESERVATION 0', run: (w) => {
    const slot = w.stale(2 * PAGE), low = w.low(slot);
    fixed(w, low);
    const answer = w.mprotect(slot, PAGE, RW);
    fixed(w, low + PAGE);
    const other = w.stale(PAGE);
    fixed(w, w.low(other));
    return `${answer} ${w.mprotect(other, PAGE, R)}`;
  } },
];

tableTest({
  title: 'quirks', cites: '<design/profile#.quirks>', systems: linux, rows: quirks,
  all: ['Q1', 'Q2', 'Q3', 'Q4', 'Q5', 'Q6', 'Q7', 'Q8'], errors: ['EPERM', 'ENOMEM', 'EINVAL', 'ERESERVATION'],
});

const RWX: number = ProtREAD | ProtWRITE | ProtEXEC;
const data = ['load', 'loadCap', 'mutableLoad', 'store', 'storeCap', 'storeLocal'];

describe('permissions of the capability', () => {
  /** What prot, flags and source come to, beside GLOBAL and VMEM. */
  const table: readonly { says: string; prot: number; flags: number; isFile: boolean; perms: readonly string[] }[] = [
    { says: 'nothing', prot: ProtNONE, flags: AP, isFile: false, perms: [] },
    { says: 'READ, private', prot: R, flags: AP, isFile: false, perms: ['load', 'loadCap', 'mutableLoad'] },
    { says: 'WRITE, private', prot: ProtWRITE, flags: AP, isFile: false, perms: ['store', 'storeCap', 'storeLocal'] },
    { says: 'READ and WRITE, private', prot: RW, flags: AP, isFile: false, perms: data },
    { says: 'EXEC', prot: ProtEXEC, flags: AP, isFile: false, perms: ['execute'] },
    { says: 'everything', prot: RWX, flags: AP, isFile: false, perms: [...data, 'execute'] },
    { says: 'PROT_MAX instead of prot', prot: R | RWMAX, flags: AP, isFile: false, perms: data },
    { says: 'EXEC, to be invoked',
      prot: R | ProtEXEC | ProtINVOKE, flags: AP, isFile: false, perms: ['load', 'loadCap', 'mutableLoad', 'execute', 'invoke'] },
    { says: 'a private file', prot: RW, flags: MapPRIVATE, isFile: true, perms: data },
    { says: 'a shared file', prot: RW, flags: MapSHARED, isFile: true, perms: ['load', 'store'] },
    { says: 'shared, anonymous', prot: RW, flags: (AP & ~MapPRIVATE) | MapSHARED, isFile: false, perms: ['load', 'store'] },
  ];
  for (const system of linux) {
    test.each(table)(`$says: ${nameOf(system)} <design/profile#.pcuabi>`, ({ prot, flags, isFile, perms }) => {
      const w = new World(system), slot = w.live(PAGE, prot, flags, isFile ? w.file(PAGE) : null);
      const known = Object.entries(w.format.perm).filter(([, bit]) => bit !== 0).map(([name]) => name);
      expect(w.perms(slot)).toEqual(['global', 'user1', ...perms].filter((name) => known.includes(name)).sort());
    });
  }
});

describe('refilling as it landed', () => {
  const landed = { ...profiles.pcuabi, refill: 'landed' as const };
  test.each(linux)('a hole at the front passes, others do not: $abi on $format <design/profile#.refill>', (system) => {
    const answers = [[0, 2], [0, 4], [1, 1], [3, 1]].map(([from, count]) => {
      const w = new World(system, 128, landed), slot = w.live(5 * PAGE);
      expect(w.munmap(w.on(slot, from * PAGE), count * PAGE)).toBe('0');
      return w.mmap(w.slot(), slot, 4 * PAGE, RW, FIXED);
    });
    expect(answers).toEqual(['0', 'ENOMEM', 'ENOMEM', 'ENOMEM']);
  });
});

describe('sizes', () => {
  const KIB = 1024;
  /** Bytes, and on each format what the base is aligned to and how long the reservation is. */
  const sizes: readonly { size: number; morello: readonly [number, number]; riscv: readonly [number, number] }[] = [
    { size: 24 * KIB, morello: [PAGE, 24 * KIB], riscv: [PAGE, 24 * KIB] },
    { size: 128 * KIB, morello: [PAGE, 128 * KIB], riscv: [PAGE, 128 * KIB] },
    { size: 4 * MIB, morello: [PAGE, 4 * MIB], riscv: [2 * PAGE, 4 * MIB] },
    { size: 4 * MIB + PAGE, morello: [PAGE, 4 * MIB + PAGE], riscv: [2 * PAGE, 4 * MIB + 2 * PAGE] },
    { size: 10 * MIB, morello: [PAGE, 10 * MIB], riscv: [4 * PAGE, 10 * MIB] },
    { size: 16 * MIB, morello: [2 * PAGE, 16 * MIB], riscv: [8 * PAGE, 16 * MIB] },
    { size: 16 * MIB + PAGE, morello: [2 * PAGE, 16 * MIB + 2 * PAGE], riscv: [8 * PAGE, 16 * MIB + 8 * PAGE] },
  ];
  for (const system of linux) {
    test.each(sizes)(`$size bytes: ${nameOf(system)} <design/reservation#.inv.representable>`, ({ size, [system.format]: [alignment, length] }) => {
      const w = new World(system);
      for (let count = 0; count < 20; ++count) {
        const slot = w.live(size);
        expect([w.base(slot) % alignment, w.low(slot) === w.base(slot), w.length(slot)]).toEqual([0, true, length]);
      }
    });
  }
});

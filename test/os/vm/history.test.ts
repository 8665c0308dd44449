/* history.test.ts: RANDOM HISTORIES OF AN ADDRESS SPACE
 *
 * A million operations of each profile against the oracles, and what makes such a run count <design/vm-oracle>.
 */
import { describe, expect, test } from 'vitest';
import { cool } from '../../../code/base/base.ts';
import { errnoName } from '../../../code/os/errno.ts';
import { profiles, type Abi } from '../../../code/os/vm/profile.ts';
import { seeds } from '../../seed.ts';
import { runHistory } from './model/history.ts';
import { MapANON, MapPRIVATE, ProtREAD, ProtWRITE } from './model/abi.ts';
import { PAGE } from './model/space.ts';
import { NULL, RESULT, TEMP, World, type Tally } from './model/world.ts';

/** Histories of a run; `cool` checks everything twice on the way, and has a twentieth. CAPSTAN_HISTORIES has more. */
const COUNT = Number(process.env['CAPSTAN_HISTORIES'] ?? (cool ? 30 : 600));
const LENGTH = 2000;

/** errnosOf -- what a profile's tables can answer. */
const errnosOf = (abi: Abi): ReadonlySet<string> =>
  new Set(Object.values(profiles[abi].rules).flatMap((rules) => rules.filter(({ errno }) => errno !== 0).map(({ errno }) => errnoName(errno))));

/** Calls that a profile has in name only: all of them fail. */
const barren: Readonly<Record<Abi, readonly string[]>> = { cheribsd: ['brk', 'mremap'], pcuabi: ['brk'] };

/** What histories do. */
const kinds: readonly string[] = [
  'mmap', 'munmap', 'mprotect', 'madvise', 'mincore', 'mlock', 'munlock', 'msync', 'minherit', 'brk', 'mremap', 'shmat', 'shmdt', 'fork',
  'load', 'store', 'loadcap', 'storecap',
];

/** countOf -- how many calls and accesses there were. */
const countOf = (tally: Tally): number => [...tally.values()].reduce((sum, counts) => sum + [...counts.values()].reduce((some, count) => some + count, 0), 0);

/** weaknesses -- what is missing in a run <design/vm-oracle#.weak>. */
function weaknesses(abi: Abi, tally: Tally): string[] {
  const missing: string[] = [], total = new Map<string, number>();
  for (const kind of kinds) {
    const counts = tally.get(kind) ?? new Map<string, number>(), done = (counts.get('0') ?? 0) + (counts.get('ok') ?? 0);
    let all = 0;
    for (const [name, count] of counts) {
      all += count;
      total.set(name, (total.get(name) ?? 0) + count);
    }
    if (all < 10 || (!barren[abi].includes(kind) && done < 0.3 * all)) missing.push(`${kind}: ${done} of ${all} succeed`);
  }
  for (const name of errnosOf(abi)) if ((total.get(name) ?? 0) < 10) missing.push(`${name}: ${total.get(name) ?? 0} times`);
  return missing;
}

test('a run is weak if less than 30 % of a kind succeed, if a kind is missing, or an errno <design/vm-oracle#.weak>', () => {
  for (const abi of ['cheribsd', 'pcuabi'] as const) {
    const names = [...errnosOf(abi)], enough = (): Tally => new Map(kinds.map((kind) => [kind, new Map([['0', 700], ...names.map((name): [string, number] => [name, 1])])]));
    const without = (change: (tally: Tally) => void): string[] => {
      const tally = enough();
      change(tally);
      return weaknesses(abi, tally);
    };
    expect(without(() => {})).toEqual([]);
    expect(without((tally) => tally.delete('munmap'))).toEqual(['munmap: 0 of 0 succeed']);
    expect(without((tally) => tally.get('load')!.set('maperr', 1700))).toEqual([`load: 700 of ${2400 + names.length} succeed`]);
    for (const name of names) expect(without((tally) => { for (const counts of tally.values()) counts.delete(name); })).toEqual([`${name}: 0 times`]);
  }
});

const text = (tally: Tally): string =>
  [...tally].map(([kind, counts]) => `${kind}: ${[...counts].map(([name, count]) => `${name} ${count}`).join(', ')}`).join('\n');

describe.each(['cheribsd', 'pcuabi'] as const)('%s', (abi) => {
  test(`the engine agrees with the naive space and with the neighbours <design/vm-oracle#.inv.naive> <design/vm-oracle#.inv.neighbours> <design/vm-oracle#.inv.whole> ${COUNT * LENGTH} steps`, () => {
    const tally: Tally = new Map();
    for (const seed of seeds(COUNT)) runHistory(abi, seed, LENGTH, tally);
    if (process.env['CAPSTAN_TALLY'] !== undefined) process.stderr.write(`${abi}\n${text(tally)}\n`);
    if (process.env['SEED'] !== undefined) return;
    expect(weaknesses(abi, tally), text(tally)).toEqual([]);
    expect(countOf(tally)).toBeGreaterThan(0.85 * COUNT * LENGTH);
  }, 900_000);
});

// CheriBSD's issue 2252: a range to be unmapped has an entry in it that is unmapped already.
describe.each([['cheribsd', 'EPROT'], ['pcuabi', 'ERESERVATION']] as const)('%s', (abi, gone) => {
  test.each([[1, 2], [3, 1], [0, 1], [0, 3]])('unmapping all after %i pages from page %i on ends the reservation <design/reservation#.inv.fixed>', (first, count) => {
    const world = new World(abi, 1, new Map(), null), { map } = world.now, { hart } = world;
    const unmap = (page: number, pages: number): string => {
      world.place(TEMP, RESULT, world.cap(RESULT).base + page * PAGE);
      return errnoName(map.munmap(hart, TEMP, pages * PAGE));
    };
    expect(map.mmap(hart, RESULT, NULL, 4 * PAGE, ProtREAD | ProtWRITE, MapANON | MapPRIVATE)).toBe(0);
    expect(unmap(first, count)).toBe('0');
    expect(unmap(0, 4)).toBe('0');
    expect(map.entries()).toEqual([]);
    expect(unmap(0, 4)).toBe(gone);
    world.finish();
  });
});

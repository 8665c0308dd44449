/* history.test.ts: RANDOM HISTORIES OF AN ADDRESS SPACE
 *
 * A million operations of each profile against the oracles, and what makes such a run count <design/vm-oracle>.
 */
import { describe, expect, test } from 'vitest';
import { cool } from '../../../code/base/base.ts';
import { errnoName } from '../../../code/os/errno.ts';
import type { Abi } from '../../../code/os/vm/profile.ts';
import { seeds } from '../../seed.ts';
import { runHistory } from './model/history.ts';
import { MapANON, MapPRIVATE, ProtREAD, ProtWRITE } from './model/abi.ts';
import { PAGE } from './model/space.ts';
import { NULL, RESULT, TEMP, World, type Tally } from './model/world.ts';

/** Histories of a run; `cool` checks everything twice on the way, and has a tenth. CAPSTAN_HISTORIES has more. */
const COUNT = Number(process.env['CAPSTAN_HISTORIES'] ?? (cool ? 60 : 600));
const LENGTH = 2000;

/** What must have answered each way at least ten times. */
const errnos: Readonly<Record<Abi, readonly string[]>> = {
  cheribsd: ['EPROT', 'EACCES', 'EINVAL', 'ENOMEM', 'ENOTSUP', 'EBADF', 'ENOSYS'],
  pcuabi: ['EINVAL', 'ERESERVATION', 'ENOMEM', 'ENOTSUP', 'EBADF', 'EACCES', 'EEXIST', 'EFAULT', 'ENOSYS'],
};

/** Calls that a profile has in name only: all of them fail. */
const barren: Readonly<Record<Abi, readonly string[]>> = { cheribsd: ['brk', 'mremap'], pcuabi: ['brk'] };

/** countOf -- how many calls and accesses there were. */
const countOf = (tally: Tally): number => [...tally.values()].reduce((sum, counts) => sum + [...counts.values()].reduce((some, count) => some + count, 0), 0);

/** weaknesses -- what is missing in a run <design/vm-oracle#.weak>. */
function weaknesses(abi: Abi, tally: Tally): string[] {
  const missing: string[] = [], total = new Map<string, number>();
  for (const [kind, counts] of tally) {
    let all = 0;
    for (const [name, count] of counts) {
      all += count;
      total.set(name, (total.get(name) ?? 0) + count);
    }
    const done = (counts.get('0') ?? 0) + (counts.get('ok') ?? 0);
    if (!barren[abi].includes(kind) && done < 0.3 * all) missing.push(`${kind}: ${done} of ${all} succeed`);
  }
  for (const name of errnos[abi]) if ((total.get(name) ?? 0) < 10) missing.push(`${name}: ${total.get(name) ?? 0} times`);
  return missing;
}

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

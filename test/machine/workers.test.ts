import { availableParallelism } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  addrOfWindow, Machine, PageALL, type AddressSpace, type FormatName, type Hart, type MachineImage,
} from '../../code/machine/machine.ts';
import { seeds } from '../seed.ts';
import { Crew } from './crew.ts';
import { giveAll, isWhole, make, MEETING, numberOf, TALLY, TOKEN, type Findings, type JobName } from './hammer.ts';

const SIZE = 0x1_0000, COUNT = 2, PROCESSORS = availableParallelism();

/** How often each worker must have met what another had done, and how many rounds there may be until then. Each is twice as long as the
 * one before, up to a limit: on a busy host a short round is over in one worker before the other begins. */
const MET = PROCESSORS < COUNT ? 10 : 150, ROUNDS = 16, LONGER = 6;

let crew: Crew;
beforeAll(() => { crew = new Crew(COUNT); });
afterAll(async () => crew.dismiss());

interface Site {
  readonly image: MachineImage;
  readonly space: AddressSpace;
  readonly hart: Hart;
}

/** site -- a machine for a job, and a hart here that can look at it afterwards. */
function site(format: FormatName, isShared: boolean = true): Site {
  const machine = new Machine(SIZE, { format, isShared }), space = machine.space(), hart = machine.hart('main', space);
  space.map(addrOfWindow(0), SIZE, 0, PageALL);
  giveAll(hart, 1);
  return { image: { size: SIZE, format, memory: machine.memory.image() }, space, hart };
}

/** work -- one round of a job. */
const work = ({ image, space }: Site, name: JobName, operations: number, seed: number, isLocked: boolean = true): Promise<readonly Findings[]> =>
  crew.work({ name, machine: image, space: space.image(), isLocked, operations, seed });

/** workAnew -- a round of `meet`, in which counts begin at 1: nothing is left of the one before. */
async function workAnew(at: Site, operations: number, seed: number, isLocked: boolean = true): Promise<readonly Findings[]> {
  at.hart.clear(2);
  at.hart.storeCap(1, MEETING, 2);
  return work(at, 'meet', operations, seed, isLocked);
}

/** Counts of all workers together. */
const sum = (found: readonly Findings[], name: string): number => found.reduce((all, one) => all + (one[name] ?? 0), 0);

/** workUntilMet -- rounds of a job, of `least` operations at first, each looked at, until every worker has met another's doing often enough. */
async function workUntilMet(
  least: number, job: (operations: number, round: number) => Promise<readonly Findings[]>,
  look: (found: readonly Findings[], operations: number) => void,
): Promise<void> {
  const met = new Array<number>(COUNT).fill(0);
  for (let round = 0; round < ROUNDS; round += 1) {
    const operations = least * 2 ** Math.min(round, LONGER), found = await job(operations, round);
    look(found, operations);
    found.forEach((one, id) => { met[id] += one['foreign'] ?? 0; });
    if (met.every((count) => count >= MET)) return;
  }
  expect.fail(`weak run: the workers met ${met.join(', ')} times`);
}

for (const format of ['riscv', 'morello'] as const) {
  describe(`two workers, ${format}`, () => {
    for (const seed of seeds(1)) {
      test(`no capability is torn, stale or lost, no data store keeps a tag <design/workers#.inv.whole> <design/workers#.inv.order> seed=${seed}`, async () => {
        const at = site(format);
        await workUntilMet(100_000, (operations, round) => workAnew(at, operations, seed * 100 + round), (found) => {
          const wrong = ['torn', 'stale', 'early', 'lost'].map((name) => [name, sum(found, name)]);
          expect(wrong).toEqual([['torn', 0], ['stale', 0], ['early', 0], ['lost', 0]]);
          expect(sum(found, 'tagged')).toBeGreaterThan(1000);
          expect(sum(found, 'untagged')).toBeGreaterThan(1000);
        });
        expect(at.hart.tags.every((tag) => tag < 2)).toBe(true);
      });
    }

    test('a token that is exchanged is there once, and who has it is alone <design/workers#.inv.whole> <design/workers#.inv.order>', async () => {
      const at = site(format), { hart } = at;
      await workUntilMet(50_000, (operations, round) => {
        hart.store32(1, TALLY, 0);
        make(hart, 2, TOKEN);
        hart.storeCap(1, MEETING, 2);
        return work(at, 'pass', operations, round);
      }, (found) => {
        hart.loadCap(3, 1, MEETING);
        expect([sum(found, 'torn'), isWhole(hart, 3)]).toEqual([0, true]);
        const held = [...found.map((one) => [one['held'], one['heldTag']]), [hart.r[3 << 3], Number(hart.isTagged(3))]];
        expect(held.sort(([a], [b]) => a - b)).toEqual([[numberOf(0, 1), 0], [numberOf(1, 1), 0], [TOKEN, 1]]);
        expect(hart.load32(1, TALLY)).toBe(sum(found, 'tokens'));
      });
    });

    test('of counts that are compared and exchanged none is lost <design/workers#.inv.whole>', async () => {
      const at = site(format), { hart } = at;
      let total = 0;
      make(hart, 2, total);
      hart.storeCap(1, MEETING, 2);
      await workUntilMet(20_000, (operations, round) => work(at, 'raise', operations, round), (found, operations) => {
        total += COUNT * operations;
        hart.loadCap(3, 1, MEETING);
        expect([sum(found, 'torn'), hart.isTagged(3), isWhole(hart, 3)]).toEqual([0, true, true]);
        expect([hart.r[3 << 3], hart.load32(1, TALLY)]).toEqual([total, total]);
      });
    });
  });
}

test('eight bytes that are loaded are of one store <design/workers#.whole.double>', async () => {
  const at = site('riscv');
  await workUntilMet(50_000, (operations, round) => work(at, 'halve', operations, round), (found) => {
    expect(sum(found, 'halves')).toBe(0);
  });
});

test('a page that a capability has been stored to is dirty, though its rights are changed meanwhile <design/workers#.inv.dirty>', async () => {
  const at = site('riscv');
  await workUntilMet(20_000, (operations, round) => work(at, 'soil', operations, round), (found) => {
    expect(sum(found, 'lost')).toBe(0);
  });
});

test.skipIf(PROCESSORS < COUNT)('without locks the same workers do tear capabilities, and it is seen <design/workers#.test.torn>', async () => {
  const at = site('riscv', false);
  for (let round = 0; round < ROUNDS; round += 1) {
    if (sum(await workAnew(at, 200_000 * 2 ** Math.min(round, LONGER), round, false), 'torn') > 0) return;
  }
  expect.fail(`no capability was torn in ${ROUNDS} rounds`);
});

/* micro.ts: MACHINE OPERATIONS
 *
 * The cost of single operations against the same work on typed arrays and JavaScript objects <design/bench#.micro>.
 */
import type { Bench } from './bench.ts';
import { messageOf, numberOf, type Sample, type Sampler } from './fresh.ts';
import type { Loops } from './loops.ts';
import { rowOf, type Row, type RowNotes } from './rows.ts';
import { timingTake } from './timing.ts';

/** A row that one case measures. */
interface MicroRow extends RowNotes {
  readonly name: string;
  readonly against: string;
}

/** A checked load, and a capability load with a load through it, should cost at most so many raw loads. */
const LoadAIM = 5;
const DereferenceAIM = 20;

const ROWS: readonly MicroRow[] = [
  { name: 'load32', against: 'raw load', aim: LoadAIM },
  { name: 'load32-free', against: 'raw load', aim: LoadAIM },
  { name: 'store32', against: 'raw store' },
  { name: 'loadCap', against: 'raw load' },
  { name: 'loadCap-free', against: 'raw load' },
  { name: 'storeCap', against: 'raw store' },
  { name: 'dereference', against: 'two raw loads', aim: DereferenceAIM },
  { name: 'dereference-free', against: 'two raw loads', aim: DereferenceAIM },
  { name: 'dereference-single', against: 'one raw load', aim: DereferenceAIM },
  { name: 'move', against: 'raw load and store' },
  { name: 'store32-locked', against: 'raw store' },
  { name: 'loadCap-locked', against: 'raw load' },
  { name: 'loadCap-free-locked', against: 'raw load' },
  { name: 'storeCap-locked', against: 'raw store' },
  { name: 'loadCap-morello', against: 'raw load' },
  { name: 'loadCap-free-morello', against: 'raw load' },
  { name: 'copy-page', against: 'raw copy' },
  { name: 'fill-page', against: 'raw fill' },
  { name: 'sweep-page', against: 'raw tags and words' },
  { name: 'reserve-commit', against: 'new object', platform: 'an' },
];

/** Operations of the machine. */
export const micro: Bench = {
  name: 'micro',
  summary: 'machine operations against typed arrays: 1,024 objects, 1 MiB',
  rows,
};

async function* rows(sample: Sampler): AsyncIterable<Row> {
  for (const { name, against, ...notes } of ROWS) {
    try {
      const measured = await sample(`micro/${name}`);
      yield rowOf(`micro/${name}`, 'ns', numberOf(measured, 'machine'), against, numberOf(measured, 'raw'), notes);
    } catch (error) {
      yield { name: `micro/${name}`, value: null, unit: 'ns', against, ratio: null, failed: messageOf(error) };
    }
  }
}

/** How often the two loops of a case are timed, in turn, and for how many seconds each. */
const ROUNDS = 3;
const SECONDS = 0.3;

/** microTake -- time both loops of a case; an error if they do not return the same <design/bench#.inv.same>. */
export function microTake(name: string, loops: Loops, operations: number, seconds: number = SECONDS): Sample {
  const machine = loops.machine(), raw = loops.raw();
  if (machine !== raw) throw new Error(`${name}: the machine computes ${machine}, the raw loop ${raw}`);
  const times = { machine: [] as number[], raw: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    times.machine.push(timingTake({ name, operations, run: loops.machine }, seconds));
    times.raw.push(timingTake({ name: `${name}, raw`, operations, run: loops.raw }, seconds));
  }
  return { machine: Math.min(...times.machine), raw: Math.min(...times.raw) };
}

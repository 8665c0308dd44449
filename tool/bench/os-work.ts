/* os-work.ts: HOW MUCH THE OPERATING SYSTEM IS GIVEN TO DO
 *
 * In common to the rows and the cases <design/bench#.os>.
 */

/** How much is done. */
export interface OsWork {
  /** How many maps, or threads, there are beside: growth is told against the first. */
  readonly sizes: readonly number[];
  /** How often each operation is timed at each size. */
  readonly rounds: number;
  /** Operations that are timed at a time, but for those that are long. */
  readonly batch: number;
  /** Bytes of the process that is forked. */
  readonly forked: number;
  /** Threads that there are at once. */
  readonly many: number;
}

/** What the bench times. */
export const OsFULL: OsWork = { sizes: [100, 1000, 10_000], rounds: 40, batch: 250, forked: 64 * 2 ** 20, many: 100_000 };

/** What there may be more and more of. */
export type Grown = 'maps' | 'threads';

/** An operation, what it is set against, and what its growth is told with. */
export interface OsOperation {
  readonly name: string;
  readonly against: string;
  readonly grown: readonly Grown[];
  /** What there is more and more of is another process's. */
  readonly isElsewhere?: boolean;
  /** What it is set against has the same size, and growth is that of the ratio <design/bench#.os.all>. */
  readonly isRelative?: boolean;
}

const BOTH: readonly Grown[] = ['maps', 'threads'];

/** The operations, in the order of their rows. */
export const OsOPERATIONS: readonly OsOperation[] = [
  { name: 'touch', against: 'page filled', grown: BOTH },
  { name: 'segv', against: 'generator run', grown: BOTH },
  { name: 'mmap', against: 'Map set, delete', grown: BOTH },
  { name: 'mprotect', against: 'Map set, delete', grown: BOTH },
  { name: 'fork', against: 'bytes copied', grown: BOTH, isElsewhere: true },
  { name: 'fork-own', against: 'as many objects', grown: ['maps'], isRelative: true },
  { name: 'copy', against: 'page copied', grown: BOTH },
  { name: 'signal', against: 'generator run', grown: BOTH },
  { name: 'signal-other', against: 'generator run', grown: BOTH },
  { name: 'thread', against: 'generator run', grown: BOTH },
  { name: 'yield', against: 'generator resumed', grown: BOTH },
  { name: 'yield-all', against: 'as many generators', grown: ['threads'], isRelative: true },
  { name: 'pipe', against: 'generator resumed', grown: BOTH },
  { name: 'wake', against: 'generator resumed', grown: BOTH },
];

/** growthLimit -- how many times what it costs with `least` of something an operation may cost with `size` of it: no worse than
 * logarithmic <design/bench#.os.growth>. */
export const growthLimit = (size: number, least: number): number => Math.log(size) / Math.log(least);

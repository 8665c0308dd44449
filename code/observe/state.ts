/* state.ts: WHAT A STOPPED SYSTEM LOOKS LIKE
 *
 * Threads, trace, protection, segments, pools and generations, as a plain object that can be written as JSON
 * <design/oracle#.state>. It may be taken at any moment, also in the middle of an event: nothing is called that would change
 * anything, and no reference is followed.
 */
import { PageREAD, PageSIZE, PageWRITE, WindowHIGH, type AddressSpace } from '../machine/machine.ts';
import { rankName, type Arena, type Reason, type Seg, type ThreadView } from '../mps/mps.ts';

/** What can be looked at: a booted system is. */
export interface Stopped {
  readonly arena: Arena;
  /** Where mutators look pages up. */
  readonly space: AddressSpace;
  threads(): readonly ThreadView[];
}

/** Where some kind of memory lies: its bytes, in how many runs without a gap, and the first of these. */
export interface Place {
  readonly size: number;
  readonly runs: number;
  /** Low addresses, base and limit; at most RangesMOST. */
  readonly first: readonly Range[];
}

export type Range = readonly [base: number, limit: number];

/** How many runs a place names. */
export const RangesMOST = 4;

/** The trace. Sizes are in bytes; `quantum` is null where a quantum is all of it. */
export interface TraceView {
  readonly count: number;
  readonly state: string;
  readonly band: string;
  readonly emergency: boolean;
  /** The condemned zones, by number. */
  readonly white: readonly number[];
  readonly reason: Reason | null;
  readonly quantum: number | null;
  readonly condemned: number;
  readonly scanned: number;
  readonly copied: number;
  readonly greySegments: number;
}

/** Memory of which the same is forbidden to mutators, by what the page table says. */
export interface ProtectionView extends Place {
  readonly forbidden: 'nothing' | 'write' | 'read and write';
}

/** Segments of one generation, rank and colour. */
export interface SegmentView extends Place {
  /** Null in pools that are not collected. */
  readonly generation: number | null;
  /** Of the references in it; `none` if it holds none. */
  readonly rank: string;
  readonly colour: Colour;
  readonly segments: number;
}

const colours = ['black', 'grey', 'white', 'nailed', 'nailed and grey'] as const;

/** What a segment is to the trace; without one all are black. */
export type Colour = (typeof colours)[number];

/** A generation's account, in bytes; the top one has no capacity. */
export interface GenerationView {
  readonly generation: number;
  readonly capacity: number | null;
  readonly total: number;
  readonly newSize: number;
  readonly oldSize: number;
  readonly bufferedSize: number;
  readonly freeSize: number;
  readonly mortality: number;
}

/** A pool, by its class and format. */
export interface PoolView {
  readonly kind: string;
  readonly format: string;
  readonly segments: number;
  readonly size: number;
  readonly allocationPoints: number;
}

/** Everything at one moment. */
export interface State {
  readonly clock: number;
  readonly committed: number;
  readonly threads: readonly ThreadView[];
  readonly trace: TraceView;
  readonly protections: readonly ProtectionView[];
  readonly segments: readonly SegmentView[];
  readonly pools: readonly PoolView[];
  readonly generations: readonly GenerationView[];
}

/** stateOf -- the state of a system that does not run meanwhile. Changes nothing. */
export function stateOf(system: Stopped): State {
  const { arena } = system, segs = arena.heap.segs.filter((seg) => seg !== null);
  return {
    clock: arena.clock, committed: arena.grains.committed,
    threads: system.threads().map(({ name, state, suspended, waitingFor }) => ({ name, state, suspended, waitingFor })),
    trace: traceOf(arena, segs), protections: protectionsOf(arena, system.space), segments: segmentsOf(segs),
    pools: [...arena.pools].map((pool) => {
      const own = segs.filter((seg) => seg.pool === pool);
      return { kind: pool.kind, format: pool.format.name, segments: own.length, size: sizeOf(own), allocationPoints: pool.buffers.size };
    }),
    generations: arena.allGenerations().map(({ index, capacity, totalSize, newSize, oldSize, bufferedSize, freeSize, mortality }) => (
      { generation: index, capacity: finite(capacity), total: totalSize, newSize, oldSize, bufferedSize, freeSize, mortality })),
  };
}

function traceOf({ trace }: Arena, segs: readonly Seg[]): TraceView {
  const { count, state, band, emergency, condemned, ss } = trace, { isBusy } = trace;
  return {
    count, state, band: rankName(band), emergency, white: Array.from({ length: 32 }, (_, zone) => zone).filter((zone) => (ss.white >>> zone & 1) !== 0),
    reason: isBusy ? trace.reason : null, quantum: isBusy ? finite(trace.quantum) : null, condemned: isBusy ? condemned : 0,
    scanned: isBusy ? ss.scanned : 0, copied: isBusy ? ss.copied : 0, greySegments: segs.filter(({ grey }) => grey).length,
  };
}

/** protectionsOf -- all committed memory, by what its pages forbid. */
function protectionsOf(arena: Arena, space: AddressSpace): ProtectionView[] {
  const order = ['nothing', 'write', 'read and write'] as const, pages = new Map<string, Range[]>(order.map((forbidden) => [forbidden, []]));
  arena.grains.eachCommitted((base, limit) => {
    for (let page = base; page < limit; page += PageSIZE) pages.get(forbiddenBy(space.entry(page | 0, WindowHIGH)))?.push([page, page + PageSIZE]);
  });
  return order.map((forbidden) => ({ forbidden, ...placeOf(pages.get(forbidden) ?? []) })).filter(({ size }) => size > 0);
}

function forbiddenBy(entry: number): ProtectionView['forbidden'] {
  return (entry & PageREAD) === 0 ? 'read and write' : (entry & PageWRITE) === 0 ? 'write' : 'nothing';
}

/** segmentsOf -- the segments by generation, rank and colour; those that are not collected last. */
function segmentsOf(segs: readonly Seg[]): SegmentView[] {
  const rows = new Map<number, { readonly view: Omit<SegmentView, keyof Place | 'segments'>; readonly own: Seg[] }>();
  for (const seg of segs) {
    const generation = seg.generation?.index ?? null, colour = colourOf(seg);
    const key = ((generation ?? 1000) * 10 + seg.rank + 1) * 10 + colours.indexOf(colour);
    const row = rows.get(key) ?? { view: { generation, rank: rankName(seg.rank), colour }, own: [] };
    row.own.push(seg);
    rows.set(key, row);
  }
  return [...rows].sort(([one], [other]) => one - other).map(([, { view, own }]) => (
    { ...view, segments: own.length, ...placeOf(own.map(({ base, limit }) => [base, limit])) }));
}

function colourOf({ white, grey, board }: Seg): Colour {
  if (!white) return grey ? 'grey' : 'black';
  return board === null ? 'white' : grey ? 'nailed and grey' : 'nailed';
}

/** placeOf -- where some ranges lie, neighbours taken together. */
function placeOf(ranges: readonly Range[]): Place {
  const runs: [number, number][] = [];
  let size = 0;
  for (const [base, limit] of [...ranges].sort(([one], [other]) => one - other)) {
    const last = runs.at(-1);
    if (last?.[1] === base) last[1] = limit;
    else runs.push([base, limit]);
    size += limit - base;
  }
  return { size, runs: runs.length, first: runs.slice(0, RangesMOST) };
}

const sizeOf = (segs: readonly Seg[]): number => segs.reduce((sum, { size }) => sum + size, 0);

/** finite -- a number that JSON can write; null for one without end. */
const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);

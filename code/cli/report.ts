/* report.ts: REPORTS
 *
 * What a run did, for people and for programs. All but the milliseconds is the same for the same run, on every machine
 * <design/cli#.report>.
 */
import type { Event, Reason, System } from '../mps/mps.ts';

/** The report as a program reads it; counts, and sizes in bytes. */
export interface Report {
  /** That ran the program. */
  readonly threads: number;
  readonly collections: number;
  /** By the oldest generation that was condemned, youngest first; the last is the world. */
  readonly collectionsByGeneration: readonly number[];
  readonly flips: number;
  /** Faults on pages, as the machine counts them: the sum of the four counts that follow <design/protix#.inv.count>. */
  readonly pageFaults: number;
  readonly readBarrierHits: number;
  readonly writeBarrierHits: number;
  /** Faults that another thread's had dealt with. */
  readonly faultsCleared: number;
  readonly faultsForwarded: number;
  readonly protectionChanges: number;
  readonly suspensions: number;
  readonly resumptions: number;
  readonly bytesCopied: number;
  readonly bytesPreservedInPlace: number;
  readonly bytesReclaimed: number;
  readonly bytesAllocated: number;
  readonly emergencies: number;
  readonly tagsLost: number;
  /** The most work in one pause, in bytes. */
  readonly pauseMaxWork: number;
  /** Of all the fields the only one that a clock has made. */
  readonly pauseMaxMs: number;
  /** The most memory that was ever committed. */
  readonly highWater: number;
  /** Names program, options and seed: `capstan` and this string repeat the run. */
  readonly run: string;
}

/** reportOf -- what a system has done so far for `threads` threads. */
export function reportOf(system: System, threads: number, pauseMaxMs: number, run: string): Report {
  const { counts, grains, filled } = system.arena, { faults, forwarded, cleared } = system.platform.faults();
  return {
    threads, collections: counts.collections, collectionsByGeneration: counts.collectionsByGeneration, flips: counts.flips,
    pageFaults: faults, readBarrierHits: counts.readHits, writeBarrierHits: counts.writeHits, faultsCleared: counts.clearedHits + cleared,
    faultsForwarded: forwarded, protectionChanges: counts.protections, suspensions: counts.suspensions, resumptions: counts.resumptions,
    bytesCopied: counts.bytesCopied, bytesPreservedInPlace: counts.bytesPreservedInPlace, bytesReclaimed: counts.bytesReclaimed,
    bytesAllocated: filled, emergencies: counts.emergencies, tagsLost: counts.tagsLost,
    pauseMaxWork: counts.pauseWork, pauseMaxMs: Math.round(pauseMaxMs * 1000) / 1000, highWater: grains.highWater, run,
  };
}

/** One kind of reason: how often it started a collection, and the numbers of the last time. */
interface ReasonRow {
  count: number;
  last: Reason;
}

/** Listens to events, and remembers why collections were started. */
export class Reasons {
  private readonly rows = new Map<string, ReasonRow>();

  /** hear -- take note of an event. */
  hear(event: Event): void {
    if (event.type !== 'condemn') return;
    const { reason } = event;
    const key = reason.why === 'generation full' ? `${reason.why} ${reason.generation}` : reason.why;
    const row = this.rows.get(key);
    if (row === undefined) this.rows.set(key, { count: 1, last: reason });
    else {
      row.count += 1;
      row.last = reason;
    }
  }

  /** lines -- a line for each kind of reason, in the order in which they first came up. */
  lines(): string[] {
    return [...this.rows.values()].map(({ count, last }) => `${String(count).padStart(8)}  ${reasonText(last)}`);
  }
}

function reasonText(reason: Reason): string {
  switch (reason.why) {
    case 'client': return `the client asked for it (${reason.what})`;
    case 'every-poll': return 'a collection at every poll was asked for';
    case 'generation full': return `generation ${reason.generation} was full: last, ${bytes(reason.newSize)} new of ${bytes(reason.capacity)}`;
    case 'world': return `memory ran short: last, ${bytes(reason.available)} left where ${bytes(reason.needed)} are needed to collect the world in time`;
    case 'allocation failed': return `no room for ${bytes(reason.size)}: last, ${bytes(reason.committed)} committed of ${bytes(reason.limit)}`;
  }
}

/** reportText -- the report for people, at most 100 columns wide. */
export function reportText(report: Report, reasons: Reasons): string {
  const rows: [string, string][] = [
    ['threads', `${report.threads}`],
    ['collections', `${report.collections} (by oldest generation: ${report.collectionsByGeneration.join(' + ')} of the world)`],
    ['allocated', bytes(report.bytesAllocated)],
    ['copied', `${bytes(report.bytesCopied)}, and ${bytes(report.bytesPreservedInPlace)} kept in place`],
    ['reclaimed', bytes(report.bytesReclaimed)],
    ['memory', `${bytes(report.highWater)} at most`],
    ['longest pause', `${report.pauseMaxMs} ms, ${bytes(report.pauseMaxWork)} of work`],
  ];
  if (report.pageFaults > 0) {
    rows.push(['barrier hits', `${report.readBarrierHits} of the read barrier, ${report.writeBarrierHits} of the write barrier`]);
    if (report.faultsForwarded + report.faultsCleared > 0) rows.push(['other faults', `${report.faultsForwarded} forwarded, ${report.faultsCleared} cleared by another's`]);
  }
  if (report.suspensions > 0) rows.push(['suspensions', `${report.suspensions}, in ${report.flips} flips and other work`]);
  if (report.emergencies > 0) rows.push(['emergencies', `${report.emergencies} collections had no memory to copy into`]);
  const lines = rows.map(([name, value]) => `${name.padStart(14)}  ${value}`);
  const why = reasons.lines();
  if (why.length > 0) lines.push('    collected because', ...why);
  return [...lines, `${'run'.padStart(14)}  ${report.run}`, ''].join('\n');
}

/** A size as people read it, to three digits or so. */
function bytes(size: number): string {
  for (const [unit, scale] of [['GiB', 2 ** 30], ['MiB', 2 ** 20], ['KiB', 2 ** 10]] as const) {
    if (size >= scale) return `${(size / scale).toFixed(size / scale < 10 ? 2 : 1)} ${unit}`;
  }
  return `${Math.round(size)} B`;
}

/* oracle.ts: ORACLES
 *
 * Judges that look on while the collector works and say at once when it has done wrong, by means simpler than its own: the
 * graph before and after each collection, the references of each segment against its summary <design/oracle>.
 */
import { baseDecode, baseIsNear, WindowHIGH } from '../machine/machine.ts';
import { zoneOf, ZoneSetEMPTY, ZoneSetUNIV, type Arena, type Seg, type Trace, type Watcher } from '../mps/mps.ts';
import { graphDifference, graphOf, type Graph } from './graph.ts';

/** The collector did something wrong. */
export class OracleError extends Error {
  readonly code = 'CAPSTAN_ORACLE';
  override readonly name = 'OracleError';
}

/** How much an oracle has judged: a run that judged little proves little. */
export interface OracleCounts {
  /** Collections whose graph was compared. */
  graphs: number;
  /** Objects that were in those graphs. */
  objects: number;
  /** World collections after which nothing unreachable was left. */
  worlds: number;
  /** Summaries that said something and were found true. */
  summaries: number;
}

/** The graph and summary oracles of one arena. */
export class Oracle implements Watcher {
  readonly counts: OracleCounts = { graphs: 0, objects: 0, worlds: 0, summaries: 0 };
  private readonly arena: Arena;
  private before: Graph | null = null;
  private emergencies: number = 0;

  /** Begins to watch `arena`, in place of whoever did. */
  constructor(arena: Arena) {
    this.arena = arena;
    arena.watcher = this;
  }

  condemned(): void {
    this.before = graphOf(this.arena);
    this.emergencies = this.arena.counts.emergencies;
  }

  scanned(seg: Seg): void {
    this.judgeSummary(seg);
  }

  finished(trace: Trace): void {
    const after = graphOf(this.arena);
    if (this.before === null) throw new OracleError(`collection ${trace.count} ended, but never began`);
    const difference = graphDifference(this.before, after);
    if (difference !== null) throw new OracleError(`collection ${trace.count} changed the graph: ${difference} <design/oracle#.inv.graph>`);
    this.counts.graphs += 1;
    this.counts.objects += after.nodes;
    for (const seg of this.arena.heap.segs) if (seg !== null) this.judgeSummary(seg);
    if (trace.wasWorld && this.arena.counts.emergencies === this.emergencies) this.judgeGarbage(after, trace);
  }

  /** Every reference's zone is in its segment's summary <design/seg#.inv.summary>. */
  private judgeSummary(seg: Seg): void {
    if (seg.summary === ZoneSetUNIV) return;
    const { heap } = this.arena, { i32, tags } = heap;
    let zones = ZoneSetEMPTY;
    for (let g = seg.granuleBase; g < seg.granuleLimit; ++g) {
      const at = g << 2, bounds = i32[at + 2];
      if (tags[g] === 0 || i32[at + 1] !== WindowHIGH || !baseIsNear(bounds)) continue;
      zones |= 1 << zoneOf(baseDecode(i32[at], bounds), heap.zoneShift);
    }
    if ((zones & ~seg.summary) !== 0) {
      throw new OracleError(`segment at 0x${seg.base.toString(16)} refers to zones that its summary leaves out <design/oracle#.inv.summary>`);
    }
    this.counts.summaries += 1;
  }

  /** After a collection of the world that pinned nothing, what is left can be reached <design/oracle#.inv.garbage>. */
  private judgeGarbage(after: Graph, trace: Trace): void {
    if (trace.hasPinned) return;
    const { heap } = this.arena;
    for (const seg of heap.segs) {
      if (seg === null || seg.scanLimit === seg.base) continue;
      seg.pool.eachObject(seg.granuleBase, seg.granuleOf(seg.scanLimit - 1) + 1, (g) => {
        if (heap.isPad(g) || after.bases.has(heap.lowOf(seg, g))) return;
        throw new OracleError(`the object at 0x${(heap.lowOf(seg, g) >>> 0).toString(16)} is unreachable, but outlived collection ${trace.count} of the world <design/oracle#.inv.garbage>`);
      });
    }
    this.counts.worlds += 1;
  }
}

/* oracle.ts: ORACLES
 *
 * Judges that look on while the collector works and say at once when it has done wrong, by means simpler than its own: the
 * graph before and after each pause, what mutators can come by meanwhile, the references of each segment against its summary,
 * and the protection of all memory <design/oracle>.
 */
import { baseDecode, baseIsNear, WindowHIGH, type AddressSpace } from '../machine/machine.ts';
import { zoneOf, ZoneSetEMPTY, ZoneSetUNIV, type Arena, type Seg, type Trace, type Watcher } from '../mps/mps.ts';
import { blackLook } from './black.ts';
import { graphOf, ItemREFERENCE, type Graph } from './graph.ts';
import { graphChange } from './graph-change.ts';
import { shieldLook } from './shield.ts';

/** The collector did something wrong. */
export class OracleError extends Error {
  readonly code = 'CAPSTAN_ORACLE';
  override readonly name = 'OracleError';
}

/** How much an oracle has judged: a run that judged little proves little. */
export interface OracleCounts {
  /** Pauses over which the graph was compared. */
  graphs: number;
  /** Objects that were in those graphs. */
  objects: number;
  /** Weak references that became NULL, and guardians that told of their objects, meanwhile. */
  splatted: number;
  told: number;
  /** Of these pauses those that began or ended in the middle of a trace. */
  halves: number;
  /** References of roots and black segments that were looked at in the middle of a trace. */
  blacks: number;
  /** World collections after which nothing unreachable was left. */
  worlds: number;
  /** Summaries that said something and were found true. */
  summaries: number;
  /** Times that the arena was left with protection as it should be. */
  leaves: number;
  /** Segments that were found protected at those times. */
  shielded: number;
}

/** The oracles of one arena. */
export class Oracle implements Watcher {
  readonly counts: OracleCounts = { graphs: 0, objects: 0, splatted: 0, told: 0, halves: 0, blacks: 0, worlds: 0, summaries: 0, leaves: 0, shielded: 0 };
  private readonly arena: Arena;
  private readonly space: AddressSpace | null;
  private before: Graph | null = null;
  private wasBusy: boolean = false;
  private tagsLost: number = 0;
  /** Tags that had been lost when the trace condemned. */
  private tagsLostBefore: number = 0;
  /** Whether mutators have run since the trace condemned. */
  private hasRun: boolean = false;

  /** Begins to watch `arena`, in place of whoever did. With `space`, where mutators look pages up, it judges their rights too. */
  constructor(arena: Arena, space: AddressSpace | null = null) {
    this.arena = arena;
    this.space = space;
    arena.watcher = this;
  }

  pause(begins: boolean): void {
    if (begins) this.begin();
    else this.end();
  }

  condemned(): void {
    if (this.before === null) this.remember();
    this.tagsLostBefore = this.arena.trace.ss.tagsLost;
    this.hasRun = false;
  }

  scanned(seg: Seg): void {
    this.judgeSummary(seg);
  }

  finished(trace: Trace): void {
    for (const seg of this.arena.heap.segs) if (seg !== null) this.judgeSummary(seg);
    if (trace.wasWorld && this.before !== null && !this.mayLeave(trace)) this.judgeGarbage(trace, this.before);
  }

  left(): void {
    this.hasRun = true;
    const { shielded, wrong } = shieldLook(this.arena, this.space);
    if (wrong !== null) throw new OracleError(`${wrong} <design/oracle#.inv.shield>`);
    this.counts.leaves += 1;
    this.counts.shielded += shielded;
  }

  /** mayLeave -- whether a collection may rightly have left what cannot be reached any more <design/oracle#.inv.garbage>. */
  private mayLeave({ hasPinned, ss }: Trace): boolean {
    return this.hasRun || hasPinned || ss.tagsLost !== this.tagsLostBefore || this.arena.identity.size > 0;
  }

  /** A pause begins. Without a trace nothing can move before one condemns, and most such pauses do not come to that. */
  private begin(): void {
    this.before = null;
    this.wasBusy = this.arena.trace.isBusy;
    if (this.wasBusy) this.remember();
  }

  private remember(): void {
    this.before = graphOf(this.arena);
    this.tagsLost = this.arena.trace.ss.tagsLost;
  }

  /** A pause is over: the graph is as it was, and mutators find nothing white <design/oracle#.inv.graph>. */
  private end(): void {
    const { trace } = this.arena, { before } = this;
    if (before === null) return;
    const after = graphOf(this.arena);
    if (trace.isBusy) this.judgeBlack(trace);
    // A reference that cannot be written any more is rightly gone, with what was behind it.
    if (trace.ss.tagsLost !== this.tagsLost) return;
    const { wrong, splatted, told } = graphChange(before, after);
    if (wrong !== null) throw new OracleError(`a pause of collection ${trace.count} changed the graph: ${wrong} <design/oracle#.inv.graph>`);
    this.counts.splatted += splatted;
    this.counts.told += told;
    this.counts.graphs += 1;
    this.counts.objects += after.nodes;
    if (this.wasBusy || trace.isBusy) this.counts.halves += 1;
  }

  /** Mutators cannot come by what is white and not preserved <design/oracle#.inv.black>. */
  private judgeBlack(trace: Trace): void {
    const { references, wrong } = blackLook(this.arena);
    if (wrong !== null) throw new OracleError(`${wrong}, which collection ${trace.count} has not preserved <design/oracle#.inv.black>`);
    this.counts.blacks += references;
  }

  /** Every reference's zone is in its segment's summary <design/seg#.inv.summary>. */
  private judgeSummary(seg: Seg): void {
    if (seg.summary === ZoneSetUNIV || !seg.pool.hasObjects) return;
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

  /** What a collection of the world has left can be reached <design/oracle#.inv.garbage>. */
  private judgeGarbage(trace: Trace, before: Graph): void {
    const { heap } = this.arena, after = graphOf(this.arena), { bases } = after;
    const untold = untoldOf(before, after);
    if (untold !== null) throw new OracleError(`nobody is told of object ${untold}, in collection ${trace.count} of the world <design/oracle#.inv.told>`);
    // What was let go while it was looked for is gone next time.
    if (before.dependents.size > 0 || [...before.guarded.keys()].some((n) => !after.guarded.has(n))) return;
    for (const seg of heap.segs) {
      seg?.pool.eachPart(seg, (from, limit) => { seg.pool.eachObject(from, limit, (g) => {
        if (heap.isPad(g) || bases.has(heap.lowOf(seg, g))) return;
        throw new OracleError(`the object at 0x${(heap.lowOf(seg, g) >>> 0).toString(16)} is unreachable, but outlived collection ${trace.count} of the world <design/oracle#.inv.garbage>`);
      }); });
    }
    this.counts.worlds += 1;
  }
}

/** untoldOf -- the number of an object that guardians alone held before, and none has told of; null if there is none. */
function untoldOf(before: Graph, after: Graph): number | null {
  const { list, guarded, strong } = before, hopes = new Map<number, boolean>();
  for (const [n, { at }] of guarded) {
    if (list[at] !== ItemREFERENCE || list[at + 1] < strong) continue;
    const now = after.guarded.get(n);
    hopes.set(list[at + 1], hopes.get(list[at + 1]) === true || now === undefined || now.isPosted);
  }
  return [...hopes].find(([, isTold]) => !isTold)?.[0] ?? null;
}

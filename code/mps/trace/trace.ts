/* trace.ts: THE TRACE
 *
 * One collection: some generations are condemned, the mutator is flipped, grey segments are scanned until none is left, and
 * what is still white is reclaimed. It advances by quanta, through the same states whether a platform lets mutators run
 * in between or not <design/trace>.
 *
 *     idle -> condemned -> flipped -> reclaiming -> idle
 */
import { aver, cool, Ring } from '../../base/base.ts';
import type { Low } from '../../machine/machine.ts';
import type { Arena } from '../arena/arena.ts';
import { oldest, type Generation } from '../arena/generation.ts';
import { ZoneSetEMPTY, ZoneSetUNIV, zoneSetOfRange } from '../arena/zone.ts';
import type { QuantumReason, Reason } from '../event.ts';
import { RankAMBIG, RankEXACT, RankFINAL, RankLIMIT, RankWEAK, type Rank } from '../heap/rank.ts';
import type { Root } from '../heap/root.ts';
import type { Seg } from '../heap/seg.ts';
import { ResOK } from '../result.ts';
import { movingZones } from '../services/history.ts';
import type { Transform } from '../services/transform.ts';
import { ScanState, type Fix } from './scan.ts';

const COOL = cool;

/** How many scans a segment must bore before its summary is recorded again, after one that was interesting. */
const DeferDELAY = 3;

/** What the tracer does to a segment without reading it, in bytes of scanning that take as long: condemning or greying one, and
 * giving one back <design/trace#.work>. */
export const TouchWORK = 256;
const ReclaimWORK = 4096;

/** segFix -- the third stage of fix in a trace: what the segment's pool does. .critical */
const segFix: Fix = (ss, s, base) => (ss.heap.segs[s] as Seg).pool.fix(ss, s, base);
const segFixEmergency: Fix = (ss, s, base) => (ss.heap.segs[s] as Seg).pool.fixEmergency(ss, s, base);

/** Where a trace is in its life. */
export type TraceState = 'idle' | 'condemned' | 'flipped' | 'reclaiming';

/** The arena's trace; there is one at a time. */
export class Trace {
  readonly arena: Arena;
  state: TraceState = 'idle';
  /** How many traces there have been. */
  count: number = 0;
  /** The rank being worked on <design/trace#.band>. */
  band: Rank = RankAMBIG;
  /** Whether keepers come before grey segments: what they find is not to be followed yet. */
  private asksKeepers: boolean = false;
  emergency: boolean = false;
  /** Whether an ambiguous reference has pinned anything. */
  hasPinned: boolean = false;
  /** Whether everything was condemned. */
  wasWorld: boolean = false;
  /** Whether objects that have been condemned might move. */
  mayMove: boolean = false;
  /** By rank: the segments that are to be scanned. */
  readonly greyRings: readonly Ring<Seg>[] = Array.from({ length: RankLIMIT }, () => new Ring<Seg>(null as unknown as Seg));
  readonly ss: ScanState;
  private condemnedSegs: Seg[] = [];
  private reclaimIndex: number = 0;
  private generations: readonly Generation[] = [];
  /** Bytes condemned, and bytes of grey segments at the flip. */
  condemned: number = 0;
  /** Bytes of objects that could have been condemned, and were not. */
  notCondemned: number = 0;
  foundation: number = 0;
  /** Bytes of the condemned that are expected to survive, by what their generations have learned. */
  expected: number = 0;
  reclaimed: number = 0;
  /** Work in a quantum, in bytes <design/policy#.quantum>. */
  quantum: number = 0;
  /** What it replaces references by; null in all traces but transforms. */
  transform: Transform | null = null;
  /** Why it was started. */
  reason: Reason | null = null;

  constructor(arena: Arena) {
    this.arena = arena;
    this.ss = new ScanState(arena.heap, segFix);
  }

  get isBusy(): boolean {
    return this.state !== 'idle';
  }

  get isFlipped(): boolean {
    return this.state === 'flipped';
  }

  /** start -- condemn `generations` and flip; false if there was nothing to condemn, and then nothing has happened. */
  start(generations: readonly Generation[], reason: Reason): boolean {
    aver(this.state === 'idle', '<design/trace#.inv.one>');
    const arena = this.arena;
    // Held from condemn to flip: buffers must not move under whiten, nor roots while they are scanned.
    arena.shield.hold();
    this.condemn(generations);
    if (this.condemned > 0) {
      this.ss.fix = this.fixOver(segFix);
      this.count += 1;
      this.reason = reason;
      arena.messages.traceStarted(this);
      arena.tell({
        type: 'condemn', trace: this.count, generation: oldest(generations),
        condemned: this.condemned, segments: this.condemnedSegs.length, white: this.ss.white >>> 0, reason,
      });
      arena.watcher?.condemned?.(this);
      this.greyen();
      this.flip();
    }
    arena.shield.release();
    return this.condemned > 0;
  }

  /** condemn -- whiten the segments of some generations. */
  private condemn(generations: readonly Generation[]): void {
    this.generations = generations;
    this.condemnedSegs = [];
    this.condemned = 0;
    this.expected = 0;
    this.reclaimed = 0;
    this.hasPinned = false;
    this.mayMove = false;
    this.wasWorld = generations.includes(this.arena.topGeneration);
    const ss = this.ss;
    ss.white = ZoneSetEMPTY;
    ss.scanned = 0;
    ss.copied = 0;
    ss.inPlace = 0;
    ss.touched = 0;
    for (const generation of generations) {
      for (const seg of ringList(generation.segRing)) {
        ss.touched += TouchWORK;
        const condemned = seg.pool.whiten(seg);
        if (condemned === 0) continue;
        this.condemned += condemned;
        this.mayMove ||= seg.pool.isMoving;
        this.expected += condemned * (1 - generation.mortality);
        this.condemnedSegs.push(seg);
        ss.white |= zoneSetOfRange(seg.base, seg.limit, this.arena.heap.zoneShift);
      }
    }
    this.notCondemned = this.arena.allGenerations()
      .reduce((sum, { totalSize, freeSize, bufferedSize }) => sum + totalSize - freeSize - bufferedSize, -this.condemned);
    if (this.condemned > 0) this.state = 'condemned';
  }

  /** greyen -- everything that may refer to the condemned is to be scanned <design/trace#.inv.grey>. */
  private greyen(): void {
    this.foundation = 0;
    for (const pool of this.arena.pools) {
      for (const seg of ringList(pool.segRing)) {
        this.ss.touched += TouchWORK;
        seg.rescan();
        if (seg.white || seg.rank < 0 || (seg.summary & this.ss.white) === 0) continue;
        this.foundation += seg.size;
        seg.setGrey(true);
      }
    }
  }

  /** flip -- the mutator sees only preserved objects from here on <design/trace#.flip>. */
  private flip(): void {
    const arena = this.arena;
    for (const pool of arena.pools) for (const buffer of pool.buffers) buffer.flip();
    // Before any mutator resumes <design/ld#.inv.age>.
    arena.history.age(movingZones(this.condemnedSegs, arena.heap.zoneShift));
    // All ambiguous roots come before any object can move <design/root#.inv.ambig.first>.
    for (const rank of [RankAMBIG, RankEXACT]) {
      for (const root of arena.roots) if (root.rank === rank) this.scanRoot(root);
    }
    this.state = 'flipped';
    // Mutators may fault from here on, and what they hit is of this rank <design/trace#.band>.
    this.setBand(RankEXACT);
    const grey = this.greyRings.flatMap(ringList);
    for (const seg of grey) seg.syncShield();
    for (const keeper of arena.keepers) keeper.flipped(this);
    this.quantum = arena.control.quantum(this);
    arena.tell({
      type: 'flip', trace: this.count, roots: this.ss.scanned, grey: grey.length, foundation: this.foundation,
    });
  }

  private scanRoot(root: Root): void {
    const ss = this.ss;
    const pin = (addr: Low, isTagged: boolean): void => {
      const seg = ss.heap.segOf(addr);
      if (seg?.white !== true || !seg.pool.fixAmbig(ss, seg, addr, isTagged)) return;
      this.hasPinned = true;
      this.transform?.pinned(seg, addr);
    };
    ss.rank = root.rank;
    ss.begin();
    root.scan(ss, pin);
    if (ss.res === ResOK) return;
    this.enterEmergency();
    ss.begin();
    root.scan(ss, pin);
    aver(ss.res === ResOK, '<design/amc#.emergency>');
  }

  /** advance -- a quantum of work, or `most` bytes if that is less; the trace may be over afterwards. */
  advance(why: QuantumReason, most: number): void {
    const { ss } = this, from = ss.work, enough = from + Math.min(this.quantum, most), trace = this.count;
    while (this.isBusy && ss.work < enough) {
      if (this.state === 'reclaiming') this.reclaimSlice(enough);
      else {
        const seg = this.asksKeepers ? null : this.greyFind();
        if (seg !== null) this.scanSeg(seg, enough);
        else if (this.scanKeepers(enough)) this.advanceBand();
      }
    }
    this.arena.tell({ type: 'quantum', trace, why, work: ss.work - from, left: this.state });
  }

  /** greyFind -- a grey segment that is to be scanned in this band; null if there is none <design/trace#.band>. */
  private greyFind(): Seg | null {
    // Weak references preserve nothing: there is nothing else to be scanned after them.
    const least = this.band === RankWEAK ? RankWEAK : RankEXACT;
    for (let rank = this.band; rank >= least; --rank) {
      const first = this.greyRings[rank].next;
      if (first !== this.greyRings[rank]) return first.owner;
    }
    return null;
  }

  /** scanKeepers -- have what is held outside of segments fixed; true if this band is done with, false if there is more to do
   * <design/keeper#.inv.again>. */
  private scanKeepers(enough: number): boolean {
    const { ss } = this;
    for (const keeper of this.arena.keepers) {
      ss.rank = this.band;
      ss.begin();
      let isDone = keeper.scan(this, this.band, enough);
      if (ss.res !== ResOK) {
        this.enterEmergency();
        ss.res = ResOK;
        isDone = keeper.scan(this, this.band, Infinity);
        aver(ss.res === ResOK, '<design/amc#.emergency>');
      }
      if (!isDone) return false;
    }
    this.asksKeepers = false;
    return this.greyFind() === null;
  }

  private advanceBand(): void {
    if (this.band + 1 < RankLIMIT) this.setBand(this.band + 1);
    else {
      this.state = 'reclaiming';
      this.reclaimIndex = 0;
    }
  }

  private setBand(rank: Rank): void {
    this.band = rank;
    // All that nobody has found is told of together <design/trace#.band.final>.
    this.asksKeepers = rank === RankFINAL;
    this.arena.tell({ type: 'band', trace: this.count, rank });
  }

  /** scanSeg -- scan a grey segment, and make it black if the work does not come to `enough` before its end
   * <design/trace#.scan>. */
  scanSeg(seg: Seg, enough: number, rank: Rank = seg.rank): void {
    const { ss, arena: { shield } } = this;
    if ((seg.summary & ss.white) === 0 && seg.board === null) {
      ss.touched += TouchWORK;
      seg.setGrey(false);
      return;
    }
    if (seg.scanFrom < 0) {
      // Of a nailed segment only what is pinned is scanned: never all of it.
      seg.scanFrom = seg.white ? seg.limit : seg.scanned;
      ss.begin();
    } else ss.begin(seg.unfixed, seg.fixed);
    ss.rank = rank;
    shield.expose(seg);
    let isDone = seg.pool.scan(ss, seg, enough);
    if (ss.res !== ResOK) {
      // What has been fixed already is merely fixed again <design/trace#.inv.idempotent>.
      seg.setSummary(seg.summary | ss.summary);
      this.enterEmergency();
      ss.res = ResOK;
      // To its end: it would be scanned no more if the work had come to enough, and a defect of the format not found.
      isDone = seg.pool.scan(ss, seg, Infinity);
      aver(ss.res === ResOK, '<design/amc#.emergency>');
    }
    shield.cover(seg);
    aver((ss.unfixed & ~seg.summary) === 0, '<design/seg#.inv.summary>');
    if (isDone) {
      this.blacken(seg, seg.scanFrom === seg.base);
      return;
    }
    // What has been fixed so far refers to where things are now <design/seg#.inv.summary>.
    seg.setSummary(seg.summary | ss.summary);
    seg.unfixed = ss.unfixed;
    seg.fixed = ss.fixed;
  }

  /** blacken -- a grey segment has been scanned, in total or in part; record what it refers to if that is worth it. */
  private blacken(seg: Seg, total: boolean): void {
    const { ss } = this;
    seg.scanFrom = -1;
    const isBoring = (ss.unfixed & ss.white) === 0;
    seg.defer = isBoring ? Math.max(0, seg.defer - 1) : Math.max(DeferDELAY, seg.defer);
    const known = seg.defer === 0 && seg.buffer === null;
    seg.setGrey(false);
    seg.setSummary(!known ? ZoneSetUNIV : total ? ss.summary : seg.summary | ss.summary);
    this.arena.watcher?.scanned?.(seg);
  }

  /** enterEmergency -- no memory to copy into: from here on everything stays where it is <design/amc#.emergency>. */
  enterEmergency(): void {
    const { grains } = this.arena;
    aver(this.isBusy, '<design/trace#.inv.emergency>');
    this.emergency = true;
    this.arena.counts.emergencies += 1;
    this.ss.fix = this.fixOver(segFixEmergency);
    this.arena.tell({
      type: 'emergency', trace: this.count, committed: grains.committed, limit: grains.parameters.commitLimit,
    });
  }

  /** fixOver -- what this trace does beyond what `fix` does: in all but some, nothing. */
  private fixOver(fix: Fix): Fix {
    const told = this.arena.identity.fixOver(fix);
    return this.transform?.fixOver(told) ?? told;
  }

  /** reclaimSlice -- give segments back until the work comes to `enough`. */
  private reclaimSlice(enough: number): void {
    const { ss, condemnedSegs } = this;
    for (; this.reclaimIndex < condemnedSegs.length && ss.work < enough; ++this.reclaimIndex) {
      const seg = condemnedSegs[this.reclaimIndex];
      ss.touched += ReclaimWORK;
      if (seg.white) this.reclaimed += seg.pool.reclaim(seg);
    }
    if (this.reclaimIndex === condemnedSegs.length) this.finish();
  }

  private finish(): void {
    const { arena, ss } = this;
    aver(this.greyRings.every((ring) => ring.isSingle), '<design/trace#.inv.finish>');
    // Forwarded objects were reclaimed where they had been, but live on elsewhere.
    const gained = Math.max(0, this.reclaimed - ss.copied);
    for (const generation of this.generations) generation.learn(this.condemned, this.condemned - gained);
    // Emergency ends before the trace does <design/trace#.inv.emergency>.
    this.emergency = false;
    ss.fix = segFix;
    this.condemnedSegs = [];
    this.generations = [];
    ss.white = ZoneSetEMPTY;
    this.state = 'idle';
    for (const keeper of arena.keepers) keeper.finished(this);
    arena.traceFinished(this, gained);
    arena.messages.traceFinished(this);
    if (COOL) arena.check();
  }

  check(): void {
    aver(!this.emergency || this.isBusy, '<design/trace#.inv.emergency>');
    aver(this.isBusy || this.greyRings.every((ring) => ring.isSingle), '<design/trace#.inv.finish>');
    aver(this.isBusy || this.ss.white === ZoneSetEMPTY, '<design/trace#.inv.finish>');
  }
}

/** The owners in a ring, as it is now. */
function ringList(ring: Ring<Seg>): Seg[] {
  const list: Seg[] = [];
  for (let node = ring.next; node !== ring; node = node.next) list.push(node.owner);
  return list;
}

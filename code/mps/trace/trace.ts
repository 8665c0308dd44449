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
import type { Reason } from '../event.ts';
import { RankAMBIG, RankEXACT, RankLIMIT, type Rank } from '../heap/rank.ts';
import type { Root } from '../heap/root.ts';
import type { Seg } from '../heap/seg.ts';
import { amcFix, amcFixAmbig, amcFixEmergency } from '../pools/amc-fix.ts';
import { ResOK } from '../result.ts';
import { ScanState } from './scan.ts';

const COOL = cool;

/** How many scans a segment must bore before its summary is recorded again, after one that was interesting. */
const DeferDELAY = 3;

/** Segments looked at in one quantum of reclaim. */
const ReclaimSLICE = 256;

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
  emergency: boolean = false;
  /** Whether an ambiguous reference has pinned anything. */
  hasPinned: boolean = false;
  /** Whether everything was condemned. */
  wasWorld: boolean = false;
  readonly greyRing: Ring<Seg> = new Ring<Seg>(null as unknown as Seg);
  readonly ss: ScanState;
  private condemnedSegs: Seg[] = [];
  private reclaimIndex: number = 0;
  private generations: readonly Generation[] = [];
  /** Bytes condemned, and bytes of grey segments at the flip. */
  condemned: number = 0;
  foundation: number = 0;
  /** Bytes of the condemned that are expected to survive, by what their generations have learned. */
  expected: number = 0;
  reclaimed: number = 0;
  /** Bytes to scan in a quantum. */
  quantum: number = 0;

  constructor(arena: Arena) {
    this.arena = arena;
    this.ss = new ScanState(arena.heap, amcFix);
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
    arena.suspend();
    this.condemn(generations);
    if (this.condemned > 0) {
      this.count += 1;
      arena.tell({
        type: 'condemn', trace: this.count, generation: oldest(generations),
        condemned: this.condemned, segments: this.condemnedSegs.length, white: this.ss.white >>> 0, reason,
      });
      arena.watcher?.condemned?.(this);
      this.greyen();
      this.flip();
    }
    arena.resume();
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
    this.wasWorld = generations.includes(this.arena.topGeneration);
    const ss = this.ss;
    ss.white = ZoneSetEMPTY;
    ss.scanned = 0;
    ss.copied = 0;
    ss.inPlace = 0;
    for (const generation of generations) {
      for (const seg of ringList(generation.segRing)) {
        const condemned = seg.pool.whiten(seg);
        if (condemned === 0) continue;
        this.condemned += condemned;
        this.expected += condemned * (1 - generation.mortality);
        this.condemnedSegs.push(seg);
        ss.white |= zoneSetOfRange(seg.base, seg.limit, this.arena.heap.zoneShift);
      }
    }
    if (this.condemned > 0) this.state = 'condemned';
  }

  /** greyen -- everything that may refer to the condemned is to be scanned <design/trace#.inv.grey>. */
  private greyen(): void {
    this.foundation = 0;
    for (const pool of this.arena.pools) {
      for (const seg of ringList(pool.segRing)) {
        seg.scanned = seg.base;
        if (seg.white || (seg.summary & this.ss.white) === 0) continue;
        this.foundation += seg.size;
        seg.setGrey(true);
      }
    }
  }

  /** flip -- the mutator sees only preserved objects from here on <design/trace#.flip>. */
  private flip(): void {
    const arena = this.arena;
    for (const pool of arena.pools) for (const buffer of pool.buffers) buffer.flip();
    // All ambiguous roots come before any object can move <design/root#.inv.ambig.first>.
    for (const rank of [RankAMBIG, RankEXACT]) {
      for (const root of arena.roots) if (root.rank === rank) this.scanRoot(root);
    }
    this.state = 'flipped';
    // Mutators may fault from here on, and what they hit is of this rank <design/trace#.band>.
    this.setBand(RankEXACT);
    for (const seg of ringList(this.greyRing)) seg.syncProt();
    this.quantum = arena.quantum(this);
    arena.tell({
      type: 'flip', trace: this.count, roots: this.ss.scanned, grey: ringList(this.greyRing).length, foundation: this.foundation,
    });
  }

  private scanRoot(root: Root): void {
    const ss = this.ss;
    const pin = (addr: Low): void => {
      if (amcFixAmbig(ss, addr)) this.hasPinned = true;
    };
    ss.begin();
    root.scan(ss, pin);
    if (ss.res === ResOK) return;
    this.enterEmergency();
    ss.begin();
    root.scan(ss, pin);
    aver(ss.res === ResOK, '<design/amc#.emergency>');
  }

  /** advance -- one quantum of work; the trace may be over afterwards. */
  advance(): void {
    const ss = this.ss, enough = ss.scanned + this.quantum;
    while (this.state === 'flipped' && ss.scanned < enough) {
      if (!this.greyRing.isSingle) this.scanSeg(this.greyRing.next.owner);
      else this.advanceBand();
    }
    if (this.state === 'reclaiming') this.reclaimSlice();
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
    this.arena.tell({ type: 'band', trace: this.count, rank });
  }

  /** scanSeg -- make a grey segment black <design/trace#.scan>. */
  scanSeg(seg: Seg): void {
    const ss = this.ss;
    if ((seg.summary & ss.white) === 0 && seg.board === null) {
      seg.setGrey(false);
      return;
    }
    ss.begin();
    let total = seg.pool.scan(ss, seg);
    if (ss.res !== ResOK) {
      // What has been fixed already is merely fixed again <design/trace#.inv.idempotent>.
      this.enterEmergency();
      ss.begin();
      total = seg.pool.scan(ss, seg);
      aver(ss.res === ResOK, '<design/amc#.emergency>');
    }
    aver((ss.unfixed & ~seg.summary) === 0, '<design/seg#.inv.summary>');
    const isBoring = (ss.unfixed & ss.white) === 0;
    seg.defer = isBoring ? Math.max(0, seg.defer - 1) : Math.max(DeferDELAY, seg.defer);
    const known = seg.defer === 0 && seg.buffer === null;
    seg.setGrey(false);
    seg.setSummary(!known ? ZoneSetUNIV : total ? ss.summary : seg.summary | ss.summary);
    this.arena.watcher?.scanned?.(seg);
  }

  /** access -- a mutator wants to do `mode` to a segment that forbids it: scan what it may not see, and from a write on
   * know nothing of where it points <design/trace#.access>. */
  access(seg: Seg, reads: boolean, writes: boolean): void {
    if (reads && seg.grey) {
      aver(this.isFlipped, '<design/trace#.inv.read>');
      this.scanSeg(seg);
    }
    // After the scan, which may have recorded a summary again <design/trace#.inv.write.after>.
    if (writes) seg.hit();
  }

  /** enterEmergency -- no memory to copy into: from here on everything stays where it is <design/amc#.emergency>. */
  private enterEmergency(): void {
    const { grains } = this.arena;
    aver(this.isBusy, '<design/trace#.inv.emergency>');
    this.emergency = true;
    this.arena.counts.emergencies += 1;
    this.ss.fix = amcFixEmergency;
    this.arena.tell({
      type: 'emergency', trace: this.count, committed: grains.committed, limit: grains.parameters.commitLimit,
    });
  }

  private reclaimSlice(): void {
    const limit = Math.min(this.reclaimIndex + ReclaimSLICE, this.condemnedSegs.length);
    for (; this.reclaimIndex < limit; ++this.reclaimIndex) {
      const seg = this.condemnedSegs[this.reclaimIndex];
      if (seg.white) this.reclaimed += seg.pool.reclaim(seg);
    }
    if (this.reclaimIndex === this.condemnedSegs.length) this.finish();
  }

  private finish(): void {
    const { arena, ss } = this;
    aver(this.greyRing.isSingle, '<design/trace#.inv.finish>');
    // Forwarded objects were reclaimed where they had been, but live on elsewhere.
    const gained = Math.max(0, this.reclaimed - ss.copied);
    for (const generation of this.generations) generation.learn(this.condemned, this.condemned - gained);
    // Emergency ends before the trace does <design/trace#.inv.emergency>.
    this.emergency = false;
    ss.fix = amcFix;
    this.condemnedSegs = [];
    this.generations = [];
    ss.white = ZoneSetEMPTY;
    this.state = 'idle';
    arena.traceFinished(this, gained);
    if (COOL) arena.check();
  }

  check(): void {
    aver(!this.emergency || this.isBusy, '<design/trace#.inv.emergency>');
    aver(this.isBusy || this.greyRing.isSingle, '<design/trace#.inv.finish>');
    aver(this.isBusy || this.ss.white === ZoneSetEMPTY, '<design/trace#.inv.finish>');
  }
}

/** The owners in a ring, as it is now. */
function ringList(ring: Ring<Seg>): Seg[] {
  const list: Seg[] = [];
  for (let node = ring.next; node !== ring; node = node.next) list.push(node.owner);
  return list;
}

/** What may look on while the collector works; it changes nothing <design/arena#.watcher>. */
export interface Watcher {
  /** The mutators are stopped, some segments are white, and nothing has moved yet. */
  condemned?(trace: Trace): void;
  /** A segment has been scanned, and its summary recorded. */
  scanned?(seg: Seg): void;
  /** The trace is over; mutators are not running yet. */
  finished?(trace: Trace): void;
  /** Collecting begins, or is over: for who measures pauses. */
  pause?(begins: boolean): void;
}

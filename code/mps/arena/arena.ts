/* arena.ts: THE ARENA
 *
 * One heap: its grains, pools, generations, roots, threads and trace. Allocation polls it, and a poll may collect. Whoever
 * is inside the arena has it to himself; on leaving, the platform's protection is in line with what was asked for
 * <design/arena>.
 */
import { aver, checkSig, rash, SigINVALID, type Sig } from '../../base/base.ts';
import type { Hart, Low, Memory } from '../../machine/machine.ts';
import type { Event } from '../event.ts';
import type { FormatView } from '../heap/format.ts';
import { Heap } from '../heap/heap.ts';
import { RankEXACT, type Rank } from '../heap/rank.ts';
import { Root } from '../heap/root.ts';
import type { Seg } from '../heap/seg.ts';
import {
  AccessREAD, AccessWRITE, type AccessFound, type AccessSet, type Plinth, type Step,
} from '../plinth.ts';
import type { Keeper } from '../heap/keeper.ts';
import type { Pool } from '../heap/pool.ts';
import { poolMake, type PoolKind, type PoolOf, type PoolOptions } from '../pools/classes.ts';
import { Shield, type ShieldReason } from '../trace/shield.ts';
import { Trace } from '../trace/trace.ts';
import type { Watcher } from '../trace/watcher.ts';
import { Grains } from './chunk.ts';
import { Control, type ControlParameters } from './control.ts';
import { countsMake, type ArenaCounts } from './counts.ts';
import { Generation, type Chain, type GenerationParameters } from './generation.ts';
import { Ledger } from './ledger.ts';
import { HeapView } from './view.ts';
import { zoneShiftOf } from './zone.ts';

const ArenaSig: Sig = 0x519a6e4a;

/** What an arena is made from; sizes in bytes. */
export interface ArenaParameters extends ControlParameters {
  readonly commitLimit: number;
  readonly chunkSize: number;
  readonly grainSize: number;
  /** Share of committed memory that may be spare, 0 to 1. */
  readonly spare: number;
  readonly generations: readonly GenerationParameters[];
}

/** A heap. */
export class Arena {
  sig: Sig = SigINVALID;
  readonly plinth: Plinth;
  readonly heap: Heap;
  readonly grains: Grains;
  readonly ledger: Ledger;
  readonly trace: Trace;
  readonly shield: Shield;
  readonly control: Control;
  readonly pools: Set<Pool> = new Set();
  private serials: number = 0;
  /** What holds references outside of segments and roots. */
  readonly keepers: Set<Keeper> = new Set();
  readonly chains: Chain[] = [];
  readonly topGeneration: Generation;
  readonly defaultChain: Chain;
  readonly roots: Set<Root> = new Set();
  private readonly threads = new Map<Hart, Root>();
  readonly view: FormatView;
  /** Looks on; changes nothing. */
  watcher: Watcher | null = null;
  readonly counts: ArenaCounts = countsMake();
  /** Bytes handed to mutators' buffers: what polls are counted by. */
  filled: number = 0;
  /** Whether somebody has the arena to himself. */
  isInside: boolean = false;

  constructor(memory: Memory, plinth: Plinth, parameters: ArenaParameters) {
    this.plinth = plinth;
    this.heap = new Heap(memory);
    this.heap.zoneShift = zoneShiftOf(parameters.chunkSize, Math.log2(parameters.grainSize));
    this.ledger = new Ledger((size) => this.grains.leave(size));
    this.grains = new Grains(plinth, { ...parameters, zoneShift: this.heap.zoneShift }, () => this.ledger.used, (base, size) => {
      this.tell({ type: 'chunk', base, size });
    });
    this.shield = new Shield(this);
    this.trace = new Trace(this);
    this.topGeneration = new Generation(0, { capacity: Infinity, mortality: 0.5 });
    this.defaultChain = this.chain(parameters.generations);
    this.view = new HeapView(this, this.trace.ss);
    this.control = new Control(this, parameters);
    plinth.protSetup(this);
    this.sig = ArenaSig;
    this.tell({
      type: 'arena', memory: memory.size, commitLimit: parameters.commitLimit, grain: parameters.grainSize, zoneShift: this.heap.zoneShift,
    });
  }

  // What a client does -----------------------------------------------------------------------------------------------

  /** pool -- a pool of the named class <design/pool#.classes>. */
  pool<K extends PoolKind>(kind: K, options: PoolOptions[K] = {}): PoolOf[K] {
    const pool = poolMake(this, kind, options);
    this.pools.add(pool);
    return pool;
  }

  /** poolSerial -- the number of the pool that is being made. */
  poolSerial(): number {
    this.serials += 1;
    return this.serials;
  }

  /** chainFor -- the chain that a pool is to have: the client's, or the arena's own. */
  chainFor(chain: Chain | undefined): Chain {
    aver(chain === undefined || this.chains.includes(chain), '<design/arena#.if.chain>');
    return chain ?? this.defaultChain;
  }

  /** poolFinish -- destroy a pool and everything in it. */
  poolFinish(pool: Pool): void {
    this.finishTrace();
    this.enter();
    pool.finish();
    this.pools.delete(pool);
    this.leave();
  }

  /** chain -- generations of its own for some pools. */
  chain(parameters: readonly GenerationParameters[]): Chain {
    aver(parameters.length > 0, '<design/generation#.if.chain>');
    const chain = { generations: parameters.map((one, index) => new Generation(index, one)) };
    this.chains.push(chain);
    // The top generation stays the last one, and the world's count too.
    this.topGeneration.index = Math.max(this.topGeneration.index, parameters.length);
    const counts = this.counts.collectionsByGeneration;
    while (counts.length <= this.topGeneration.index) counts.splice(-1, 0, 0);
    return chain;
  }

  /** threadRegister -- the slots of a hart are roots from now on, exact by their tags unless asked otherwise. */
  threadRegister(hart: Hart, rank: Rank = RankEXACT): void {
    aver(!this.threads.has(hart), '<design/arena#.if.thread>');
    const root = Root.ofThread(hart, rank, () => this.plinth.framesOf(hart));
    this.threads.set(hart, root);
    this.roots.add(root);
    this.tell({ type: 'thread', name: hart.name, state: 'start' });
  }

  /** threadDeregister -- a hart holds no references of this arena any more; its allocation points are given back. */
  threadDeregister(hart: Hart): void {
    const root = this.threads.get(hart);
    aver(root !== undefined, '<design/arena#.if.thread>');
    for (const pool of this.pools) for (const buffer of pool.buffers) if (buffer.hart === hart) buffer.finish();
    this.threads.delete(hart);
    this.roots.delete(root);
    this.tell({ type: 'thread', name: hart.name, state: 'end' });
  }

  hasThread(hart: Hart): boolean {
    return this.threads.has(hart);
  }

  /** collect -- collect everything, now; clamped or not, the arena is afterwards as it was <design/arena#.departs.collect>. */
  collect(): void {
    this.enter();
    this.control.collect({ why: 'client', what: 'collect' });
    this.leave();
  }

  /** step -- some work while the client has time: advance the trace, or begin one of the world if anything has been allocated
   * since the last; true if there was something to do <design/arena#.step>. */
  step(): boolean {
    this.enter();
    const worked = this.control.step();
    this.leave();
    return worked;
  }

  /** clamp -- start no collection, and advance none unless the client asks. */
  clamp(): void {
    this.control.isClamped = true;
  }

  /** release -- collect again as policy says. */
  release(): void {
    this.control.isClamped = false;
  }

  /** park -- finish the collection that is under way, then clamp. */
  park(): void {
    this.finishTrace();
    this.clamp();
  }

  /** walk -- visit every object, in order of segments: its low address, its size in bytes, its segment. Pads are left
   * out. Finishes a collection that is under way. */
  walk(visit: (base: Low, size: number, seg: Seg) => void): void {
    this.finishTrace();
    const heap = this.heap;
    for (const seg of heap.segs) {
      if (seg === null) continue;
      seg.pool.eachPart(seg, (first, limit) => {
        seg.pool.eachObject(first, limit, (g, next) => {
          if (!heap.isPad(g)) visit(heap.lowOf(seg, g), (next - g) * 16, seg);
        });
      });
    }
  }

  // Entering and leaving ---------------------------------------------------------------------------------------------

  /** enter -- have the arena to oneself. */
  enter(): void {
    if (!rash) checkSig(this, ArenaSig);
    this.plinth.lock();
    aver(!this.isInside, '<design/arena#.inv.inside>');
    this.isInside = true;
    this.shield.enter();
  }

  /** leave -- bring protection into line, and let others in. */
  leave(): void {
    this.shield.leave();
    this.isInside = false;
    this.watcher?.left?.();
    this.plinth.protSync();
    this.plinth.unlock();
  }

  /** access -- a mutator was kept from doing `mode` at an address: make it allowed, or have it done by `step`; null where no segment of
   * this arena is <design/trace#.access>. */
  access(addr: Low, mode: AccessSet, step: Step | null): AccessFound | null {
    this.enter();
    const seg = this.heap.segOf(addr);
    const found = seg === null ? null : this.accessSeg(seg, addr, mode, step);
    this.leave();
    return found;
  }

  /** owns -- whether a segment is at an address; for who holds the lock. */
  owns(addr: Low): boolean {
    return this.heap.segOf(addr) !== null;
  }

  private accessSeg(seg: Seg, addr: Low, mode: AccessSet, step: Step | null): AccessFound {
    const { counts } = this, hit = mode & seg.protMode, reads = (hit & AccessREAD) !== 0;
    // Somebody else has hit it too, and was first <design/arena#.access.cleared>.
    if (hit === 0) {
      counts.clearedHits += 1;
      return 'cleared';
    }
    // Without barriers nobody hits them: the platform goes through what is protected by itself <design/an#.sync>.
    if (this.plinth.incremental && reads) counts.readHits += 1;
    else if (this.plinth.incremental) counts.writeHits += 1;
    this.control.pausing(() => { this.trace.access(seg, addr, mode, step); });
    return reads ? 'read' : 'write';
  }

  /** suspend -- for the shield: stop the mutators. */
  suspend(why: ShieldReason): void {
    const threads = this.plinth.suspend(this.threads.keys());
    this.counts.suspensions += threads;
    if (threads > 0) this.tell({ type: 'suspend', threads, why });
  }

  resume(): void {
    const threads = this.plinth.resume(this.threads.keys());
    this.counts.resumptions += threads;
    if (threads > 0) this.tell({ type: 'resume', threads });
  }

  /** protect -- for the shield: have the platform forbid `mode` on [base, limit). */
  protect(base: number, limit: number, mode: AccessSet, why: ShieldReason): void {
    this.counts.protections += 1;
    this.plinth.protSet(base | 0, limit | 0, mode);
    this.plinth.tell({ clock: this.clock, type: 'protect', base, size: limit - base, mode: accessName(mode), why });
  }

  /** tell -- report an event, with the arena's time. */
  tell(event: EventBody): void {
    this.plinth.tell({ clock: this.clock, ...event });
  }

  /** The arena's time: bytes handed out, scanned and copied <design/event#.clock>. */
  get clock(): number {
    return this.filled + this.control.traced;
  }

  /** Bytes that mutators have allocated: what their buffers were given, less what they have left. */
  get allocated(): number {
    let left = 0;
    for (const { buffers } of this.pools) for (const { seg, limit, scanLimit } of buffers) left += seg === null ? 0 : limit - scanLimit;
    return this.filled - left;
  }

  // For pools --------------------------------------------------------------------------------------------------------

  /** traceFinished -- the trace reports what it did; `gained` bytes are free again. */
  traceFinished(trace: Trace, gained: number): void {
    const { counts, grains } = this, { ss } = trace;
    this.control.finished(trace);
    counts.collections += 1;
    counts.bytesCopied += ss.copied;
    counts.bytesPreservedInPlace += ss.inPlace;
    counts.bytesReclaimed += gained;
    counts.tagsLost = ss.tagsLost;
    this.tell({
      type: 'reclaim', trace: trace.count, scanned: ss.scanned, copied: ss.copied, inPlace: ss.inPlace, reclaimed: gained,
      committed: grains.committed, mortality: gained / trace.condemned,
    });
    this.watcher?.finished?.(trace);
  }

  /** finishTrace -- do what is left of the trace that is under way. */
  finishTrace(): void {
    if (!this.trace.isBusy) return;
    this.enter();
    this.control.finish('finish');
    this.leave();
  }

  /** allGenerations -- those of every chain, and the top one last. */
  allGenerations(): Generation[] {
    return [...this.chains.flatMap((chain) => chain.generations), this.topGeneration];
  }

  grainsRound(size: number): number {
    const { grainSize } = this.grains.parameters;
    return Math.ceil(size / grainSize) * grainSize;
  }

  check(): void {
    checkSig(this, ArenaSig);
    this.grains.check();
    this.trace.check();
    this.shield.check();
    for (const generation of this.allGenerations()) generation.check();
    for (const pool of this.pools) pool.check();
    for (const seg of this.heap.segs) seg?.check();
  }

  /** finish -- give everything back to the platform. */
  finish(): void {
    this.finishTrace();
    for (const hart of [...this.threads.keys()]) this.threadDeregister(hart);
    for (const pool of [...this.pools]) this.poolFinish(pool);
    this.check();
    this.sig = SigINVALID;
    this.shield.finish();
    this.plinth.protFinish();
    this.grains.finish();
  }
}

/** accessName -- what is forbidden, in words. */
export const accessName = (mode: AccessSet): string => accessNames[mode & (AccessREAD | AccessWRITE)];

const accessNames: readonly string[] = ['nothing', 'read', 'write', 'read and write'];

/** An event without its time. */
export type EventBody = Event extends infer E ? E extends Event ? Omit<E, 'clock'> : never : never;

/* arena.ts: THE ARENA
 *
 * One heap: its grains, pools, generations, roots, threads and trace. Allocation polls it, and a poll may collect
 * <design/arena>.
 */
import { aver, checkSig, SigINVALID } from '../../base/base.ts';
import type { Hart, Low, Memory } from '../../machine/machine.ts';
import type { Event } from '../event.ts';
import type { FormatView } from '../heap/format.ts';
import { Heap } from '../heap/heap.ts';
import type { Seg } from '../heap/seg.ts';
import type { Plinth } from '../plinth.ts';
import type { Keeper } from '../heap/keeper.ts';
import type { Pool } from '../heap/pool.ts';
import { Roots } from '../heap/root-set.ts';
import { poolMake, type PoolKind, type PoolOf, type PoolOptions } from '../pools/classes.ts';
import type { Res } from '../result.ts';
import { History } from '../services/history.ts';
import { LocationDependency } from '../services/ld.ts';
import { pinMake, type Pin } from '../services/pin.ts';
import { Query } from '../services/query.ts';
import { type Transform, transformMake } from '../services/transform.ts';
import { Cleaner, type CleanerOptions } from '../services/cleaner.ts';
import { Guardians } from '../services/guardian.ts';
import { Identity } from '../services/identity.ts';
import { Messages } from '../services/messages.ts';
import { WeakTable, type WeakTableOptions } from '../services/weak-table.ts';
import { Shield } from '../trace/shield.ts';
import { Trace } from '../trace/trace.ts';
import { Grains } from './chunk.ts';
import { Control, type ControlParameters } from './control.ts';
import { countsMake, type ArenaCounts } from './counts.ts';
import { Generation, type Chain, type GenerationParameters } from './generation.ts';
import { ArenaSig } from './inside.ts';
import { Ledger } from './ledger.ts';
import { Limits } from './limits.ts';
import { HeapView } from './view.ts';
import { zoneShiftOf } from './zone.ts';

/** Hears of a chunk, inside the arena: it must not call it <design/arena#.extended>. */
export type ChunkHeard = (arena: Arena, base: number, size: number) => void;

/** What an arena is made from; sizes in bytes. */
export interface ArenaParameters extends ControlParameters {
  readonly commitLimit: number;
  readonly chunkSize: number;
  readonly grainSize: number;
  /** Share of committed memory that may be spare, 0 to 1. */
  readonly spare: number;
  readonly generations: readonly GenerationParameters[];
  /** Default: virtual memory. */
  readonly isClient?: boolean;
  /** Whether generations are placed in zones of their own; default yes. */
  readonly zoned?: boolean;
  readonly extended?: ChunkHeard;
  readonly contracted?: ChunkHeard;
}

/** A heap. */
export class Arena extends Limits {
  readonly plinth: Plinth;
  readonly heap: Heap;
  readonly grains: Grains;
  readonly ledger: Ledger;
  readonly trace: Trace;
  readonly shield: Shield;
  readonly control: Control;
  private serials: number = 0;
  readonly roots: Roots = new Roots(this);
  /** What may have moved, for location dependencies. */
  readonly history: History = new History();
  /** Whose an address is. */
  readonly addr: Query = new Query(this);
  /** What holds references outside of segments and roots. */
  readonly keepers: Set<Keeper> = new Set();
  /** What it has to tell its client <design/message>. */
  readonly messages: Messages = new Messages(this);
  readonly guardians: Guardians = new Guardians(this);
  /** What knows objects by where they are. */
  readonly identity: Identity = new Identity(this);
  readonly cleaners: Set<Cleaner> = new Set();
  readonly chains: Chain[] = [];
  /** The chains that pools have asked for. */
  private readonly chainOf = new Map<Pool, Chain>();
  readonly topGeneration: Generation;
  readonly defaultChain: Chain;
  readonly view: FormatView;
  readonly counts: ArenaCounts = countsMake();
  /** Bytes handed to mutators' buffers: what polls are counted by. */
  filled: number = 0;

  constructor(memory: Memory, plinth: Plinth, parameters: ArenaParameters) {
    super();
    this.plinth = plinth;
    this.heap = new Heap(memory);
    this.heap.zoneShift = zoneShiftOf(parameters.chunkSize, Math.log2(parameters.grainSize));
    this.ledger = new Ledger((size) => this.grains.leave(size));
    this.grains = this.grainsMake(parameters);
    this.shield = new Shield(this);
    this.trace = new Trace(this);
    this.topGeneration = new Generation(0, { capacity: Infinity, mortality: 0.5 });
    this.defaultChain = this.chainMake(parameters.generations);
    this.view = new HeapView(this, this.trace.ss);
    this.control = new Control(this, parameters);
    // What guardians find, tables are told of afterwards.
    this.keepers.add(this.guardians).add(this.identity);
    plinth.protSetup(this);
    this.sig = ArenaSig;
    this.tell({
      type: 'arena', memory: memory.size, commitLimit: parameters.commitLimit, grain: parameters.grainSize, zoneShift: this.heap.zoneShift,
    });
  }

  private grainsMake(parameters: ArenaParameters): Grains {
    const { isClient = false, zoned = true, spare, extended, contracted, chunkSize } = parameters, { ledger } = this;
    const { heap: { zoneShift } } = this;
    return new Grains(this.plinth, { ...parameters, chunkSize, chunkLeast: 0, spare: isClient ? 0 : spare, zoneShift, zoned, isClient }, {
      get used() { return ledger.used; },
      charge: (size) => ledger.charge(size),
      credit: (size) => { ledger.credit(size); },
      extended: (base, size) => {
        this.tell({ type: 'chunk', base, size });
        extended?.(this, base, size);
      },
      contracted: (base, size) => { contracted?.(this, base, size); },
    });
  }

  // What a client does -----------------------------------------------------------------------------------------------

  /** pool -- a pool of the named class <design/pool#.classes>. */
  pool<K extends PoolKind>(kind: K, options: PoolOptions[K] = {}): PoolOf[K] {
    this.outside();
    const pool = poolMake(this, kind, options), { chain } = options as { readonly chain?: Chain };
    this.pools.add(pool);
    if (chain !== undefined) this.chainOf.set(pool, chain);
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
    aver(this.pools.has(pool), '<design/arena#.if.own>');
    this.finishTrace();
    this.enter();
    this.guardians.poolFinished(pool);
    this.identity.poolFinished(pool);
    for (const cleaner of this.cleaners) cleaner.poolFinished(pool);
    pool.finish();
    this.pools.delete(pool);
    this.chainOf.delete(pool);
    this.leave();
  }

  /** chain -- generations of its own for some pools. */
  chain(parameters: readonly GenerationParameters[]): Chain {
    this.outside();
    return this.chainMake(parameters);
  }

  private chainMake(parameters: readonly GenerationParameters[]): Chain {
    aver(parameters.length > 0, '<design/generation#.if.chain>');
    const chain = { generations: parameters.map((one, index) => new Generation(index, one)) };
    this.chains.push(chain);
    // The top generation stays the last one, and the world's count too.
    this.topGeneration.index = Math.max(this.topGeneration.index, parameters.length);
    const counts = this.counts.collectionsByGeneration;
    while (counts.length <= this.topGeneration.index) counts.splice(-1, 0, 0);
    return chain;
  }

  /** chainDestroy -- a chain that the client has made is no more: no pool has it, and none of it is being collected. */
  chainDestroy(chain: Chain): void {
    this.outside();
    aver(this.chains.includes(chain) && chain !== this.defaultChain, '<design/arena#.if.chain>');
    aver(!this.trace.isBusy && ![...this.chainOf.values()].includes(chain), '<design/arena#.if.chain.idle>');
    this.chains.splice(this.chains.indexOf(chain), 1);
  }

  /** create -- take the first chunk now, as the MPS does, and not when it is needed; or say why not <design/arena#.create>. */
  create(): Res {
    return this.inside(() => this.grains.create());
  }

  /** finalize -- have the object in a slot finalized: a message is posted when it would be garbage but for that <design/guardian>. */
  finalize(hart: Hart, slot: number): Res {
    return this.guardians.finalize(hart, slot);
  }

  /** definalize -- undo a `finalize` of the object in a slot; ResFAIL if there is none left. */
  definalize(hart: Hart, slot: number): Res {
    return this.guardians.definalize(hart, slot);
  }

  /** collect -- collect everything, now; clamped or not, the arena is afterwards as it was <design/arena#.departs.collect>. */
  collect(): void {
    this.inside(() => this.control.collect({ why: 'client', what: 'collect' }));
  }

  /** startCollect -- release the arena, and begin a collection of everything if there is none: polls and steps go on with it. */
  startCollect(): void {
    this.inside(() => { this.control.startCollect(); });
  }

  /** step -- work while the client has time, `interval` virtual microseconds of it, or `multiplier` times as much if that is enough for
   * collecting everything; true if any was done. Without an interval: a quantum, as long as there is something new <design/arena#.step>. */
  step(interval?: number, multiplier: number = 0): boolean {
    aver((interval === undefined || interval >= 0) && multiplier >= 0, '<design/arena#.if.step>');
    return this.inside(() => (interval === undefined ? this.control.stepOnce() : this.control.step(interval, multiplier)));
  }

  /** How many flips there have been after which objects might have moved. */
  get collections(): number {
    return this.counts.moves;
  }

  /** clamp -- start no collection, and advance none unless the client asks. */
  clamp(): void {
    this.inside(() => { this.control.state = 'clamped'; });
  }

  /** release -- collect again as policy says. */
  release(): void {
    this.inside(() => { this.control.state = 'unclamped'; });
  }

  /** park -- finish the collection that is under way, and start none. */
  park(): void {
    this.finishTrace();
    this.inside(() => { this.control.state = 'parked'; });
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

  /** weakTable -- a table from objects to anything that keeps no object alive <design/weak-table>. */
  weakTable(options: WeakTableOptions = {}): WeakTable {
    return new WeakTable(this, options);
  }

  /** cleaner -- has things done for the client once objects are dead <design/cleaner>. */
  cleaner(options: CleanerOptions = {}): Cleaner {
    return new Cleaner(this, options);
  }

  /** ld -- a location dependency on nothing yet <design/ld>. */
  ld(): LocationDependency {
    return new LocationDependency(this);
  }

  /** pin -- keep the object alive and in place that the capability in a slot refers to, until the pin is released; or why not. */
  pin(hart: Hart, slot: number): Pin | Res {
    return pinMake(this, hart, slot);
  }

  /** transform -- parks the arena; what is added to the transform can be replaced until the next collection <design/transform>. Or why not. */
  transform(): Transform | Res {
    return transformMake(this);
  }

  // The arena's time -------------------------------------------------------------------------------------------------

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
    grains.compact();
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

  check(): void {
    checkSig(this, ArenaSig);
    this.grains.check();
    this.trace.check();
    this.shield.check();
    this.guardians.check();
    this.identity.check();
    for (const cleaner of this.cleaners) cleaner.check();
    for (const generation of this.allGenerations()) generation.check();
    for (const pool of this.pools) pool.check();
    for (const seg of this.heap.segs) seg?.check();
  }

  /** finish -- destroy what is there, and give everything back to the platform. */
  finish(): void {
    // While there is everything that they may want to use <design/cleaner#.finish>.
    for (const cleaner of this.cleaners) if (cleaner.runsAtFinish) cleaner.finish(); else cleaner.drop();
    this.finishTrace();
    for (const hart of [...this.threads.keys()]) this.threadForget(hart);
    for (const pool of [...this.pools]) this.poolFinish(pool);
    this.roots.finish();
    this.check();
    this.inside(() => {
      this.guardians.finish();
      this.identity.finish();
      this.messages.finish();
      this.shield.finish();
      this.grains.finish();
    });
    this.plinth.protFinish();
    this.sig = SigINVALID;
  }

  /** destroy -- the same for a client that has destroyed everything himself, as the MPS insists on <design/arena#.if.destroy>. */
  destroy(): void {
    aver(this.pools.size === 0 && this.threads.size === 0 && this.roots.size === 0, '<design/arena#.if.destroy>');
    aver(this.chains.length === 1, '<design/arena#.if.destroy>');
    this.finish();
  }
}

export { accessName } from './inside.ts';

/** An event without its time. */
export type EventBody = Event extends infer E ? E extends Event ? Omit<E, 'clock'> : never : never;

/* weak-table.ts: WEAK TABLES
 *
 * A table from objects to anything, that does not depend on where the objects are as far as its client can see. It does not keep its keys alive,
 * and keeps the value of a key only as long as that: an entry whose key is dead is gone <design/weak-table>.
 */
import { aver } from '../../base/base.ts';
import { baseDecode, baseIsNear, boundsEncode, GranuleSIZE, PermMASK, WindowHIGH, type Hart, type Low } from '../../machine/machine.ts';
import type { Arena } from '../arena/arena.ts';
import { ZoneSetEMPTY, zoneOf, type ZoneSet } from '../arena/zone.ts';
import type { Pool } from '../heap/pool.ts';
import { RankEXACT, RankFINAL, RankWEAK, type Rank } from '../heap/rank.ts';
import { ResCOMMITLIMIT, ResMEMORY, ResOK, type Res } from '../result.ts';
import { traceFix } from '../trace/access.ts';
import { fixWords } from '../trace/scan.ts';
import type { Trace } from '../trace/trace.ts';
import { objectAt, objectOf, whereIs, type Knower } from './identity.ts';

/** What the ledger is charged for an entry: its record, and its share of the index. */
const EntrySIZE = 48;

/** Entries in a block, which has a summary. */
const BlockSHIFT = 8;
const BlockENTRIES: number = 1 << BlockSHIFT;
const BlockMASK: number = BlockENTRIES - 1;

/** What trace time goes into a block that is skipped, and into an entry, in bytes of scanning. */
const BlockWORK = 16;
const EntryWORK = 32;

/** The index has so many chains at first, as a power of two. */
const IndexSHIFT = 6;

/** Spreads addresses over the index: 2^32 divided by the golden ratio. */
const HashFACTOR = 0x9e37_79b1 | 0;

/** How a table is made. */
export interface WeakTableOptions {
  /** Whether an entry is gone when its value is dead as well, which it does not keep alive; default no. */
  readonly weakValues?: boolean;
}

/** Entries; where an entry's key is 0 there is none. */
class Block {
  /** Where the object begins that is the key <design/weak-table#.inv.index>. */
  readonly keys: Int32Array = new Int32Array(BlockENTRIES);
  /** Values, as capabilities in memory are, and whether they have their tags. */
  readonly words: Int32Array = new Int32Array(BlockENTRIES * 4);
  readonly tags: Uint8Array = new Uint8Array(BlockENTRIES);
  /** In which trace the value was last known to refer to where things are. */
  readonly traces: Int32Array = new Int32Array(BlockENTRIES);
  /** The next entry in a chain of the index, or of those that are free; -1 at its end. */
  readonly links: Int32Array = new Int32Array(BlockENTRIES);
  /** A superset of the zones of its keys and values <design/weak-table#.inv.summary>; what it will be after this trace. */
  summary: ZoneSet = ZoneSetEMPTY;
  fixed: ZoneSet = ZoneSetEMPTY;
}

/** A weak table. */
export class WeakTable implements Knower {
  private readonly arena: Arena;
  private readonly weakValues: boolean;
  private blocks: Block[] = [];
  private free: number = -1;
  private count: number = 0;
  /** By hash: the first entry of a chain. */
  private heads: Int32Array = new Int32Array(1 << IndexSHIFT).fill(-1);
  private shift: number = 32 - IndexSHIFT;
  /** Entries whose keys the trace has found, and whose values are to be fixed. */
  private readonly pending: number[] = [];
  private band: Rank = RankEXACT;
  private next: number = 0;
  private isOpen: boolean = true;

  /** arena.weakTable() is the way to make one. */
  constructor(arena: Arena, { weakValues = false }: WeakTableOptions) {
    this.arena = arena;
    this.weakValues = weakValues;
    arena.identity.add(this);
  }

  // What a client does -----------------------------------------------------------------------------------------------

  /** How many entries there are; those whose keys are dead are gone after the collection that finds that out. */
  get size(): number {
    return this.count;
  }

  /** set -- the value of the object in `keySlot` is what is in `valueSlot` from now on; or why there is no memory for another entry. */
  set(hart: Hart, keySlot: number, valueSlot: number): Res {
    const { arena } = this, key = this.enter(hart, keySlot);
    let n = this.find(key);
    if (n < 0 && arena.ledger.charge(EntrySIZE)) n = this.insert(key);
    if (n >= 0) this.put(n, hart, valueSlot);
    arena.leave();
    if (n >= 0) return ResOK;
    return arena.grains.available < EntrySIZE ? ResCOMMITLIMIT : ResMEMORY;
  }

  /** get -- put the value of the object in `keySlot` into slot `dst`; false if it has none, and then nothing has happened. */
  get(hart: Hart, keySlot: number, dst: number): boolean {
    const { arena } = this, n = this.reveal(this.find(this.enter(hart, keySlot)));
    if (n >= 0) {
      const { words, tags } = this.blocks[n >> BlockSHIFT], k = n & BlockMASK, at = k << 2;
      hart.set(dst, words[at], words[at + 1], words[at + 2], words[at + 3]);
      if (tags[k] !== 0) hart.decode(dst);
    }
    arena.leave();
    return n >= 0;
  }

  /** has -- whether the object in a slot has a value. */
  has(hart: Hart, keySlot: number): boolean {
    const n = this.reveal(this.find(this.enter(hart, keySlot)));
    this.arena.leave();
    return n >= 0;
  }

  /** delete -- the object in a slot has no value any more; false if it had none. */
  delete(hart: Hart, keySlot: number): boolean {
    const n = this.reveal(this.find(this.enter(hart, keySlot)));
    if (n >= 0) this.discard(n);
    this.arena.leave();
    return n >= 0;
  }

  /** finish -- the table is no more. */
  finish(): void {
    aver(this.isOpen, '<design/weak-table#.if.open>');
    this.isOpen = false;
    this.arena.identity.delete(this);
    // A trace that is under way tells it of what it finds to its end.
    this.each((n) => { this.discard(n); });
  }

  /** enter -- enter the arena; where the object is that is a key. */
  private enter(hart: Hart, slot: number): Low {
    aver(this.isOpen, '<design/weak-table#.if.open>');
    this.arena.enter();
    return objectOf(this.arena, hart, slot);
  }

  // Entries ----------------------------------------------------------------------------------------------------------

  /** find -- the entry of the object at `key`; -1 if there is none. */
  private find(key: Low): number {
    const { blocks } = this;
    let n = this.heads[Math.imul(key >>> 4, HashFACTOR) >>> this.shift];
    while (n >= 0 && blocks[n >> BlockSHIFT].keys[n & BlockMASK] !== key) n = blocks[n >> BlockSHIFT].links[n & BlockMASK];
    return n;
  }

  private insert(key: Low): number {
    if (this.count === this.heads.length) this.grow();
    if (this.free < 0) this.extend();
    const n = this.free;
    this.free = this.blocks[n >> BlockSHIFT].links[n & BlockMASK];
    this.count += 1;
    this.link(n, key);
    return n;
  }

  private extend(): void {
    const block = new Block(), first = this.blocks.length << BlockSHIFT;
    for (let k = 0; k < BlockENTRIES; ++k) block.links[k] = k + 1 < BlockENTRIES ? first + k + 1 : -1;
    this.blocks.push(block);
    this.free = first;
  }

  /** put -- what is in a slot is the value of an entry. A mutator has nothing but what is preserved <design/trace#.flip>. */
  private put(n: number, { r }: Hart, slot: number): void {
    const { words, tags, traces } = this.blocks[n >> BlockSHIFT], k = n & BlockMASK, at = k << 2, c = slot << 3;
    words[at] = r[c];
    words[at + 1] = r[c + 1];
    words[at + 2] = r[c + 2];
    words[at + 3] = r[c + 3];
    tags[k] = r[c + 4] & 1;
    traces[k] = this.arena.trace.count;
    this.meet(n);
  }

  /** reveal -- a mutator is about to have an entry's value: it is preserved, unless it is weak and dead; then the entry is gone, which is -1
   * <design/weak-table#.inv.reveal>. */
  private reveal(n: number): number {
    const { arena: { trace }, weakValues } = this;
    if (n < 0 || !trace.isFlipped) return n;
    const { words, tags, traces } = this.blocks[n >> BlockSHIFT], k = n & BlockMASK, at = k << 2;
    if (tags[k] === 0 || (!weakValues && traces[k] === trace.count)) return n;
    if (!traceFix(trace, words, at, trace.band === RankWEAK ? RankWEAK : RankEXACT)) tags[k] = 0;
    if (tags[k] === 0 && words[at + 1] === 0) return this.discard(n);
    this.meet(n);
    return n;
  }

  /** discard -- an entry is no more. */
  private discard(n: number): -1 {
    this.unlink(n);
    const { keys, words, tags, links } = this.blocks[n >> BlockSHIFT], k = n & BlockMASK;
    keys[k] = 0;
    words.fill(0, k << 2, (k << 2) + 4);
    tags[k] = 0;
    links[k] = this.free;
    this.free = n;
    this.count -= 1;
    this.arena.ledger.credit(EntrySIZE);
    return -1;
  }

  /** meet -- what an entry refers to now needs not be fixed any more in this trace. */
  private meet(n: number): void {
    const { heap: { zoneShift } } = this.arena, block = this.blocks[n >> BlockSHIFT], k = n & BlockMASK, at = k << 2, { words } = block;
    const zones = (1 << zoneOf(block.keys[k], zoneShift)) | (isNear(block, k) ? 1 << zoneOf(baseDecode(words[at], words[at + 2]), zoneShift) : 0);
    block.summary |= zones;
    block.fixed |= zones;
  }

  // The index --------------------------------------------------------------------------------------------------------

  private link(n: number, key: Low): void {
    const { keys, links } = this.blocks[n >> BlockSHIFT], h = Math.imul(key >>> 4, HashFACTOR) >>> this.shift;
    keys[n & BlockMASK] = key;
    links[n & BlockMASK] = this.heads[h];
    this.heads[h] = n;
  }

  private unlink(n: number): void {
    const { blocks, heads } = this, { keys, links } = blocks[n >> BlockSHIFT], h = Math.imul(keys[n & BlockMASK] >>> 4, HashFACTOR) >>> this.shift;
    let before = -1;
    for (let at = heads[h]; at !== n; at = blocks[at >> BlockSHIFT].links[at & BlockMASK]) before = at;
    if (before < 0) heads[h] = links[n & BlockMASK];
    else blocks[before >> BlockSHIFT].links[before & BlockMASK] = links[n & BlockMASK];
  }

  /** grow -- twice as many chains. */
  private grow(): void {
    this.heads = new Int32Array(this.heads.length * 2).fill(-1);
    this.shift -= 1;
    this.each((n, key) => { this.link(n, key); });
  }

  /** each -- visit all entries, which may be discarded. */
  private each(visit: (n: number, key: Low, block: Block) => void): void {
    for (const [b, block] of this.blocks.entries()) {
      for (let k = 0; k < BlockENTRIES; ++k) if (block.keys[k] !== 0) visit((b << BlockSHIFT) | k, block.keys[k], block);
    }
  }

  // For the tracer ---------------------------------------------------------------------------------------------------

  isOfInterest(white: ZoneSet): boolean {
    return this.blocks.some(({ summary }) => (summary & white) !== 0);
  }

  /** found -- a key, if it is one, has been found: it is from now on where it is now, and its value is to be kept. */
  found(from: Low, to: Low): void {
    const n = this.find(from);
    if (n < 0) return;
    if (to !== from) this.move(n, to);
    this.pending.push(n);
  }

  get hasFound(): boolean {
    return this.pending.length > 0;
  }

  private move(n: number, to: Low): void {
    const block = this.blocks[n >> BlockSHIFT], zone = 1 << zoneOf(to, this.arena.heap.zoneShift);
    this.unlink(n);
    this.link(n, to);
    block.summary |= zone;
    block.fixed |= zone;
  }

  flipped(): void {
    this.band = RankEXACT;
    this.next = 0;
    for (const block of this.blocks) block.fixed = ZoneSetEMPTY;
  }

  /** scan -- at EXACT all entries, and then, at FINAL as well, those whose keys have been found since; at WEAK what is left is dead
   * <design/weak-table#.bands>. */
  scan(trace: Trace, band: Rank, enough: number): boolean {
    if (band !== this.band) this.next = 0;
    this.band = band;
    return (band === RankFINAL || this.scanAll(trace, enough)) && this.scanFound(trace, enough);
  }

  /** scanFound -- keep the values of keys that have been found: each may be how the next one is found. */
  private scanFound(trace: Trace, enough: number): boolean {
    const { ss } = trace, { pending } = this;
    for (let n = pending.pop(); n !== undefined; n = pending.pop()) {
      if (ss.work < enough) this.keep(trace, n);
      if (ss.work >= enough || ss.res !== ResOK) {
        // To be asked for again: a value that is kept already is kept.
        pending.push(n);
        return false;
      }
    }
    return true;
  }

  private scanAll(trace: Trace, enough: number): boolean {
    const { ss } = trace, { blocks } = this;
    while (this.next < blocks.length << BlockSHIFT) {
      if (ss.work >= enough) return false;
      const block = blocks[this.next >> BlockSHIFT];
      if ((block.summary & ss.white) === 0) {
        ss.touched += BlockWORK;
        this.next = ((this.next >> BlockSHIFT) + 1) << BlockSHIFT;
      } else if (!this.scanBlock(trace, block, enough)) return false;
    }
    return true;
  }

  /** scanBlock -- scan the entries of a block from the next one on; true if all have been. */
  private scanBlock(trace: Trace, block: Block, enough: number): boolean {
    const { ss } = trace, limit = ((this.next >> BlockSHIFT) + 1) << BlockSHIFT;
    for (; this.next < limit; ++this.next) {
      if (ss.work >= enough) return false;
      if (block.keys[this.next & BlockMASK] === 0) continue;
      ss.scanned += EntryWORK;
      if (this.band === RankWEAK) this.settle(trace, block, this.next);
      else if (trace.transform !== null) this.follow(trace, block, this.next);
      else if (whereIs(trace, block.keys[this.next & BlockMASK]) !== 0) this.keep(trace, this.next);
      if (ss.res !== ResOK) return false;
    }
    if (this.band === RankWEAK) block.summary = block.fixed;
    return true;
  }

  /** keep -- the key of an entry has been preserved: preserve its value. */
  private keep(trace: Trace, n: number): void {
    const { ss } = trace, { keys, words, tags, traces } = this.blocks[n >> BlockSHIFT], k = n & BlockMASK;
    if (keys[k] === 0 || traces[k] === trace.count) return;
    if (!this.weakValues && tags[k] !== 0) {
      ss.scanned += EntryWORK;
      ss.rank = RankEXACT;
      if (!fixWords(ss, words, k << 2)) tags[k] = 0;
      if (ss.res !== ResOK) return;
    }
    traces[k] = trace.count;
    this.meet(n);
  }

  /** settle -- nothing will be found any more: an entry whose key has not been is gone, and so it is without its weak value. */
  private settle(trace: Trace, { keys, words, tags, traces }: Block, n: number): void {
    const { ss } = trace, k = n & BlockMASK, at = k << 2;
    let isAlive = traces[k] === trace.count || whereIs(trace, keys[k]) !== 0;
    if (isAlive && this.weakValues && tags[k] !== 0) {
      ss.rank = RankWEAK;
      if (!fixWords(ss, words, at)) tags[k] = 0;
      isAlive = tags[k] !== 0 || words[at + 1] !== 0;
    }
    if (isAlive) this.meet(n);
    else this.discard(n);
  }

  /** follow -- in a transform, the key of an entry is what replaces it, and both are kept; what becomes nothing, or what has a value
   * of its own, leaves the table <design/weak-table#.transform>. */
  private follow(trace: Trace, block: Block, n: number): void {
    const { ss } = trace, { heap } = this.arena, k = n & BlockMASK, key = block.keys[k];
    const words = Int32Array.of(key, WindowHIGH, boundsEncode(key, GranuleSIZE), PermMASK);
    ss.rank = RankEXACT;
    const isKept = fixWords(ss, words, 0);
    if (ss.res !== ResOK) return;
    const base = baseDecode(words[0], words[2]), seg = isKept ? heap.segOf(base) : null;
    const now = seg === null ? 0 : objectAt(heap, seg, base), other = this.find(now);
    if (now === 0 || (other >= 0 && other !== n)) this.discard(n);
    else {
      if (other < 0) this.move(n, now);
      this.keep(trace, n);
    }
  }

  /** poolFinished -- the entries are gone that have to do with a pool that is about to be no more. */
  poolFinished(pool: Pool): void {
    const { heap } = this.arena, isIn = (addr: Low): boolean => heap.segOf(addr)?.pool === pool;
    this.each((n, key, block) => {
      const { words } = block, k = n & BlockMASK, at = k << 2;
      if (isIn(key) || (isNear(block, k) && isIn(baseDecode(words[at], words[at + 2])))) this.discard(n);
    });
  }

  check(): void {
    const { heap: { zoneShift }, trace } = this.arena;
    let count = 0;
    this.each((n, key, { summary }) => {
      count += 1;
      aver((summary & (1 << zoneOf(key, zoneShift))) !== 0, '<design/weak-table#.inv.summary>');
      aver(this.find(key) === n, '<design/weak-table#.inv.index>');
    });
    aver(count === this.count, '<design/weak-table#.inv.index>');
    aver(trace.isBusy || this.pending.length === 0, '<design/weak-table#.inv.found>');
  }
}

/** isNear -- whether a value is a reference to where objects may be. */
function isNear({ words, tags }: Block, k: number): boolean {
  return tags[k] !== 0 && words[(k << 2) + 1] === WindowHIGH && baseIsNear(words[(k << 2) + 2]);
}

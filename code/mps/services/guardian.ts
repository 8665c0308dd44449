/* guardian.ts: GUARDIANS
 *
 * Finalization. A client registers an object; a guardian then holds a reference to it of rank FINAL, which is followed when all others have been.
 * If nobody has found the object by then, the guardian preserves it once more, and becomes the message that says so
 * <design/guardian>.
 */
import { aver } from '../../base/base.ts';
import {
  baseDecode, baseIsNear, boundsAreSealed, boundsEncode, GranuleSIZE, PermMASK, slotDecode, WindowHIGH, type Hart,
} from '../../machine/machine.ts';
import type { Arena } from '../arena/arena.ts';
import { ZoneSetEMPTY, zoneOf, type ZoneSet } from '../arena/zone.ts';
import type { Keeper } from '../heap/keeper.ts';
import type { Pool } from '../heap/pool.ts';
import { RankEXACT, RankFINAL, RankWEAK, type Rank } from '../heap/rank.ts';
import type { Seg } from '../heap/seg.ts';
import { ResCOMMITLIMIT, ResFAIL, ResMEMORY, ResOK, type Res } from '../result.ts';
import { traceFix } from '../trace/access.ts';
import { fixWords } from '../trace/scan.ts';
import type { Trace } from '../trace/trace.ts';
import { FinalizationMessage } from './messages.ts';

/** What the ledger is charged for a guardian: its record, and the message that it may become. */
const GuardianSIZE = 64;

/** Records in a block, which has a summary. */
const BlockSHIFT = 8;
const BlockRECORDS: number = 1 << BlockSHIFT;

/** What trace time goes into a block that is skipped, and into a record, in bytes of scanning. */
const BlockWORK = 16;
const RecordWORK = 16;

/** States of a record: it is free; it has a registered object; it has one whose message has been posted. */
const FREE = 0;
const REGISTERED = 1;
const POSTED = 2;

/** Records, as capabilities in memory are. */
class Block {
  readonly words: Int32Array = new Int32Array(BlockRECORDS * 4);
  readonly states: Uint8Array = new Uint8Array(BlockRECORDS);
  /** By record: the next one in a list; -1 at its end. */
  readonly links: Int32Array = new Int32Array(BlockRECORDS);
  /** A superset of the zones that its references point to <design/guardian#.inv.summary>; what it will be after this trace. */
  summary: ZoneSet = ZoneSetEMPTY;
  fixed: ZoneSet = ZoneSetEMPTY;
  /** By state: how many records. */
  readonly counts: [number, number, number] = [BlockRECORDS, 0, 0];

  setState(at: number, state: number): void {
    this.counts[this.states[at]] -= 1;
    this.counts[state] += 1;
    this.states[at] = state;
  }
}

/** The guardians of an arena. */
export class Guardians implements Keeper {
  private readonly arena: Arena;
  private readonly blocks: Block[] = [];
  /** The first free record; -1: there is none. */
  private free: number = -1;
  /** The next record to be looked at in a band. */
  private band: Rank = RankEXACT;
  private next: number = 0;
  /** By address, as long as nothing moves: the last record that was registered with it, linked to those before it. */
  private index: Map<number, number> | null = null;
  /** For a look at where an object is. */
  private readonly scratch: Int32Array = new Int32Array(4);

  constructor(arena: Arena) {
    this.arena = arena;
  }

  // What a client does -----------------------------------------------------------------------------------------------

  /** finalize -- have the object in a slot finalized when it would be garbage: a message is posted then. Each registration is good for one
   * <design/guardian#.inv.once>. */
  finalize(hart: Hart, slot: number): Res {
    const { arena } = this, { r } = hart, c = slot << 3;
    arena.enter();
    const seg = this.segOf(hart, slot), g = this.objectIn(seg, baseDecode(r[c], r[c + 2]));
    const isPaid = arena.ledger.charge(GuardianSIZE);
    if (isPaid) {
      const n = this.take(), { words } = this.blocks[n >> BlockSHIFT], at = (n & (BlockRECORDS - 1)) << 2;
      const base = arena.heap.lowOf(seg, g), size = (arena.heap.sizeAt(g, limitOf(seg, base)) * GranuleSIZE);
      words[at] = base;
      words[at + 1] = WindowHIGH;
      words[at + 2] = boundsEncode(base, size);
      words[at + 3] = r[c + 3] & PermMASK;
      this.register(n, base);
    }
    arena.leave();
    if (isPaid) return ResOK;
    return arena.grains.available < GuardianSIZE ? ResCOMMITLIMIT : ResMEMORY;
  }

  /** definalize -- undo one registration of the object in a slot; ResFAIL if there is none. */
  definalize(hart: Hart, slot: number): Res {
    const { arena } = this, { r } = hart, c = slot << 3;
    arena.enter();
    const seg = this.segOf(hart, slot), base = arena.heap.lowOf(seg, this.objectIn(seg, baseDecode(r[c], r[c + 2])));
    const n = arena.trace.isFlipped ? this.search(base) : this.lookUp(base);
    if (n >= 0) this.discard(n);
    arena.leave();
    return n >= 0 ? ResOK : ResFAIL;
  }

  /** segOf -- the segment of the object that a slot refers to. */
  private segOf(hart: Hart, slot: number): Seg {
    const { r } = hart, c = slot << 3;
    const isOfHeap = hart.isTagged(slot) && r[c + 1] === WindowHIGH && baseIsNear(r[c + 2]);
    aver(isOfHeap && !boundsAreSealed(r[c + 2], r[c + 3]), '<design/guardian#.if.object>');
    const seg = this.arena.heap.segOf(baseDecode(r[c], r[c + 2]));
    aver(seg !== null, '<design/guardian#.if.object>');
    aver(seg.pool.isAutomatic, '<design/guardian#.if.automatic>');
    return seg;
  }

  /** objectIn -- the granule at which the object around an address in a segment begins. */
  private objectIn(seg: Seg, addr: number): number {
    const { heap } = this.arena, { buffer } = seg, low = addr >>> 0;
    aver(buffer === null || low < buffer.scanLimit || low >= buffer.limit, '<design/guardian#.if.object>');
    const g = heap.startBefore(seg.granuleOf(low));
    aver(!heap.isPad(g), '<design/guardian#.if.object>');
    return g;
  }

  // Records ----------------------------------------------------------------------------------------------------------

  /** take -- a free record. */
  private take(): number {
    if (this.free < 0) {
      const block = new Block(), first = this.blocks.length << BlockSHIFT;
      for (let at = 0; at < BlockRECORDS; ++at) block.links[at] = at + 1 < BlockRECORDS ? first + at + 1 : -1;
      this.blocks.push(block);
      this.free = first;
    }
    const n = this.free;
    this.free = this.blocks[n >> BlockSHIFT].links[n & (BlockRECORDS - 1)];
    return n;
  }

  private register(n: number, base: number): void {
    const block = this.blocks[n >> BlockSHIFT], at = n & (BlockRECORDS - 1);
    block.setState(at, REGISTERED);
    this.meet(block, base);
    if (this.index !== null) this.link(this.index, n, base);
  }

  /** meet -- a block holds a reference to `base`, which needs not be fixed in this trace. */
  private meet(block: Block, base: number): void {
    const zone = 1 << zoneOf(base, this.arena.heap.zoneShift);
    block.summary |= zone;
    block.fixed |= zone;
  }

  private link(index: Map<number, number>, n: number, base: number): void {
    this.blocks[n >> BlockSHIFT].links[n & (BlockRECORDS - 1)] = index.get(base) ?? -1;
    index.set(base, n);
  }

  /** discard -- free a record, and what it was charged. */
  discard(n: number): void {
    const block = this.blocks[n >> BlockSHIFT], at = n & (BlockRECORDS - 1);
    block.words.fill(0, at << 2, (at << 2) + 4);
    block.setState(at, FREE);
    block.links[at] = this.free;
    this.free = n;
    this.arena.ledger.credit(GuardianSIZE);
  }

  /** lookUp -- a record that the object at `base` has been registered with, which leaves the index; -1 if there is none. Nothing moves meanwhile. */
  private lookUp(base: number): number {
    const index = this.index ?? this.indexMake(), n = index.get(base) ?? -1;
    if (n < 0) return -1;
    const before = this.blocks[n >> BlockSHIFT].links[n & (BlockRECORDS - 1)];
    if (before < 0) index.delete(base);
    else index.set(base, before);
    return n;
  }

  private indexMake(): Map<number, number> {
    const index = new Map<number, number>();
    this.each(REGISTERED, (n, base) => { this.link(index, n, base); });
    this.index = index;
    return index;
  }

  /** search -- the same while things move: one by one, each looked for where it is now <design/guardian#.search>. */
  private search(base: number): number {
    let found = -1;
    this.each(REGISTERED, (n, held, words, at) => {
      if (found < 0 && (held === base || this.whereIs(words, at) === base)) found = n;
    });
    return found;
  }

  /** whereIs -- where an object is that a record refers to; 0 if nobody has found it yet, which a look does not change. */
  private whereIs(words: Int32Array, at: number): number {
    const { scratch, arena: { trace, heap } } = this;
    if ((trace.ss.white & (1 << zoneOf(words[at], heap.zoneShift))) === 0) return words[at];
    for (let k = 0; k < 4; ++k) scratch[k] = words[at + k];
    traceFix(trace, scratch, 0, RankWEAK);
    return scratch[0];
  }

  /** each -- visit the records in a state, with the address that they hold. */
  private each(state: number, visit: (n: number, base: number, words: Int32Array, at: number) => void): void {
    for (const [b, { words, states, counts }] of this.blocks.entries()) {
      for (let k = 0; k < BlockRECORDS && counts[state] > 0; ++k) {
        if (states[k] === state) visit((b << BlockSHIFT) | k, words[k << 2], words, k << 2);
      }
    }
  }

  /** references -- for who looks on: visit each record that is not free, whether its message has been posted, and the words that refer to the object. */
  references(visit: (n: number, isPosted: boolean, words: Int32Array, at: number) => void): void {
    for (const state of [REGISTERED, POSTED]) this.each(state, (n, _base, words, at) => { visit(n, state === POSTED, words, at); });
  }

  // For messages -----------------------------------------------------------------------------------------------------

  /** reference -- put what a posted record refers to into a slot. */
  reference(n: number, hart: Hart, slot: number): void {
    const { arena } = this, block = this.blocks[n >> BlockSHIFT], { words } = block, at = (n & (BlockRECORDS - 1)) << 2, c = slot << 3;
    arena.enter();
    // The trace comes by only when everything else is scanned <design/keeper#.inv.again>.
    if (arena.trace.isFlipped) {
      traceFix(arena.trace, words, at, RankEXACT);
      this.meet(block, words[at]);
    }
    hart.set(slot, words[at], words[at + 1], words[at + 2], words[at + 3]);
    if (words[at + 1] === WindowHIGH) slotDecode(hart.r, c);
    arena.leave();
  }

  // For the tracer ---------------------------------------------------------------------------------------------------

  flipped(): void {
    this.index = null;
    this.band = RankEXACT;
    this.next = 0;
    for (const block of this.blocks) block.fixed = ZoneSetEMPTY;
  }

  /** scan -- at EXACT what messages refer to; at FINAL what is registered, and post for what nobody has found. */
  scan(trace: Trace, band: Rank, enough: number): boolean {
    if (band > RankFINAL) return true;
    if (band !== this.band) this.next = 0;
    this.band = band;
    while (this.next < this.blocks.length << BlockSHIFT) {
      if (trace.ss.work >= enough) return false;
      const block = this.blocks[this.next >> BlockSHIFT];
      const isOfInterest = (block.summary & trace.ss.white) !== 0 && (band === RankFINAL || block.counts[POSTED] > 0);
      if (!isOfInterest) {
        trace.ss.touched += BlockWORK;
        this.next = ((this.next >> BlockSHIFT) + 1) << BlockSHIFT;
      } else if (!this.scanBlock(trace, block, enough)) return false;
    }
    return true;
  }

  /** scanBlock -- fix the records of a block from the next one on; true if all have been. */
  private scanBlock(trace: Trace, block: Block, enough: number): boolean {
    const { ss } = trace, { words, states } = block, limit = ((this.next >> BlockSHIFT) + 1) << BlockSHIFT;
    const state = this.band === RankFINAL ? REGISTERED : POSTED;
    for (; this.next < limit; ++this.next) {
      if (ss.work >= enough) return false;
      const k = this.next & (BlockRECORDS - 1), at = k << 2;
      if (states[k] === FREE) continue;
      ss.scanned += RecordWORK;
      if (states[k] === state) {
        // For each anew: what the last one was does not count <design/guardian#.inv.marked>.
        ss.wasMarked = true;
        fixWords(ss, words, at);
        if (ss.res !== ResOK) return false;
        if (!ss.wasMarked && state === REGISTERED) this.post(block, this.next);
      }
      // Posting may have freed it.
      if (states[k] !== FREE) this.meet(block, words[at]);
    }
    // All of its references have been met.
    if (this.band === RankFINAL) block.summary = block.fixed;
    return true;
  }

  /** post -- an object was found by its guardian alone: say so. */
  private post(block: Block, n: number): void {
    block.setState(n & (BlockRECORDS - 1), POSTED);
    this.arena.messages.post(new FinalizationMessage(this, n));
  }

  finished(): void {
    // Nothing is kept from one trace to the next.
  }

  // The end ----------------------------------------------------------------------------------------------------------

  /** poolFinished -- a pool is about to be no more: its objects are not finalized, and messages refer to them no more. */
  poolFinished(pool: Pool): void {
    const { heap } = this.arena;
    this.index = null;
    this.each(REGISTERED, (n, base) => { if (heap.segOf(base)?.pool === pool) this.discard(n); });
    this.each(POSTED, (_, base, words, at) => { if (heap.segOf(base)?.pool === pool) words.fill(0, at, at + 4); });
  }

  check(): void {
    const { heap } = this.arena;
    for (const { words, states, summary, counts } of this.blocks) {
      const found = [0, 0, 0];
      for (let k = 0; k < BlockRECORDS; ++k) {
        found[states[k]] += 1;
        const isIn = states[k] === FREE || (summary & (1 << zoneOf(words[k << 2], heap.zoneShift))) !== 0;
        aver(isIn || words[(k << 2) + 1] === 0, '<design/guardian#.inv.summary>');
      }
      aver(found.every((count, state) => count === counts[state]), '<design/guardian#.inv.count>');
    }
  }

  /** finish -- the arena is no more: nothing is finalized. */
  finish(): void {
    for (const { counts } of this.blocks) this.arena.ledger.credit((counts[REGISTERED] + counts[POSTED]) * GuardianSIZE);
    this.blocks.length = 0;
  }
}

/** limitOf -- where what may be taken for objects ends, as a granule, that the object at `base` is among. */
function limitOf(seg: Seg, base: number): number {
  const { buffer } = seg;
  return buffer === null || base >>> 0 >= buffer.scanLimit ? seg.granuleLimit : seg.granuleOf(buffer.scanLimit);
}

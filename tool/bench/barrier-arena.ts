/* barrier-arena.ts: HITS OF AN ARENA'S BARRIERS
 *
 * Segments of old objects on `ix`, all closed by the tracer itself, outside the times. Within them, an access to each, which faults,
 * is dealt with by the arena, and is made again <design/bench#.barrier>.
 */
import type { Hart } from '../../code/machine/machine.ts';
import { boot, ResOK, type AllocationPoint, type Arena, type System } from '../../code/mps/mps.ts';
import { nanoseconds, RegionSIZE, type BarrierWork } from './barrier-work.ts';
import type { Sample } from './fresh.ts';

/** What the segments are full of: where there are references, a hit of the read barrier has them to scan. */
export type BarrierContent = 'numbers' | 'references';

/** Objects, some to a segment, none of them large. */
const ObjectSIZE = 4096;
const ObjectsEACH: number = RegionSIZE / ObjectSIZE;

/** As many collections of the world bring everything into the top generation. */
const AgeTIMES = 4;

/** So many scans that find nothing suffice for a summary to be recorded. */
const SettleTIMES = 8;

/** The barriers of one arena, and what hits them: an error where something does not. */
export class Barriers {
  private readonly system: System;
  private readonly arena: Arena;
  private readonly hart: Hart;
  private readonly ap: AllocationPoint;
  private readonly garbage: number;
  /** A slot with an object for each segment. */
  private readonly slots: readonly number[];
  private readonly content: BarrierContent;

  constructor(content: BarrierContent, count: number) {
    this.content = content;
    this.system = boot({ memory: '64MiB', platform: 'ix', pause: 0, threads: 1 });
    this.arena = this.system.arena;
    this.hart = this.system.hart('barrier');
    this.ap = this.arena.pool('amc').allocationPoint(this.hart);
    this.garbage = this.hart.local();
    // Nothing is collected but what is asked for here.
    this.arena.clamp();
    const objects = (count + 2) * ObjectsEACH, first = this.hart.enter(objects);
    for (let i = 0; i < objects; i++) this.make(first + i);
    for (let i = 0; i < AgeTIMES; i++) this.arena.collect();
    this.slots = this.segmentSlots(first, objects).slice(0, count);
    if (this.slots.length < count) throw new Error(`barrier: there are ${this.slots.length} segments, and ${count} were wanted`);
  }

  private make(slot: number): void {
    const { ap } = this;
    do {
      if (ap.reserve(slot, ObjectSIZE) !== ResOK) throw new Error('barrier: out of memory');
      for (let at = 0; at < ObjectSIZE; at += 16) this.fill(slot, at);
    } while (!ap.commit(slot));
  }

  /** fill -- a granule of an object: a number, or a reference to the object itself. */
  private fill(slot: number, at: number): void {
    if (this.content === 'references') this.hart.storeCap(slot, at, slot);
    else this.hart.store32(slot, at, at);
  }

  /** segmentSlots -- of each full segment, the slot of the object at its base. */
  private segmentSlots(first: number, objects: number): number[] {
    const found: number[] = [];
    for (let slot = first; slot < first + objects; slot++) {
      const low = this.hart.r[slot << 3] >>> 0, seg = this.arena.heap.segOf(low);
      if (seg !== null && seg.base === low && seg.size === RegionSIZE && seg.buffer === null) found.push(slot);
    }
    return found;
  }

  /** write -- store into each segment: nanoseconds a hit. Their summaries are forgotten. */
  write(): number {
    const { slots, hart, content } = this, { counts } = this.arena, before = counts.writeHits;
    const took = nanoseconds(slots.length, content === 'references'
      ? () => { for (let i = 0; i < slots.length; i++) hart.storeCap(slots[i], 16, slots[i]); }
      : () => { for (let i = 0; i < slots.length; i++) hart.store32(slots[i], 16, i); });
    this.insist('writes', counts.writeHits - before);
    return took;
  }

  /** read -- load from each segment while all are grey: nanoseconds a hit. They are scanned, and their summaries recorded. */
  read(): number {
    const { slots, hart, arena: { counts } } = this, before = counts.readHits;
    this.flip();
    let sum = 0;
    const took = nanoseconds(slots.length, () => { for (let i = 0; i < slots.length; i++) sum += hart.load32(slots[i], 16); });
    this.insist('reads', counts.readHits - before);
    if (Number.isNaN(sum)) throw new Error('barrier: what was loaded is no number');
    this.finish();
    return took;
  }

  /** settle -- collect the nursery until the tracer finds the segments' summaries worth recording <design/seg#.defer>. */
  settle(): void {
    for (let i = 0; i < SettleTIMES; i++) {
      this.flip();
      this.finish();
    }
  }

  /** flip -- condemn the nursery, with an object in it; every segment whose summary is not known is grey then. */
  private flip(): void {
    const { arena } = this;
    this.make(this.garbage);
    arena.enter();
    arena.trace.start([arena.defaultChain.generations[0]], { why: 'client', what: 'step' });
    arena.leave();
  }

  private finish(): void {
    while (this.arena.trace.isBusy) this.arena.step();
  }

  private insist(what: string, hits: number): void {
    if (hits !== this.slots.length) throw new Error(`barrier: ${hits} of ${this.slots.length} ${what} hit`);
  }
}

/** barrierArena -- the least nanoseconds of a hit of the write barrier and of one of the read barrier. */
export function barrierArena(content: BarrierContent, { count, rounds }: BarrierWork): Sample {
  const barriers = new Barriers(content, count);
  let write = Infinity, read = Infinity;
  barriers.settle();
  for (let round = 0; round < rounds; round++) {
    write = Math.min(write, barriers.write());
    read = Math.min(read, barriers.read());
  }
  return { write, read };
}

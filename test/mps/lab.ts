/* lab.ts: A SMALL ARENA TO EXPERIMENT WITH
 *
 * One hart, one pool, one allocation point, and the few steps that directed tests are made of.
 */
import { expect } from 'vitest';
import type { Hart } from '../../code/machine/machine.ts';
import { ResOK, boot, tagged, type AllocationPoint, type AmcOptions, type AmcPool, type Arena, type BootOptions, type Event, type Format, type Rank, type System } from '../../code/mps/mps.ts';

export interface LabOptions extends BootOptions {
  readonly format?: Format;
  readonly rank?: Rank;
  readonly pool?: AmcOptions;
}

export class Lab {
  readonly system: System;
  readonly arena: Arena;
  readonly pool: AmcPool;
  readonly t: Hart;
  readonly ap: AllocationPoint;
  readonly told: Event[] = [];

  constructor(options: LabOptions = {}) {
    this.system = boot({ memory: '2MiB', statics: '64KiB', ...options, events: (event) => this.told.push(event) });
    this.arena = this.system.arena;
    this.pool = this.arena.pool('amc', { format: options.format ?? tagged, ...options.pool });
    this.t = this.system.hart('t', options.rank);
    this.ap = this.pool.allocationPoint(this.t);
  }

  /** make -- an object whose granules hold `mark` and, if given, whose second granule holds slot `ref`. */
  make(slot: number, size: number = 32, mark: number = 0, ref: number = -1): void {
    do {
      expect(this.ap.reserve(slot, size)).toBe(ResOK);
      for (let at = 0; at < size; at += 4) this.t.store32(slot, at, mark);
      if (ref >= 0) this.t.storeCap(slot, 16, ref);
    } while (!this.ap.commit(slot));
  }

  /** local -- a slot with a new object in it. */
  object(size: number = 32, mark: number = 0, ref: number = -1): number {
    const slot = this.t.local();
    this.make(slot, size, mark, ref);
    return slot;
  }

  /** low -- the low address in a slot, unsigned. */
  low(slot: number): number {
    return (this.t.r[slot << 3]) >>> 0;
  }

  /** fill -- objects that are garbage at once, until `bytes` have been allocated. */
  litter(bytes: number): void {
    const slot = this.t.enter(1);
    for (let done = 0; done < bytes; done += 32) this.make(slot);
    this.t.leave(slot);
  }

  /** sizes -- the sizes of all objects by low address. */
  objects(): Map<number, number> {
    const found = new Map<number, number>();
    this.arena.walk((base, size) => found.set(base >>> 0, size));
    return found;
  }

  /** told of one type. */
  events<T extends Event['type']>(type: T): Extract<Event, { type: T }>[] {
    return this.told.filter((event) => event.type === type) as Extract<Event, { type: T }>[];
  }
}

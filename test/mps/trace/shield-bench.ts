/* shield-bench.ts: SEGMENTS TO SHIELD
 *
 * An arena on POSIX in which nothing happens by itself, with neighbouring segments of one page each, and what the page table and
 * the events say of them.
 */
import { expect } from 'vitest';
import { PageREAD, PageWRITE, WindowHIGH } from '../../../code/machine/machine.ts';
import { AccessNONE, AccessREAD, AccessWRITE, type AccessSet, type Arena, type Event, type Seg } from '../../../code/mps/mps.ts';
import type { Shield } from '../../../code/mps/trace/shield.ts';
import { Lab, type LabOptions } from '../lab.ts';

/** A change of protection, or of who may run, in a word or two. */
type Told = Extract<Event, { type: 'protect' | 'suspend' | 'resume' }>;

export class ShieldBench {
  readonly lab: Lab;
  readonly arena: Arena;
  readonly shield: Shield;
  /** By address. */
  readonly segs: readonly Seg[];

  /** `count` segments of a page. */
  constructor(count: number, options: LabOptions = {}) {
    this.lab = new Lab({ platform: 'ix', nursery: '4KiB', memory: '8MiB', ...options });
    this.arena = this.lab.arena;
    this.shield = this.arena.shield;
    this.arena.clamp();
    const slot = this.lab.t.local();
    for (let n = 0; n < count; ++n) this.lab.make(slot, 4096);
    this.lab.ap.finish();
    const segs = this.arena.heap.segs.filter((seg): seg is Seg => seg !== null);
    this.segs = segs.sort((one, other) => one.base - other.base);
    expect(this.segs.map(({ size }) => size)).toEqual(Array.from({ length: count }, () => 4096));
    this.lab.told.length = 0;
  }

  /** inside -- do something to segments, and leave. */
  inside(work: () => void): void {
    this.arena.enter();
    work();
    this.arena.leave();
  }

  /** What the page table keeps mutators from doing to a segment. */
  pageMode(seg: Seg): AccessSet {
    const entry = this.lab.system.space.entry(seg.base | 0, WindowHIGH);
    if ((entry & PageREAD) === 0) return AccessREAD;
    return (entry & PageWRITE) === 0 ? AccessWRITE : AccessNONE;
  }

  /** The same of each. */
  pageModes(): AccessSet[] {
    return this.segs.map((seg) => this.pageMode(seg));
  }

  /** told -- what was told since the last time: changes of protection as [why, first page, pages, mode], the others as [type, why]. */
  told(): (string | number)[][] {
    const events = this.lab.told.filter((event): event is Told => event.type === 'protect' || event.type === 'suspend' || event.type === 'resume');
    this.lab.told.length = 0;
    return events.map((event) => {
      if (event.type === 'resume') return ['resume'];
      if (event.type === 'suspend') return ['suspend', event.why];
      const { why, base, size, mode } = event;
      return [why, (base - this.segs[0].base) / 4096, size / 4096, mode];
    });
  }
}

/** Whether mode `mode` of a page forbids all that a segment's mode does: not to read is not to write either. */
export const pageModeOf = (mode: AccessSet): AccessSet => ((mode & AccessREAD) !== 0 ? AccessREAD : mode);

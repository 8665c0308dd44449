/* rig.ts: SYSTEMS UNDER TEST
 *
 * A small system with mutators that have shadows, compared after every collection; with barriers on request, and then in quanta as small
 * as can be <design/plinth#.if.incremental>.
 */
import { expect } from 'vitest';
import {
  RankEXACT, ResOK, boot, tagged, type Arena, type BootOptions, type Event, type Format, type Pool, type Rank, type System,
} from '../../code/mps/mps.ts';
import { compare } from './compare.ts';
import { HeaderKIND, Mutator, type Habits } from './shadow.ts';

/** A format of the kind that runtimes have: each object begins with a header that tells its size. */
export const headed: Format = {
  name: 'headed',
  scan: (view, base, limit) => {
    expect(view.load32(base + 8)).toBe(HeaderKIND);
    for (let addr = base + 16; addr !== limit; addr = (addr + 16) | 0) {
      const res = view.fix(addr);
      if (res !== ResOK) return res;
    }
    return ResOK;
  },
  skip: (view, base) => (base + view.load32(base + 4)) | 0,
  forward: (view, from, to) => {
    view.store32(from + 8, -1);
    view.store32(from + 12, to);
  },
  isForwarded: (view, base) => (view.load32(base + 8) === -1 ? view.load32(base + 12) : null),
  pad: (view, base, limit) => {
    view.store32(base, 0);
    view.store32(base + 4, (limit - base) | 0);
    view.store32(base + 8, HeaderKIND);
  },
};

/** The same for pointers that point past the header. */
export const behind: Format = {
  name: 'behind',
  headerSize: 16,
  scan: (view, base, limit) => headed.scan!(view, (base - 16) | 0, (limit - 16) | 0),
  skip: (view, base) => (headed.skip!(view, (base - 16) | 0) + 16) | 0,
  forward: (view, from, to) => { headed.forward!(view, (from - 16) | 0, to); },
  isForwarded: (view, base) => headed.isForwarded!(view, (base - 16) | 0),
  pad: headed.pad!,
};

/** How a rig is made. */
export interface RigOptions extends BootOptions {
  readonly habits: Habits;
  readonly format?: Format;
  /** How many mutators; each has a hart. */
  readonly mutators?: number;
  readonly rank?: Rank;
  /** Whether mutators run while a trace is under way. */
  readonly barriers?: boolean;
  /** How the pool of the mutators' objects is made; default AMC. */
  readonly pool?: (arena: Arena, format: Format) => Pool;
  /** And others beside it, in which they make one object in three. */
  readonly beside?: readonly ((arena: Arena, format: Format) => Pool)[];
}

/** A system whose mutators have shadows. */
export class Rig {
  readonly system: System;
  readonly arena: Arena;
  readonly pool: Pool;
  readonly beside: readonly Pool[];
  readonly mutators: Mutator[];
  readonly events: Event[] = [];
  /** How many collections were followed by a comparison; references that lost their tags. */
  compared: number = 0;
  lost: number = 0;

  constructor(options: RigOptions) {
    const { habits, format = tagged, mutators = 1, rank = RankEXACT, barriers = false, pool = (arena) => arena.pool('amc', { format }) } = options;
    this.system = boot({ memory: '2MiB', statics: '16KiB', pause: '0', platform: barriers ? 'ix' : 'an', ...options, events: (event) => this.events.push(event) });
    this.arena = this.system.arena;
    this.pool = pool(this.arena, format);
    this.beside = (options.beside ?? []).map((make) => make(this.arena, format));
    if (barriers) Object.assign(this.arena.control, { quantum: () => 1 });
    this.mutators = Array.from({ length: mutators }, (_, i) => this.mutator({ ...habits, seed: habits.seed + 1000 * i }, rank));
    this.arena.watcher = { finished: () => { this.compare(); } };
  }

  private mutator(habits: Habits, rank: Rank): Mutator {
    const hart = this.system.hart(`mutator ${habits.seed}`, rank);
    const mutator = new Mutator(this.arena, hart, this.pool.allocationPoint(hart), habits), slot = hart.enter(1);
    mutator.beside.push(...this.beside.map((one) => one.allocationPoint(hart)));
    this.system.statics(hart, slot, 1024);
    mutator.adopt(slot, 1024);
    hart.leave(slot);
    return mutator;
  }

  compare(isExact: boolean = false): void {
    this.lost += compare(this.arena, this.mutators, isExact).lost;
    this.compared += 1;
  }

  /** play -- `steps` operations of each mutator, in turn. */
  play(steps: number): void {
    const all = this.mutators.map((mutator) => mutator.steps(steps));
    for (let left = all; left.length > 0;) left = left.filter((one) => one.next().done !== true);
    this.arena.walk(() => undefined);
    this.compare();
    this.arena.check();
  }

  /** end -- a last collection, after which nothing else is there; and everything is given back. */
  end(): void {
    this.arena.collect();
    this.arena.check();
    this.arena.watcher = null;
    this.system.finish();
    expect(this.arena.grains.committed).toBe(0);
    expect(this.arena.ledger.used).toBe(0);
  }

  /** How often mutators hit barriers. */
  get hits(): number {
    const { readHits, writeHits } = this.arena.counts;
    return readHits + writeHits;
  }

  get failures(): number {
    return this.mutators.reduce((sum, { failures }) => sum + failures, 0);
  }

  get retries(): number {
    return this.mutators.reduce((sum, { retries }) => sum + retries, 0);
  }
}

/* cleaner.ts: CLEANERS
 *
 * Does something once an object is dead, without the object: it is not there any more. What is to be done waits until the client has it done
 * <design/cleaner>.
 */
import { aver } from '../../base/base.ts';
import type { Hart, Low } from '../../machine/machine.ts';
import type { Arena } from '../arena/arena.ts';
import { ZoneSetEMPTY, zoneOf, type ZoneSet } from '../arena/zone.ts';
import type { Keeper } from '../heap/keeper.ts';
import type { Pool } from '../heap/pool.ts';
import { RankWEAK, type Rank } from '../heap/rank.ts';
import { ResCOMMITLIMIT, ResMEMORY, type Res } from '../result.ts';
import type { Trace } from '../trace/trace.ts';
import { objectOf, whereIs } from './identity.ts';

/** What the ledger is charged for a registration. */
const RegistrationSIZE = 64;

/** Registrations in a block, which has a summary. */
const BlockMOST = 256;

/** What trace time goes into a block that is skipped, and into a registration, in bytes of scanning. */
const BlockWORK = 16;
const RecordWORK = 16;

/** How a cleaner is made. */
export interface CleanerOptions {
  /** Whether all is done that has not been when the arena is destroyed; default no <design/cleaner#.finish>. */
  readonly runsAtFinish?: boolean;
}

/** An object, and what is to be done when it is dead. */
export class Registration {
  private readonly cleaner: Cleaner;
  private action: (() => void) | null;
  /** Where the object begins. */
  base: Low;

  /** cleaner.register is the way to make one. */
  constructor(cleaner: Cleaner, base: Low, action: () => void) {
    this.cleaner = cleaner;
    this.base = base;
    this.action = action;
  }

  /** Whether it has been done, or never will be. */
  get isOver(): boolean {
    return this.action === null;
  }

  /** clean -- do it now, whatever becomes of the object; false if it has been done before. */
  clean(): boolean {
    const { action } = this;
    if (action === null) return false;
    this.cleaner.insistOutside();
    this.cancel();
    action();
    return true;
  }

  /** cancel -- it will never be done; for the cleaner. */
  cancel(): void {
    this.action = null;
    this.cleaner.over();
  }
}

/** Registrations of objects that live, in the order in which they were made. */
class Block {
  list: Registration[] = [];
  /** A superset of the zones that they are in <design/cleaner#.inv.summary>; what it will be after this trace. */
  summary: ZoneSet = ZoneSetEMPTY;
  fixed: ZoneSet = ZoneSetEMPTY;

  meet(zone: ZoneSet): void {
    this.summary |= zone;
    this.fixed |= zone;
  }
}

/** A cleaner. */
export class Cleaner implements Keeper {
  private readonly arena: Arena;
  readonly runsAtFinish: boolean;
  private blocks: Block[] = [];
  /** What is to be done, in order; from `taken` on. */
  private due: Registration[] = [];
  private taken: number = 0;
  /** Registrations that are not over. */
  private count: number = 0;
  /** The block that is looked at next in the trace, and in it the registration. */
  private block: number = 0;
  private next: number = 0;
  private isOpen: boolean = true;

  /** arena.cleaner() is the way to make one. */
  constructor(arena: Arena, { runsAtFinish = false }: CleanerOptions) {
    this.arena = arena;
    this.runsAtFinish = runsAtFinish;
    arena.cleaners.add(this);
    arena.keepers.add(this);
  }

  // What a client does -----------------------------------------------------------------------------------------------

  /** How many registrations there are that are not over. */
  get size(): number {
    return this.count;
  }

  /** register -- have `clean` done once, after the object in a slot has been found dead; or why there is no memory for that. An action by which the
   * object can be reached keeps it from being dead. */
  register(hart: Hart, slot: number, clean: () => void): Registration | Res {
    const { arena } = this;
    aver(this.isOpen, '<design/cleaner#.if.open>');
    arena.enter();
    const base = objectOf(arena, hart, slot), registration = arena.ledger.charge(RegistrationSIZE) ? new Registration(this, base, clean) : null;
    if (registration !== null) {
      let block = this.blocks.at(-1);
      if (block === undefined || block.list.length === BlockMOST) this.blocks.push(block = new Block());
      block.list.push(registration);
      block.meet(this.zone(base));
      this.count += 1;
    }
    arena.leave();
    if (registration !== null) return registration;
    return arena.grains.available < RegistrationSIZE ? ResCOMMITLIMIT : ResMEMORY;
  }

  /** run -- do what is due, in order, and what becomes due meanwhile; how many. What an action throws is the caller's, and the rest stays due. */
  run(): number {
    this.insistOutside();
    let count = 0;
    while (this.taken < this.due.length) {
      const registration = this.due[this.taken];
      this.taken += 1;
      if (registration.clean()) count += 1;
    }
    this.due = [];
    this.taken = 0;
    return count;
  }

  /** finish -- do everything that has not been done: what is due, then what lives, in the order of registration; how many. The cleaner is no more. */
  finish(): number {
    aver(this.isOpen, '<design/cleaner#.if.open>');
    this.insistOutside();
    this.isOpen = false;
    this.due = [...this.due.slice(this.taken), ...this.blocks.flatMap(({ list }) => list)];
    this.taken = 0;
    this.close();
    return this.run();
  }

  /** drop -- nothing will be done: the arena is no more. */
  drop(): void {
    const all = [...this.due, ...this.blocks.flatMap(({ list }) => list)];
    this.isOpen = false;
    this.close();
    for (const registration of all) if (!registration.isOver) registration.cancel();
  }

  private close(): void {
    this.arena.cleaners.delete(this);
    this.arena.keepers.delete(this);
    this.blocks = [];
  }

  /** insistOutside -- actions are the client's: they may use the arena. */
  insistOutside(): void {
    aver(!this.arena.isInside, '<design/cleaner#.if.outside>');
  }

  /** over -- a registration is over. */
  over(): void {
    this.count -= 1;
    this.arena.ledger.credit(RegistrationSIZE);
  }

  private zone(base: Low): ZoneSet {
    return 1 << zoneOf(base, this.arena.heap.zoneShift);
  }

  // For the tracer ---------------------------------------------------------------------------------------------------

  flipped(): void {
    this.block = 0;
    this.next = 0;
    for (const block of this.blocks) block.fixed = ZoneSetEMPTY;
  }

  /** scan -- at WEAK, when whoever is to be found has been: those who have not are dead <design/cleaner#.inv.dead>. */
  scan(trace: Trace, band: Rank, enough: number): boolean {
    const { ss } = trace;
    if (band !== RankWEAK) return true;
    for (; this.block < this.blocks.length; this.block += 1) {
      if (ss.work >= enough) return false;
      const block = this.blocks[this.block];
      if ((block.summary & ss.white) === 0) ss.touched += BlockWORK;
      else if (!this.scanBlock(trace, block, enough)) return false;
    }
    return true;
  }

  /** scanBlock -- look at the registrations of a block from the next one on; true if all have been. */
  private scanBlock(trace: Trace, block: Block, enough: number): boolean {
    const { ss } = trace;
    for (; this.next < block.list.length; this.next += 1) {
      if (ss.work >= enough) return false;
      ss.scanned += RecordWORK;
      const registration = block.list[this.next];
      if (registration.isOver) continue;
      registration.base = whereIs(trace, registration.base);
      if (registration.base === 0) this.due.push(registration);
      else block.meet(this.zone(registration.base));
    }
    block.list = block.list.filter(({ base, isOver }) => base !== 0 && !isOver);
    block.summary = block.fixed;
    this.next = 0;
    return true;
  }

  finished(): void {
    this.blocks = this.blocks.filter(({ list }) => list.length > 0);
  }

  /** poolFinished -- a pool is about to be no more: its objects are dead. */
  poolFinished(pool: Pool): void {
    const { heap } = this.arena;
    for (const block of this.blocks) {
      for (const registration of block.list) {
        if (registration.isOver || heap.segOf(registration.base)?.pool !== pool) continue;
        registration.base = 0;
        this.due.push(registration);
      }
      block.list = block.list.filter(({ base }) => base !== 0);
    }
    this.finished();
  }

  check(): void {
    for (const { list, summary } of this.blocks) {
      for (const { base, isOver } of list) aver(isOver || (summary & this.zone(base)) !== 0, '<design/cleaner#.inv.summary>');
    }
  }
}

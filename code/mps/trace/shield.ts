/* shield.ts: THE SHIELD
 *
 * Keeps mutators from seeing segments while the collector is at work on them, and from reading or writing what colour and
 * summary forbid <design/shield>. What is wanted of a segment's protection, `shieldMode`, may be ahead of what the platform
 * enforces, `protMode`, as long as the mutators are suspended; on leaving they are made equal.
 */
import { aver } from '../../base/base.ts';
import type { Arena } from '../arena/arena.ts';
import type { Seg } from '../heap/seg.ts';
import { AccessNONE, type AccessSet } from '../plinth.ts';

/** How long the queue is at first; it doubles when it is full. */
const QueueLENGTH = 512;

/** What a place in the queue is charged to the ledger. */
const QueueENTRY = 8;

/** Why protection was changed, or mutators suspended <design/shield#.reason>. */
export type ShieldReason = 'expose' | 'raise' | 'lower' | 'flush' | 'hold';

/** The shield of one arena. */
export class Shield {
  private readonly arena: Arena;
  /** Whether somebody is between enter and leave. */
  isInside: boolean = false;
  isSuspended: boolean = false;
  /** Exposes less covers, over all segments. */
  private depth: number = 0;
  /** Segments whose two modes differ. */
  private unsynced: number = 0;
  private holds: number = 0;
  /** Segments that wait for the flush; null where one has left. */
  private readonly queue: (Seg | null)[] = [];
  /** How long the queue may be: what the ledger has been charged for. */
  private room: number = 0;
  /** Where a full queue that cannot grow is overwritten next. */
  private next: number = 0;
  /** How long the queue may grow; for tests. */
  mostRoom: number = Infinity;

  constructor(arena: Arena) {
    this.arena = arena;
  }

  // Inside and outside -----------------------------------------------------------------------------------------------

  /** enter -- begin to work on segments. */
  enter(): void {
    aver(!this.isInside && !this.isSuspended && this.depth === 0, '<design/shield#.inv.outside>');
    this.isInside = true;
  }

  /** leave -- enforce what is wanted, and let the mutators run. */
  leave(): void {
    aver(this.isInside && this.depth === 0 && this.holds === 0, '<design/shield#.inv.outside>');
    this.flush();
    aver(this.unsynced === 0, '<design/shield#.inv.unsynced.depth>');
    if (this.isSuspended) {
      // Not before: a mutator must not find what is forbidden but not yet enforced <design/shield#.inv.unsynced.suspended>.
      this.isSuspended = false;
      this.arena.resume();
    }
    this.isInside = false;
  }

  /** hold -- suspend the mutators, until the arena is left at the earliest. */
  hold(): void {
    aver(this.isInside, '<design/shield#.inv.outside>');
    this.suspend('hold');
    this.holds += 1;
  }

  /** release -- undoes hold; the mutators are resumed on leaving. */
  release(): void {
    aver(this.holds > 0, '<design/shield#.inv.outside>');
    this.holds -= 1;
  }

  private suspend(why: ShieldReason): void {
    if (this.isSuspended) return;
    this.isSuspended = true;
    this.arena.suspend(why);
  }

  // What is wanted ---------------------------------------------------------------------------------------------------

  /** raise -- forbid mutators `mode` on a segment, from leaving on at the latest. */
  raise(seg: Seg, mode: AccessSet): void {
    this.setModes(seg, seg.shieldMode | mode, seg.protMode);
    this.consider(seg);
  }

  /** lower -- forbid mutators `mode` no longer; at once, for who takes a fault goes back to where it was. */
  lower(seg: Seg, mode: AccessSet): void {
    const { protMode } = seg;
    this.setModes(seg, seg.shieldMode & ~mode, protMode & ~mode);
    if (seg.protMode !== protMode) this.arena.protect(seg.base, seg.limit, seg.protMode, 'lower');
  }

  // The collector's access -------------------------------------------------------------------------------------------

  /** expose -- let the collector at a segment's memory; `cover` undoes it. */
  expose(seg: Seg): void {
    seg.depth += 1;
    this.depth += 1;
    if (seg.protMode === AccessNONE) return;
    // First: another mutator would see what the collector has not finished <design/shield#.inv.expose.suspend>.
    this.suspend('expose');
    this.setModes(seg, seg.shieldMode, AccessNONE);
    this.arena.protect(seg.base, seg.limit, AccessNONE, 'expose');
  }

  /** cover -- the collector is done with a segment's memory. */
  cover(seg: Seg): void {
    aver(seg.depth > 0, '<design/shield#.inv.depth>');
    seg.depth -= 1;
    this.depth -= 1;
    this.consider(seg);
  }

  // The queue --------------------------------------------------------------------------------------------------------

  /** consider -- see to it that a segment whose modes differ is brought into line: later if that can be, else now
   * <design/shield#.queue>. */
  private consider(seg: Seg): void {
    if (seg.protMode === seg.shieldMode || seg.queued >= 0) return;
    if (seg.depth > 0) {
      // Its cover will queue it; until then it is open.
      this.suspend('raise');
      return;
    }
    if (!this.isSuspended || !this.hasRoom()) {
      this.sync(seg);
      return;
    }
    if (this.queue.length < this.room) {
      seg.queued = this.queue.length;
      this.queue.push(seg);
    } else this.overwrite(seg);
  }

  /** hasRoom -- whether anything can be queued; a full queue is made longer if there is memory. */
  private hasRoom(): boolean {
    const more = Math.min(this.room === 0 ? QueueLENGTH : this.room, this.mostRoom - this.room);
    if (this.queue.length === this.room && more > 0 && this.arena.ledger.charge(more * QueueENTRY)) this.room += more;
    return this.room > 0;
  }

  /** overwrite -- queue a segment in place of the one that has been there longest, which is brought into line now. */
  private overwrite(seg: Seg): void {
    const at = this.next, old = this.queue[at];
    this.next = (at + 1) % this.room;
    if (old !== null) {
      old.queued = -1;
      if (old.depth === 0) this.sync(old);
    }
    this.queue[at] = seg;
    seg.queued = at;
  }

  private sync(seg: Seg): void {
    if (seg.protMode === seg.shieldMode) return;
    this.setModes(seg, seg.shieldMode, seg.shieldMode);
    this.arena.protect(seg.base, seg.limit, seg.protMode, 'raise');
  }

  /** flush -- bring everything that is queued into line, neighbours of equal mode by one change <design/shield#.flush>. */
  private flush(): void {
    if (this.queue.length === 0) return;
    const waiting: Seg[] = [];
    for (const seg of this.queue) {
      if (seg === null) continue;
      seg.queued = -1;
      if (seg.protMode !== seg.shieldMode) waiting.push(seg);
    }
    this.queue.length = 0;
    this.next = 0;
    waiting.sort((one, other) => one.base - other.base);
    for (let first = 0, past = 0; first < waiting.length; first = past) {
      const { base, shieldMode } = waiting[first];
      let limit = base;
      for (past = first; past < waiting.length && this.joins(waiting[past], waiting[first], limit); ++past) {
        limit = waiting[past].limit;
        this.setModes(waiting[past], shieldMode, shieldMode);
      }
      this.arena.protect(base, limit, shieldMode, 'flush');
    }
  }

  /** joins -- whether a segment goes on, at `limit`, with what the run that `first` began with wants. */
  private joins(seg: Seg, first: Seg, limit: number): boolean {
    return seg.base === limit && seg.shieldMode === first.shieldMode && (seg === first || this.arena.grains.isTogether(seg.base, first.base));
  }

  /** forget -- a segment is about to be no more: nothing is forbidden there, and nobody remembers it
   * <design/shield#.inv.free>. */
  forget(seg: Seg): void {
    aver(seg.depth === 0, '<design/shield#.inv.depth>');
    this.lower(seg, seg.shieldMode);
    if (seg.queued < 0) return;
    this.queue[seg.queued] = null;
    seg.queued = -1;
  }

  private setModes(seg: Seg, shieldMode: AccessSet, protMode: AccessSet): void {
    this.unsynced += Number(shieldMode !== protMode) - Number(seg.shieldMode !== seg.protMode);
    seg.shieldMode = shieldMode;
    seg.protMode = protMode;
  }

  check(): void {
    aver(this.isInside || !this.isSuspended, '<design/shield#.inv.outside>');
    aver(this.unsynced === 0 || this.isSuspended, '<design/shield#.inv.unsynced.suspended>');
    let depth = 0, unsynced = 0;
    for (const seg of this.arena.heap.segs) {
      if (seg === null) continue;
      depth += seg.depth;
      unsynced += Number(seg.shieldMode !== seg.protMode);
      aver((seg.protMode & ~seg.shieldMode) === 0, '<design/shield#.inv.prot.shield>');
      aver(seg.depth === 0 || seg.protMode === AccessNONE, '<design/shield#.inv.expose.prot>');
      aver(seg.shieldMode === seg.protMode || seg.depth > 0 || seg.queued >= 0, '<design/shield#.inv.unsynced.depth>');
      aver(seg.queued < 0 || this.queue[seg.queued] === seg, '<design/shield#.inv.queued>');
    }
    aver(depth === this.depth && unsynced === this.unsynced, '<design/shield#.inv.depth>');
  }

  /** finish -- give the queue's memory back. */
  finish(): void {
    this.arena.ledger.credit(this.room * QueueENTRY);
    this.room = 0;
  }
}

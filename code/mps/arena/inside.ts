/* inside.ts: ENTERING AND LEAVING
 *
 * Whoever is inside an arena has it to himself; on leaving, the platform's protection is in line with what was asked for. Which threads an
 * arena knows, and what becomes of their hits, is here too <design/arena#.inv.inside>.
 */
import { aver, checkSig, rash, SigINVALID, type Sig } from '../../base/base.ts';
import type { Hart, Low } from '../../machine/machine.ts';
import type { Heap } from '../heap/heap.ts';
import type { Pool } from '../heap/pool.ts';
import { RankEXACT, type Rank } from '../heap/rank.ts';
import type { Root } from '../heap/root.ts';
import type { Roots, ThreadOptions } from '../heap/root-set.ts';
import type { Seg } from '../heap/seg.ts';
import {
  AccessNONE, AccessREAD, AccessWRITE, type AccessFound, type AccessOwner, type AccessSet, type Plinth, type Step,
} from '../plinth.ts';
import { traceAccess } from '../trace/access.ts';
import type { Shield, ShieldReason } from '../trace/shield.ts';
import type { Trace } from '../trace/trace.ts';
import type { Watcher } from '../trace/watcher.ts';
import type { EventBody } from './arena.ts';
import type { Grains } from './chunk.ts';
import type { Control } from './control.ts';
import type { ArenaCounts } from './counts.ts';

export const ArenaSig: Sig = 0x519a6e4a;

/** A thread that an arena knows: its root, and how often it has been registered. */
interface Registration {
  readonly root: Root;
  times: number;
}

/** What an arena is to threads and platform. */
export abstract class Inside implements AccessOwner {
  sig: Sig = SigINVALID;
  abstract readonly plinth: Plinth;
  abstract readonly heap: Heap;
  abstract readonly grains: Grains;
  abstract readonly trace: Trace;
  abstract readonly shield: Shield;
  abstract readonly control: Control;
  abstract readonly counts: ArenaCounts;
  readonly pools: Set<Pool> = new Set();
  abstract readonly roots: Roots;
  protected readonly threads: Map<Hart, Registration> = new Map();
  /** Looks on; changes nothing. */
  watcher: Watcher | null = null;
  /** Whether somebody has the arena to himself. */
  isInside: boolean = false;

  abstract get clock(): number;
  abstract tell(event: EventBody): void;

  /** enter -- have the arena to oneself. */
  enter(): void {
    if (!rash) checkSig(this, ArenaSig);
    aver(this.control.state !== 'postmortem', '<design/arena#.postmortem>');
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

  /** outside -- insist that the arena is there, and that who calls it is not called by it <design/arena#.inv.inside>. */
  outside(): void {
    if (!rash) checkSig(this, ArenaSig);
    this.plinth.lock();
    const { isInside } = this;
    this.plinth.unlock();
    aver(!isInside, '<design/arena#.inv.inside>');
  }

  /** inside -- do something inside. */
  protected inside<T>(work: () => T): T {
    this.enter();
    const found = work();
    this.leave();
    return found;
  }

  /** Whether it has been finished. */
  get isGone(): boolean {
    return this.sig === SigINVALID;
  }

  /** Whether somebody is inside: for debuggers, who must then ask nothing else. */
  get busy(): boolean {
    return this.isInside;
  }

  // Threads ----------------------------------------------------------------------------------------------------------

  /** threadRegister -- the slots of a hart are roots from now on, exact by their tags unless asked otherwise; as often as it is
   * registered it is to be deregistered <design/arena#.if.thread>. `options` count at the first time <design/root#.tag>. */
  threadRegister(hart: Hart, rank: Rank = RankEXACT, options: ThreadOptions = {}): void {
    this.outside();
    const known = this.threads.get(hart);
    if (known !== undefined) {
      aver(known.root.rank === rank, '<design/arena#.if.thread>');
      known.times += 1;
      return;
    }
    const root = this.roots.thread(hart, rank, options);
    this.threads.set(hart, { root, times: 1 });
    this.tell({ type: 'thread', name: hart.name, state: 'start' });
  }

  /** threadDeregister -- a hart holds no references of this arena any more, once it has done so for each registration; its allocation
   * points are given back then. Whoever calls it may be another thread. */
  threadDeregister(hart: Hart): void {
    this.outside();
    const known = this.threads.get(hart);
    aver(known !== undefined, '<design/arena#.if.thread>');
    known.times -= 1;
    if (known.times === 0) this.threadForget(hart);
  }

  /** threadForget -- a thread is over: it is not registered any more, however often it was. */
  threadForget(hart: Hart): void {
    const known = this.threads.get(hart);
    if (known === undefined) return;
    for (const pool of this.pools) for (const buffer of pool.buffers) if (buffer.hart === hart) buffer.finish();
    this.threads.delete(hart);
    this.roots.delete(known.root);
    this.tell({ type: 'thread', name: hart.name, state: 'end' });
  }

  hasThread(hart: Hart): boolean {
    return this.threads.has(hart);
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

  // Barriers ---------------------------------------------------------------------------------------------------------

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
    this.control.pausing(() => { traceAccess(this.trace, seg, addr, mode, step); });
    return reads ? 'read' : 'write';
  }

  /** protect -- for the shield: have the platform forbid `mode` on [base, limit). */
  protect(base: number, limit: number, mode: AccessSet, why: ShieldReason): void {
    this.counts.protections += 1;
    this.plinth.protSet(base | 0, limit | 0, mode);
    this.plinth.tell({ clock: this.clock, type: 'protect', base, size: limit - base, mode: accessName(mode), why });
  }

  /** postmortem -- for debugging a program that is dead, from inside the arena too: all of its memory can be looked at, and nothing else is
   * safe any more <design/arena#.postmortem>. */
  postmortem(): void {
    this.control.state = 'postmortem';
    this.grains.eachCommitted((base, limit) => { this.protect(base, limit, AccessNONE, 'lower'); });
    this.plinth.protFinish();
  }

  abstract finishTrace(): void;
}

/** accessName -- what is forbidden, in words. */
export const accessName = (mode: AccessSet): string => accessNames[mode & (AccessREAD | AccessWRITE)];

const accessNames: readonly string[] = ['nothing', 'read', 'write', 'read and write'];

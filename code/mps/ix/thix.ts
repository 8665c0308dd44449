/* thix.ts: THE THREADS OF A PROCESS
 *
 * Which thread a hart belongs to, and stopping those that an arena knows <design/thix>.
 */
import { aver } from '../../base/base.ts';
import { GranuleSIZE, type Hart } from '../../machine/machine.ts';
import type { Process, Thread } from '../../os/os.ts';
import type { GranuleRange } from '../plinth.ts';
import { Pthreadext } from './pthreadext.ts';

/** How threads are stopped: by a call of the kernel, or each by a signal <design/thix#.how>. */
export type SuspendHow = 'kernel' | 'signals';

/** The threads of a process, by their harts. Arenas of the process share it. */
export class Thix {
  private readonly threads = new Map<Hart, Thread>();
  /** Null: the kernel does it. */
  private readonly pthreadext: Pthreadext | null;

  constructor(process: Process, how: SuspendHow) {
    this.pthreadext = how === 'signals' ? new Pthreadext(process) : null;
  }

  add(thread: Thread): void {
    this.threads.set(thread.hart, thread);
  }

  remove(thread: Thread): void {
    this.threads.delete(thread.hart);
  }

  threadOf(hart: Hart): Thread {
    const thread = this.threads.get(hart);
    aver(thread !== undefined, '<design/thix#.inv.known>');
    return thread;
  }

  /** suspend -- stop every one of these threads but the one that runs; those that were stopped <design/thix#.suspend>. */
  suspend(harts: Iterable<Hart>): Thread[] {
    const stopped: Thread[] = [];
    for (const hart of harts) {
      const thread = this.threadOf(hart);
      if (thread !== thread.process.kernel.current && this.stop(thread)) stopped.push(thread);
    }
    return stopped;
  }

  /** stop -- stop one thread; false if it is over, and has nothing more to run <design/thix#.dead>. */
  private stop(thread: Thread): boolean {
    if (thread.state === 'done') return false;
    if (this.pthreadext !== null) return this.pthreadext.suspend(thread);
    thread.process.kernel.suspend(thread);
    return true;
  }

  /** resume -- let threads go on that `suspend` has stopped. */
  resume(stopped: readonly Thread[]): void {
    for (const thread of stopped) (this.pthreadext ?? thread.process.kernel).resume(thread);
  }

  /** framesOf -- the signal frames of a thread, which hold registers of what they interrupted <design/thix#.frames>; a thread that is
   * over has no stack <design/thix#.dead>. */
  framesOf(hart: Hart): readonly GranuleRange[] {
    const thread = this.threadOf(hart);
    return (thread.state === 'done' ? [] : thread.stackRanges()).map(({ base, limit }) => ({ base: base / GranuleSIZE, limit: limit / GranuleSIZE }));
  }
}

/* thix.ts: THE THREADS OF A PROCESS
 *
 * Which thread a hart belongs to, and stopping those that an arena knows <design/thix>.
 */
import { aver } from '../../base/base.ts';
import { GranuleSIZE, type Hart } from '../../machine/machine.ts';
import type { Thread } from '../../os/os.ts';
import type { GranuleRange } from '../plinth.ts';

/** The threads of a process, by their harts. Arenas of the process share it. */
export class Thix {
  private readonly threads = new Map<Hart, Thread>();

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
      const thread = this.threadOf(hart), { kernel } = thread.process;
      // A thread that is over has nothing more to run <design/thix#.dead>.
      if (thread === kernel.current || thread.state === 'done') continue;
      kernel.suspend(thread);
      stopped.push(thread);
    }
    return stopped;
  }

  /** resume -- let threads go on that `suspend` has stopped. */
  resume(stopped: readonly Thread[]): void {
    for (const thread of stopped) thread.process.kernel.resume(thread);
  }

  /** framesOf -- the signal frames of a thread, which hold registers of what they interrupted <design/thix#.frames>; a thread that is
   * over has no stack <design/thix#.dead>. */
  framesOf(hart: Hart): readonly GranuleRange[] {
    const thread = this.threadOf(hart);
    return (thread.state === 'done' ? [] : thread.stackRanges()).map(({ base, limit }) => ({ base: base / GranuleSIZE, limit: limit / GranuleSIZE }));
  }
}

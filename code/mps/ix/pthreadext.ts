/* pthreadext.ts: STOPPING THREADS BY SIGNALS
 *
 * One thread stops another with a signal whose handler says so and waits for a second signal, as the MPS does where the system has no
 * call for it <design/pthreadext>. The kernel's own suspension <design/thread#.suspend> is the other way.
 */
import { aver } from '../../base/base.ts';
import {
  SA_ONSTACK, SA_RESTART, sigSet, sigSetDelete, SigSetFULL, SIGXCPU, SIGXFSZ, type Process, type SigHandler, type Thread,
} from '../../os/os.ts';

/** Stops, and sets going; nobody else in the process may use these signals. */
const SuspendSIGNAL: number = SIGXFSZ;
const ResumeSIGNAL: number = SIGXCPU;

/** All that a stopped thread lets through. */
const WaitMASK = sigSetDelete(SigSetFULL, ResumeSIGNAL);

/** The threads of a process, stopped by signals. Arenas of the process share it. */
export class Pthreadext {
  private readonly process: Process;
  /** How often each thread has been stopped and not set going. */
  private readonly counts = new Map<Thread, number>();
  /** Those whose handler has said that they stand. */
  private readonly standing = new Set<Thread>();

  constructor(process: Process) {
    this.process = process;
    this.install(SuspendSIGNAL, (_signal, _info, _context, thread) => this.stand(thread));
    this.install(ResumeSIGNAL, goOn);
  }

  /** install -- a handler that runs on the alternate stack where there is one; the signal that sets going waits until the thread waits
   * for it <design/pthreadext#.mask>. */
  private install(signal: number, handler: SigHandler): void {
    const before = this.process.sigaction(signal, { handler, mask: sigSet(ResumeSIGNAL), flags: SA_RESTART | SA_ONSTACK });
    aver(typeof before !== 'number', '<design/pthreadext#.install>');
  }

  /** suspend -- have a thread stand in its handler; false if it is over. When this returns nothing of it runs but by signals that
   * nobody sends <design/pthreadext#.inv.stands>. */
  suspend(victim: Thread): boolean {
    const { kernel } = this.process, count = this.counts.get(victim) ?? 0;
    if (count === 0) {
      if (victim.kill(SuspendSIGNAL) !== 0) return false;
      // Nobody but the victim: who else ran could want a lock that the caller has <design/pthreadext#.alone>.
      kernel.runUntil(kernel.current, () => this.standing.has(victim) || victim.state === 'done', victim);
      if (!this.standing.has(victim)) return false;
    }
    this.counts.set(victim, count + 1);
    return true;
  }

  /** resume -- take back one suspension; the thread goes on when it is its turn. */
  resume(victim: Thread): void {
    const count = this.counts.get(victim) ?? 0;
    aver(count > 0, '<design/pthreadext#.count>');
    if (count > 1) {
      this.counts.set(victim, count - 1);
      return;
    }
    this.counts.delete(victim);
    this.standing.delete(victim);
    victim.kill(ResumeSIGNAL);
  }

  /** stand -- the handler that stops: say so, and wait to be set going. */
  private *stand(thread: Thread): ReturnType<SigHandler> {
    this.standing.add(thread);
    yield* thread.sigsuspend(WaitMASK);
  }
}

/** goOn -- the handler that sets going: to have been taken is all that it is for. */
function* goOn(): ReturnType<SigHandler> {
  // Nothing is left to do.
}

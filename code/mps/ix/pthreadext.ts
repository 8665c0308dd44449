/* pthreadext.ts: STOPPING THREADS BY SIGNALS
 *
 * One thread stops another with a signal whose handler says so and waits for a second signal, as the MPS does where the system has no
 * call for it <design/pthreadext>. The kernel's own suspension <design/thread#.suspend> is the other way.
 */
import { aver } from '../../base/base.ts';
import {
  atFork, SA_ONSTACK, SA_RESTART, sigSet, sigSetDelete, SigSetFULL, sigSetHas, SIGXCPU, SIGXFSZ, type Process, type SigAction, type SigHandler,
  type Thread,
} from '../../os/os.ts';

/** Stops, and sets going; nobody else in the process may use these signals. */
const SuspendSIGNAL: number = SIGXFSZ;
const ResumeSIGNAL: number = SIGXCPU;

/** All that a stopped thread lets through. */
const WaitMASK = sigSetDelete(SigSetFULL, ResumeSIGNAL);

/** How a thread is stopped, and how often. */
interface Stop {
  count: number;
  readonly byKernel: boolean;
}

/** The threads of a process, stopped by signals. Arenas of the process share it. */
export class Pthreadext {
  private readonly process: Process;
  /** Those that have been stopped and not set going. */
  private readonly stops = new Map<Thread, Stop>();
  /** Those of them whose handler has said that they stand. */
  private readonly standing = new Set<Thread>();

  constructor(process: Process) {
    this.process = process;
    this.install(SuspendSIGNAL, (_signal, _info, _context, thread) => this.stand(thread));
    this.install(ResumeSIGNAL, goOn);
  }

  /** install -- a handler that runs on the alternate stack where there is one; the signal that sets going waits until the thread waits
   * for it <design/pthreadext#.mask>. A child of the process has what was there before <design/pthreadext#.fork>. */
  private install(signal: number, handler: SigHandler): void {
    const action: SigAction = { handler, mask: sigSet(ResumeSIGNAL), flags: SA_RESTART | SA_ONSTACK };
    const before = this.process.sigaction(signal, action);
    aver(typeof before !== 'number', '<design/pthreadext#.install>');
    atFork(this.process, {
      *child({ process }) {
        if (process.sigaction(signal, null) === action) process.sigaction(signal, before);
      },
    });
  }

  /** suspend -- have a thread do nothing; false if it is over. When this returns nothing of it runs <design/pthreadext#.inv.stands>. */
  suspend(victim: Thread): boolean {
    const stop = this.stops.get(victim);
    if (stop !== undefined) {
      stop.count += 1;
      return true;
    }
    if (isOver(victim)) return false;
    const byKernel = isOutOfReach(victim);
    this.stops.set(victim, { count: 1, byKernel });
    if (byKernel) this.process.kernel.suspend(victim);
    else this.signal(victim);
    if (!isOver(victim)) return true;
    this.stops.delete(victim);
    return false;
  }

  /** signal -- send it the signal, and wait until it stands. */
  private signal(victim: Thread): void {
    const { kernel } = this.process, { current } = kernel;
    const mayGoOn = (): boolean => (this.standing.has(victim) || isOver(victim) || victim.isHeld) && current?.isHeld !== true;
    // Whoever asks is in the middle of the collector: no signal of his own is taken here, nor is he left <design/pthreadext#.alone>.
    kernel.current = null;
    try {
      victim.kill(SuspendSIGNAL);
      kernel.runUntil(null, mayGoOn, victim);
    } finally {
      kernel.current = current;
    }
  }

  /** resume -- take back one suspension; the thread goes on when it is its turn. */
  resume(victim: Thread): void {
    const stop = this.stops.get(victim), { kernel } = this.process;
    aver(stop !== undefined, '<design/pthreadext#.count>');
    stop.count -= 1;
    if (stop.count > 0) return;
    this.stops.delete(victim);
    if (stop.byKernel) kernel.resume(victim);
    if (!this.standing.delete(victim)) return;
    const { current } = kernel;
    kernel.current = null;
    victim.kill(ResumeSIGNAL);
    kernel.current = current;
  }

  /** stand -- the handler that stops: say so, and wait to be set going; who has been set going since does not wait
   * <design/pthreadext#.inv.once>. */
  private *stand(thread: Thread): ReturnType<SigHandler> {
    while (this.stops.has(thread)) {
      this.standing.add(thread);
      yield* thread.sigsuspend(WaitMASK);
    }
  }
}

/** goOn -- the handler that sets going: to have been taken is all that it is for. */
function* goOn(): ReturnType<SigHandler> {
  // Nothing is left to do.
}

/** isOver -- it accesses nothing any more. */
const isOver = ({ state, unwind }: Thread): boolean => state === 'done' || unwind !== null;

/** isOutOfReach -- nothing of it can be interrupted: what it does has called whoever asks, or the host drives it
 * <design/pthreadext#.departs.adopted>; or it could only be in the middle of a call <design/pthreadext#.departs.blocked>. */
const isOutOfReach = ({ isAdopted, onHost, parkedAt, isStepped, mask }: Thread): boolean =>
  isAdopted || (onHost > 0 && parkedAt < 0) || (!isStepped && sigSetHas(mask, SuspendSIGNAL));

/* driver.ts: A COOPERATIVE DRIVER
 *
 * Runs generator threads in turn, one until it yields, in the order in which they were made <design/an#.driver>.
 */
import type { Hart } from '../../machine/machine.ts';
import type { ThreadBody } from '../platform.ts';

interface DrivenThread {
  readonly hart: Hart;
  readonly run: Generator<unknown, void, unknown>;
}

/** The threads of a system without an operating system. */
export class Driver {
  private readonly threads: DrivenThread[] = [];
  private turn: number = 0;
  private readonly onEnd: (hart: Hart) => void;

  /** `onEnd` hears when a thread is over. */
  constructor(onEnd: (hart: Hart) => void) {
    this.onEnd = onEnd;
  }

  /** add -- a thread, to run when its turn comes. */
  add(hart: Hart, body: ThreadBody): void {
    this.threads.push({ hart, run: body(hart) });
  }

  /** names -- of the threads that are not over, in the order in which they were made. */
  names(): string[] {
    return this.threads.map(({ hart }) => hart.name);
  }

  /** step -- run the next thread until it yields; false if there is none. An error of the thread ends it, and is thrown
   * on. */
  step(): boolean {
    if (this.threads.length === 0) return false;
    this.turn %= this.threads.length;
    const thread = this.threads[this.turn];
    let over = true;
    try {
      over = thread.run.next().done === true;
    } finally {
      if (over) {
        this.threads.splice(this.turn, 1);
        this.onEnd(thread.hart);
      } else this.turn += 1;
    }
    return true;
  }
}

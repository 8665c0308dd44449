/* level.ts: LEVELS
 *
 * What a thread runs, one above the other <design/thread#.def.level>, and what each level has interrupted.
 */
import type { AccessKind, FaultKind } from '../machine/machine.ts';
import { SigContext, SigInfo } from './sigframe.ts';
import type { Operation } from './step.ts';
import type { Thread, ThreadRun } from './thread.ts';
import type { Wait } from './wait.ts';

/** What a thread runs: its body at the bottom, above it a handler for each signal that interrupted what is below. */
export class Level {
  readonly thread: Thread;
  /** The views of this level's frame; they hold while its handler runs. */
  readonly info: SigInfo;
  readonly context: SigContext;
  /** The signal that is handled; 0 for the body. */
  signal: number = 0;
  /** Where the frame lies: low word of its address. */
  low: number = 0;
  /** What was interrupted: the top of its slots, its stack pointer, and its access, with `slot` -1 if it made none. */
  top: number = 0;
  sp: number = 0;
  /** What the stack pointer was reckoned from <design/thread#.inv.depth>. */
  stackFrom: number = 0;
  slotsFrom: number = 0;
  /** Slots for which the stack had been touched. */
  touched: number = 0;
  kind: FaultKind = 'page';
  access: AccessKind = 'load';
  size: number = 0;
  slot: number = -1;
  offset: number = 0;
  value: number = -1;
  /** Its handler has granted the access that was interrupted. */
  grants: boolean = false;
  /** The call that is not async-signal-safe in which the thread was interrupted; null if in none <design/safety>. */
  unsafe: string | null = null;
  /** The thread was interrupted in sigsuspend, which makes it known where. */
  isSafe: boolean = false;
  /** What it runs; null before anything. */
  run: ThreadRun | null = null;
  /** Yielded, and not yet performed. */
  operation: Operation | null = null;
  /** The result of the last operation, which the program has not been given yet. */
  result: unknown = undefined;
  wait: Wait | null = null;
  /** What its program is to be resumed with in place of a result. */
  thrown: Error | null = null;
  /** How often it has yielded on the host's stack. */
  yields: number = 0;
  /** The handler above has granted the operation. */
  isGranted: boolean = false;

  constructor(thread: Thread) {
    this.thread = thread;
    this.info = new SigInfo(this);
    this.context = new SigContext(this);
  }

  /** begin -- run something new. */
  begin(run: ThreadRun): void {
    this.run = run;
    this.operation = null;
    this.result = undefined;
    this.wait = null;
    this.thrown = null;
    this.yields = 0;
    this.isGranted = false;
  }
}

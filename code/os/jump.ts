/* jump.ts: JUMPING OUT OF HANDLERS
 *
 * sigsetjmp and siglongjmp: a handler does not return, but has the thread go on where a program has said, with the mask that it had
 * there <design/signal#.jump>.
 */
import { aver } from '../base/base.ts';
import { settle } from './delivery.ts';
import type { SigSet } from './signal.ts';
import type { Thread, ThreadRun, Yielded } from './thread.ts';

/** Where a program can be gone back to, while it is in `jumpCatch`. */
export class JumpPoint {
  readonly thread: Thread;
  /** How many levels the thread had: the highest of them is the one that catches. */
  readonly depth: number;
  private readonly mask: SigSet;
  private readonly sp: number;
  private readonly top: number;
  private readonly unsafe: string | null;
  isLive: boolean = true;

  constructor(thread: Thread) {
    this.thread = thread;
    this.depth = thread.depth;
    this.mask = thread.mask;
    this.sp = thread.sp;
    this.top = thread.hart.top;
    this.unsafe = thread.unsafe;
  }

  /** restore -- the thread is as it was: handlers above are over, and what is no longer blocked is delivered. */
  restore(): void {
    const { thread } = this;
    thread.depth = this.depth;
    thread.hart.top = this.top;
    thread.sp = this.sp;
    thread.unsafe = this.unsafe;
    thread.maskBefore = null;
    thread.mask = this.mask;
    settle(thread);
  }
}

/** On its way to a point. Client code must let it pass. */
export class Jump extends Error {
  readonly code = 'CAPSTAN_JUMP';
  override readonly name = 'Jump';
  readonly point: JumpPoint;
  readonly value: number;

  constructor(point: JumpPoint, value: number) {
    super(`${point.thread.describe()} jumps`);
    this.point = point;
    this.value = value;
  }
}

/** jumpCatch -- sigsetjmp: run `body`, which handlers may leave by `jump`; 0 when it has returned, else what was jumped with. */
export function* jumpCatch(thread: Thread, body: (point: JumpPoint) => ThreadRun): Generator<Yielded, number, unknown> {
  const point = new JumpPoint(thread);
  try {
    yield* body(point);
    return 0;
  } catch (error) {
    if (!(error instanceof Jump) || error.point !== point) throw error;
    point.restore();
    return error.value;
  } finally {
    point.isLive = false;
  }
}

/** jump -- siglongjmp, in the thread of the point: go on after its jumpCatch, with a value that is not 0. */
export function jump(point: JumpPoint, value: number = 1): never {
  aver(point.isLive, '<design/signal#.jump.live>');
  throw new Jump(point, value === 0 ? 1 : value);
}

/** jumpLand -- a program of a thread has ended by an error: if that is a jump to a level below, unwind those between, and have that one
 * go on with it when it is resumed. Whether it was. */
export function jumpLand(thread: Thread, error: unknown): boolean {
  if (!(error instanceof Jump) || error.point.thread !== thread || !error.point.isLive || thread.depth < error.point.depth) return false;
  while (thread.depth > error.point.depth) {
    const { run } = thread.levelTop();
    thread.levelPop();
    levelLeave(run, error);
  }
  const level = thread.levelTop();
  level.operation = null;
  level.wait = null;
  level.thrown = error;
  return true;
}

/** levelLeave -- let the error pass through a program; one that has ended by it lets it pass at once. */
function levelLeave(run: ThreadRun | null, error: Jump): void {
  try {
    run?.throw(error);
  } catch (passed) {
    if (!(passed instanceof Jump) || passed !== error) throw passed;
  }
}

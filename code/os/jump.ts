/* jump.ts: JUMPING OUT OF HANDLERS
 *
 * sigsetjmp and siglongjmp: a handler does not return, but has the thread go on where a program has said, with the mask that it had
 * there <design/signal#.jump>.
 */
import { aver } from '../base/base.ts';
import { isDeliverable, settle } from './delivery.ts';
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

/** jumpCatch -- sigsetjmp: run `body`, which handlers may leave by `jump`; 0 when it has returned, else what was jumped with. A handler of
 * what the jump has unblocked may jump here again. */
export function* jumpCatch(thread: Thread, body: (point: JumpPoint) => ThreadRun): Generator<Yielded, number, unknown> {
  const point = new JumpPoint(thread);
  try {
    for (let jumped: Jump | null = null; ;) {
      try {
        if (jumped === null) {
          yield* body(point);
          return 0;
        }
        point.restore();
        // What a stepped program blocks no more the scheduler delivers.
        if (isDeliverable(thread)) yield undefined;
        return jumped.value;
      } catch (error) {
        if (!(error instanceof Jump) || error.point !== point) throw error;
        jumped = error;
      }
    }
  } finally {
    point.isLive = false;
  }
}

/** jump -- siglongjmp, in the thread of the point: go on after its jumpCatch, with a value that is not 0. */
export function jump(point: JumpPoint, value: number = 1): never {
  aver(point.isLive, '<design/signal#.jump.live>');
  throw new Jump(point, value === 0 ? 1 : value);
}

/** jumpPasses -- whether an error that has ended a program of a thread is a jump to what is there still, further down. */
export const jumpPasses = (thread: Thread, error: unknown): error is Jump =>
  error instanceof Jump && error.point.thread === thread && error.point.isLive && error.point.depth <= thread.depth;

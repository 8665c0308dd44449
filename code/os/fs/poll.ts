/* poll.ts: POLL
 *
 * Waiting for one of several files <design/pipe#.poll>.
 */
import { EFAULT, EINTR } from '../errno.ts';
import type { Thread } from '../thread.ts';
import { sleep, type Wait } from '../wait.ts';
import { copyIn, copyOutAll } from './copy.ts';
import type { Description } from './description.ts';
import { POLLERR, POLLHUP, POLLNVAL } from './flags.ts';

/** Bytes of a `struct pollfd`: the descriptor, what is asked, and what is answered. */
const PollSIZE = 8;
const PollANSWER = 6;

const POLLALWAYS: number = POLLERR | POLLHUP | POLLNVAL;

/** One of those that are asked for. */
interface Asked {
  /** Nobody is asked for with a descriptor below 0. */
  readonly isAsked: boolean;
  readonly events: number;
  readonly description: Description | null;
}

/** poll -- `poll` of Files; `find` says what a descriptor is of. */
export function* poll(
  thread: Thread, slot: number, count: number, timeout: number, find: (fd: number) => Description | null,
): Generator<Wait, number, unknown> {
  const bytes = copyIn(thread, slot, 0, count * PollSIZE), view = new DataView(bytes.buffer), { clock } = thread.process.kernel;
  if (bytes.length < count * PollSIZE) return -EFAULT;
  const asked = Array.from({ length: count }, (_, index): Asked => {
    const fd = view.getInt32(index * PollSIZE, true);
    return { isAsked: fd >= 0, events: view.getUint16(index * PollSIZE + 4, true), description: find(fd)?.hold() ?? null };
  });
  try {
    const channels = [...new Set(asked.flatMap(({ description }) => description?.backing.channels ?? []))];
    const isAny = (): boolean => asked.some((one) => answer(one) !== 0), until = timeout < 0 ? Infinity : clock.now + Math.ceil(timeout);
    const error = timeout === 0 ? 0 : yield* sleep(thread, 'poll', channels, isAny, { until, restarts: false });
    if (error === EINTR) return -EINTR;
    return tell(thread, slot, asked.map(answer));
  } finally {
    for (const { description } of asked) description?.drop();
  }
}

/** answer -- what holds of what was asked. */
function answer({ isAsked, events, description }: Asked): number {
  if (!isAsked) return 0;
  return description === null ? POLLNVAL : description.backing.events() & (events | POLLALWAYS);
}

/** tell -- write the answers; how many there are, or EFAULT negated. */
function tell(thread: Thread, slot: number, answers: readonly number[]): number {
  for (const [index, value] of answers.entries()) {
    const error = copyOutAll(thread, slot, index * PollSIZE + PollANSWER, new Uint8Array([value, value >>> 8]));
    if (error !== 0) return -error;
  }
  return answers.filter((value) => value !== 0).length;
}

/* collect.ts: GARBAGE OF THE HOST
 *
 * Each machine and each address space is some megabytes of shared memory, and tests make thousands: where a worker has become large, what nobody
 * has any more is given back <design/testing#.collect>.
 */
import { afterEach } from 'vitest';

/** Bytes that a worker may have: beyond that its garbage is collected. */
const LARGE: number = 1.5 * 2 ** 30;

afterEach(() => {
  if (process.memoryUsage.rss() > LARGE) globalThis.gc?.();
});

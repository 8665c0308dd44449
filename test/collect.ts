/* collect.ts: GARBAGE OF THE HOST
 *
 * Each machine and each address space is some megabytes of shared memory, and tests make thousands: where a worker has become so much larger,
 * what nobody has any more is given back <design/testing#.collect>.
 */
import { afterEach } from 'vitest';

/** Bytes that a worker may grow by before its garbage is collected. */
const GROWTH: number = 2 ** 30;

/** What it had after that. */
let least = 0;

afterEach(() => {
  if (process.memoryUsage.rss() < least + GROWTH) return;
  globalThis.gc?.();
  least = process.memoryUsage.rss();
});

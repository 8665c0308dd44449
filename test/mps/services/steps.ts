/* steps.ts: A TRACE STEP BY STEP
 *
 * An arena that collects when the test says so, in quanta as small as can be where it has barriers, and the few things that tests of finalization,
 * messages and weak references do with it.
 */
import { expect } from 'vitest';
import { ResOK, type AllocationPoint, type Seg } from '../../../code/mps/mps.ts';
import type { FinalizationMessage } from '../../../code/mps/services/messages.ts';
import { Lab, type LabOptions } from '../lab.ts';

export const PLATFORMS = ['an', 'ix'] as const;

/** still -- a lab whose arena does nothing by itself. */
export function still(options: LabOptions = {}): Lab {
  const it = new Lab({ platform: 'ix', memory: '4MiB', nursery: '64KiB', pause: '0', ...options });
  it.arena.clamp();
  if (it.arena.plinth.incremental) Object.assign(it.arena.control, { quantum: () => 1 });
  return it;
}

export const segAt = (it: Lab, slot: number): Seg => it.arena.heap.segOf(it.low(slot) | 0) as Seg;

/** flip -- begin a trace of the first `count` generations, and do none of it; all of it without barriers. */
export function flip({ arena }: Lab, count: number = Infinity): void {
  arena.enter();
  arena.trace.start(arena.allGenerations().slice(0, count), { why: 'client', what: 'step' });
  while (!arena.plinth.incremental && arena.trace.isBusy) arena.trace.advance('step', Infinity);
  arena.leave();
}

/** quantum -- the least that a trace can do. */
export function quantum({ arena }: Lab): void {
  arena.enter();
  arena.trace.advance('step', 1);
  arena.leave();
}

/** toBand -- quanta until a band has begun. */
export function toBand(it: Lab, rank: number): void {
  while (it.arena.trace.isFlipped && it.arena.trace.band < rank) quantum(it);
  expect(it.arena.trace.isFlipped, 'weak run').toBe(true);
}

export function finish(it: Lab): void {
  it.arena.finishTrace();
  it.arena.check();
}

/** make -- an object whose first word is `mark` and whose granules from the second on hold the references in `slots`; -1 is NULL. */
export function make(it: Lab, ap: AllocationPoint, slot: number, mark: number, slots: readonly number[] = [], size: number = 16 + 16 * slots.length): boolean {
  const { t } = it;
  do {
    if (ap.reserve(slot, Math.max(32, size)) !== ResOK) return false;
    for (let at = 0; at < Math.max(32, size); at += 4) t.store32(slot, at, at === 0 ? mark : 0);
    for (const [k, from] of slots.entries()) if (from >= 0) t.storeCap(slot, 16 * (k + 1), from);
  } while (!ap.commit(slot));
  return true;
}

/** finalized -- get and discard all messages of finalization; what the objects are marked with, in order of size. */
export function finalized(it: Lab): number[] {
  const { t, arena: { messages } } = it, slot = t.enter(1), marks: number[] = [];
  for (let message = messages.get('finalization'); message !== null; message = messages.get('finalization')) {
    message.finalizationRef(t, slot);
    marks.push(t.load32(slot, 0));
    messages.discard(message);
  }
  t.leave(slot);
  return marks.sort((a, b) => a - b);
}

/** markOf -- the mark of what a message refers to. */
export function markOf({ t }: Lab, message: FinalizationMessage): number {
  const slot = t.enter(1);
  message.finalizationRef(t, slot);
  const mark = t.load32(slot, 0);
  t.leave(slot);
  return mark;
}


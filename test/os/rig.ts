/* rig.ts: A SMALL SYSTEM
 *
 * A kernel with one process, a thread that the test drives, and pages of its own to fault on.
 */
import { expect } from 'vitest';
import { Memory, PageSIZE, type Hart } from '../../code/machine/machine.ts';
import {
  Frames, Kernel, MapANON, MapPRIVATE, ProtNONE, ProtREAD, ProtWRITE, SA_SIGINFO, SigSetEMPTY, type Abi, type Process, type SigHandler, type SigSet,
  type Thread,
} from '../../code/os/os.ts';

export interface Rig {
  readonly memory: Memory;
  readonly kernel: Kernel;
  readonly process: Process;
  /** Driven by the test. */
  readonly thread: Thread;
  readonly hart: Hart;
}

/** rig -- a fresh system. */
export function rig(seed: number = 1, driver: 'fast' | 'explored' = 'fast', size: number = 0x40_0000, abi: Abi = 'cheribsd'): Rig {
  const memory = new Memory(size);
  const kernel = new Kernel({ memory, frames: new Frames(memory, PageSIZE, size - PageSIZE), seed, driver, abi });
  const process = kernel.process('test'), thread = adopt(process, 'main');
  return { memory, kernel, process, thread, hart: thread.hart };
}

/** adopt -- one more thread for the test to drive. */
export function adopt(process: Process, name: string): Thread {
  const thread = process.adopt(name);
  if (thread === null) throw new Error('no memory for a thread');
  return thread;
}

/** spawn -- a thread, or an error. */
export function spawn(process: Process, name: string, body: Parameters<Process['spawn']>[1], options?: Parameters<Process['spawn']>[2]): Thread {
  const thread = process.spawn(name, body, options);
  if (thread === null) throw new Error('no memory for a thread');
  return thread;
}

/** pages -- `count` fresh pages in a slot of a thread. */
export function pages({ hart, process }: Thread, slot: number, count: number = 1): void {
  hart.clear(slot);
  expect(process.map.mmap(hart, slot, slot, count * PageSIZE, ProtREAD | ProtWRITE, MapANON | MapPRIVATE)).toBe(0);
}

/** protect -- change what may be done on the pages in a slot. */
export function protect({ hart, process }: Thread, slot: number, prot: number, count: number = 1): void {
  expect(process.map.mprotect(hart, slot, count * PageSIZE, prot)).toBe(0);
}

export const close = (thread: Thread, slot: number): void => protect(thread, slot, ProtNONE);
export const open = (thread: Thread, slot: number): void => protect(thread, slot, ProtREAD | ProtWRITE);

/** handle -- install a handler. */
export function handle(process: Process, signal: number, handler: SigHandler, flags: number = SA_SIGINFO, mask: SigSet = SigSetEMPTY): void {
  expect(process.sigaction(signal, { handler, mask, flags })).toBeTypeOf('object');
}

/** failure -- the message of what a call throws. */
export function failure(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof Error) return `${error.name}: ${error.message}`;
    throw error;
  }
  return 'nothing';
}

/** reportOf -- how a process died. */
export function reportOf(process: Process): string {
  return process.status !== null && 'report' in process.status ? process.status.report : JSON.stringify(process.status);
}

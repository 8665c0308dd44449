/* rig.ts: A SYSTEM OF PROCESSES
 *
 * A kernel of any profile and format, and programs that run in it to their end.
 */
import { Memory, PageSIZE, type FormatName } from '../../../code/machine/machine.ts';
import { Kernel } from '../../../code/os/kernel.ts';
import type { Process } from '../../../code/os/process.ts';
import type { Thread, ThreadBody } from '../../../code/os/thread.ts';
import { Frames } from '../../../code/os/vm/frames.ts';
import { MapANON, MapPRIVATE, ProtREAD, ProtWRITE } from '../../../code/os/vm/mman.ts';
import type { Abi } from '../../../code/os/vm/profile.ts';

export interface SystemOptions {
  readonly abi?: Abi;
  readonly format?: FormatName;
  readonly seed?: number;
  readonly driver?: 'fast' | 'explored';
  readonly size?: number;
}

/** Every profile with every format. */
export const systems: readonly (readonly [abi: Abi, format: FormatName])[] =
  [['cheribsd', 'riscv'], ['cheribsd', 'morello'], ['pcuabi', 'riscv'], ['pcuabi', 'morello']];

/** system -- a kernel without processes. */
export function system({ abi = 'cheribsd', format = 'riscv', seed = 1, driver = 'fast', size = 0x100_0000 }: SystemOptions = {}): Kernel {
  const memory = new Memory(size);
  return new Kernel({ memory, frames: new Frames(memory, PageSIZE, size - PageSIZE), seed, driver, abi, format });
}

/** start -- a process with one thread that runs `body`. */
export function start(kernel: Kernel, name: string, body: ThreadBody, stepped: boolean = false): Process {
  const process = kernel.process(name);
  if (process.spawn(name, body, { stepped }) === null) throw new Error('no memory for a thread');
  return process;
}

/** play -- run such a process, and all that comes of it, to the end. */
export function play(kernel: Kernel, body: ThreadBody): Process {
  const process = start(kernel, 'first', body);
  kernel.run();
  return process;
}

/** pages -- fresh memory in a slot of a thread. */
export function pages({ hart, process }: Thread, slot: number, count: number = 1): void {
  hart.clear(slot);
  const refusal = process.map.mmap(hart, slot, slot, count * PageSIZE, ProtREAD | ProtWRITE, MapANON | MapPRIVATE);
  if (refusal !== 0) throw new Error(`mmap: ${refusal}`);
}

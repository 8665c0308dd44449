/* signal-rig.ts: SYSTEMS FOR SIGNALS
 *
 * A kernel of either ABI and format, under either driver, and programs of both kinds to be signalled.
 */
import { Memory, PageSIZE } from '../../code/machine/machine.ts';
import { Frames, Kernel, SigSetEMPTY, type KernelOptions, type Process, type SigHandler, type SigSet, type Thread, type ThreadBody } from '../../code/os/os.ts';
import { spawn } from './rig.ts';

export type Make = Partial<Omit<KernelOptions, 'memory' | 'frames'>>;

/** system -- a kernel with one process, which stays without threads. */
export function system(options: Make = {}): { kernel: Kernel; process: Process } {
  const size = 0x40_0000, memory = new Memory(size);
  const kernel = new Kernel({ seed: 1, ...options, memory, frames: new Frames(memory, PageSIZE, size - PageSIZE) });
  return { kernel, process: kernel.process('test', true) };
}

/** Both drivers, and both kinds of program: what holds must hold in each. */
export const ways: readonly { readonly driver: 'fast' | 'explored'; readonly stepped: boolean; readonly name: string }[] =
  (['fast', 'explored'] as const).flatMap((driver) => [false, true].map((stepped) =>
    ({ driver, stepped, name: `${driver}, ${stepped ? 'stepped' : 'plain'}` })));

/** start -- a thread that runs `body`. */
export const start = (process: Process, body: ThreadBody, stepped: boolean, name: string = 'worker'): Thread =>
  spawn(process, name, body, { stepped });

/** on -- install a handler that does something and returns. */
export function on(process: Process, signal: number, flags: number, act: (...args: Parameters<SigHandler>) => void, mask: SigSet = SigSetEMPTY): void {
  const before = process.sigaction(signal, {
    handler: function* (...args) {
      act(...args);
    }, mask, flags,
  });
  if (typeof before === 'number') throw new Error(`sigaction of ${signal}: ${before}`);
}

/** until -- run until something holds, or nobody is left. */
export function until(kernel: Kernel, condition: () => boolean, steps: number = 10_000): void {
  for (let i = 0; i < steps && !condition(); i++) if (!kernel.step()) break;
  if (!condition()) throw new Error('it never came to that');
}

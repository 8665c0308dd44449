/* named.ts: TESTS WITH NAMES
 *
 * What programs need that are tests of CheriBSD's by the names that they have there.
 */
import { expect, test } from 'vitest';
import { errnoName } from '../../../code/os/errno.ts';
import { SA_SIGINFO, SigSetEMPTY, type SigHandler } from '../../../code/os/signal.ts';
import { inProcess, type Part, type Program } from './os-rig.ts';
import { nameOf, type System } from './rig.ts';

export const riscv: System = { abi: 'cheribsd', format: 'riscv' };
export const morello: System = { abi: 'cheribsd', format: 'morello' };

/** named -- a test, which is a program, on each of some systems. */
export function named(name: string, cites: string, body: (p: Program) => Part<void>, systems: readonly System[] = [riscv]): void {
  test.each(systems.map((system) => [nameOf(system), system] as const))(`${name}: %s ${cites}`, (_name, system) => {
    inProcess(system, body);
  });
}

/** act -- install a handler. */
export function act(p: Program, signal: number, handler: SigHandler, flags: number = SA_SIGINFO): void {
  expect(p.process.sigaction(signal, { handler, mask: SigSetEMPTY, flags })).toBeTypeOf('object');
}

/** mmap -- the name of the error. */
export const mmap = (p: Program, dst: number, addr: number, length: number, prot: number, flags: number, fd: number = -1): string =>
  errnoName(p.process.mmap(p.hart, dst, addr, length, prot, flags, fd));
/** munmap -- the same. */
export const munmap = (p: Program, slot: number, length: number): string => errnoName(p.process.map.munmap(p.hart, slot, length));
/** mprotect -- the same. */
export const mprotect = (p: Program, slot: number, length: number, prot: number): string => errnoName(p.process.map.mprotect(p.hart, slot, length, prot));

/** stores -- what becomes of storing a tagged capability. */
export const stores = (p: Program, slot: number, offset: number = 0): Part<string> => p.told(() => {
  p.hart.storeCap(slot, offset, slot);
});

/** isThere -- whether a tag is there. */
export function isThere(p: Program, slot: number, offset: number = 0): boolean {
  const dst = p.slot();
  p.hart.loadCap(dst, slot, offset);
  return p.hart.isTagged(dst);
}

/** keeps -- a tag stored is loaded again. */
export function* keeps(p: Program, slot: number): Part<void> {
  expect([yield* stores(p, slot), isThere(p, slot)]).toEqual(['ok', true]);
}

/* image.ts: THE FIRST MEMORY OF A PROGRAM
 *
 * The reservations that a program begins with, what the kernel writes in them, and the registers that say where it is
 * <design/exec#.start>:
 *
 *     image      text, which can be read and executed, then data, which can be written, and begins as zero
 *     stack      of the soft limit; it grows when it is touched
 *     vdso       a page of the kernel's code, where the first function returns to
 *     auxiliary  the strings, argv, envp, and the auxiliary vector
 */
import { PageSIZE, sealEntry } from '../../machine/machine.ts';
import type { AddressMap } from '../vm/address-map.ts';
import type { Process } from '../process.ts';
import type { Range } from '../thread.ts';
import { permVmem, ProtALL, ProtEXEC, ProtREAD, ProtWRITE } from '../vm/mman.ts';
import type { Extent } from '../vm/representable.ts';
import { auxiliary } from './auxiliary.ts';
import type { Program } from './exec.ts';
import { MaxSTACK, RLIMIT_STACK } from './limits.ts';
import { extentAt, Layout, Loader, NoMemory } from './loader.ts';
import { CodeSLOT, codePerms, DataSLOT, dataPerms, ReturnSLOT, StackSLOT } from './registers.ts';

/** Bytes below the limit of the stack where the stack pointer begins. */
const StackTOP = 64;

/** What a thread is made of. */
export interface Image {
  readonly stack: Range;
  /** Eight words each. */
  readonly registers: Int32Array;
}

/** The extents of what has been reserved. */
export interface Places {
  /** Text and data. */
  readonly image: Extent;
  readonly text: Extent;
  readonly data: Extent;
  readonly stack: Extent;
  readonly vdso: Extent;
}

/** load -- make all of it in an empty address space; null if there is no memory. */
export function load(
  process: Process, map: AddressMap, program: Program, argv: readonly string[], envp: readonly string[],
): Image | null {
  const loader = new Loader(process.kernel, map);
  try {
    const places = place(loader, process, program);
    registers(loader, places, process.kernel.profile.abi === 'cheribsd');
    auxiliary(loader, process.kernel, program, places, argv, envp);
    return { stack: { base: places.stack.base, limit: places.stack.limit - StackTOP }, registers: loader.registers };
  } catch (error) {
    if (error instanceof NoMemory) return null;
    throw error;
  }
}

/** place -- the reservations but for the auxiliary one. */
function place(loader: Loader, { limits }: Process, program: Program): Places {
  const layout = new Layout(loader.format), code = layout.take(program.text, PageSIZE);
  const variables = layout.take(Math.max(program.data + program.bss, 1), PageSIZE);
  const image = loader.reserve(layout.size, ProtREAD | ProtWRITE, ProtALL), text = extentAt(image.base, code);
  loader.protectText(text);
  const size = Math.max(PageSIZE, Math.floor(Math.min(limits.soft(RLIMIT_STACK), MaxSTACK) / PageSIZE) * PageSIZE);
  return {
    image, text, data: extentAt(image.base, variables), stack: loader.reserveStack(size),
    vdso: loader.reserve(PageSIZE, ProtREAD | ProtEXEC, ProtREAD | ProtEXEC),
  };
}

/** registers -- but for those of the auxiliary reservation. */
function registers(loader: Loader, { text, data, stack, vdso }: Places, hasSoftware: boolean): void {
  const { format, hart } = loader, { user0, user1, user2, user3 } = format.perm;
  const software = hasSoftware ? (user0 | user1 | user2 | user3) & ~permVmem(format) : 0;
  loader.cap(CodeSLOT, text, codePerms(format));
  loader.cap(DataSLOT, data, dataPerms(format));
  loader.cap(StackSLOT, stack, dataPerms(format) | software, stack.limit - StackTOP);
  loader.cap(ReturnSLOT, vdso, format.perm.global | format.perm.execute);
  sealEntry(hart, ReturnSLOT, ReturnSLOT);
}

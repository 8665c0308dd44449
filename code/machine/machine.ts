/* machine.ts: THE MACHINE
 *
 * The silicon: tagged memory, capabilities, page tables and harts <design/machine>. This is the door of floor 1
 * <design/floors>.
 */
import { Hart } from './hart.ts';
import { Memory } from './memory.ts';
import { AddressSpace } from './pages.ts';

export * from './address.ts';
export * from './capability.ts';
export * from './derive.ts';
export * from './fault.ts';
export * from './hart.ts';
export { ladder, ladderGrant, isInside } from './ladder.ts';
export * from './memory.ts';
export * from './pages.ts';
export * from './slot.ts';
export type { Bounds } from './bounds.ts';

/** A memory, and what is made to work on it. */
export class Machine {
  readonly memory: Memory;

  /** `size` is in bytes, whole pages. */
  constructor(size: number) {
    this.memory = new Memory(size);
  }

  /** space -- a new address space with nothing mapped; its pages can only lie in this memory. */
  space(): AddressSpace {
    return new AddressSpace(this.memory.size);
  }

  /** hart -- a new hart that runs in `space`. */
  hart(name: string, space: AddressSpace, slots?: number): Hart {
    return new Hart(name, this.memory, space, slots);
  }
}

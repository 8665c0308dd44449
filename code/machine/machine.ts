/* machine.ts: THE MACHINE
 *
 * The silicon: tagged memory, capabilities, page tables and harts <design/machine>. This is the door of floor 1
 * <design/floors>.
 */
import { aver } from '../base/base.ts';
import type { FormatName } from './format.ts';
import { Hart } from './hart.ts';
import { Memory, type MemoryImage } from './memory.ts';
import { AddressSpace, type SpaceImage } from './pages.ts';

export * from './address.ts';
export * from './atomic.ts';
export { capClearTag, capHas, capIsCanonical, capIsSame, capLength, capOffset } from './codec.ts';
export * from './control.ts';
export * from './derive.ts';
export * from './fault.ts';
export * from './hart.ts';
export { ladder, ladderAt, ladderGrant } from './ladder.ts';
export * from './memory.ts';
export * from './morello.ts';
export * from './pages.ts';
export * from './revoke.ts';
export * from './riscv.ts';
export * from './shadow.ts';
export * from './slot.ts';
export * from './text.ts';
export * from './wide.ts';
export { isInside } from './words.ts';
export type { Bounds, Capability, Fields, Fitted, Format, FormatName, PermBits, TypeNumbers } from './format.ts';

/** What a machine is to be. */
export interface MachineOptions {
  /** Default `riscv`. */
  readonly format?: FormatName;
  /** Harts are to run on several worker threads: memory is locked by granules <design/machine#.memory.lock>. Default false. */
  readonly isShared?: boolean;
}

/** A machine as workers pass it to each other: a message can carry it. */
export interface MachineImage {
  readonly size: number;
  readonly format: FormatName;
  readonly memory: MemoryImage;
}

/** A memory, and what is made to work on it. */
export class Machine {
  readonly format: FormatName;
  readonly memory: Memory;

  /** `size` is in bytes, whole pages. `image` is a machine of several harts that another worker has made. */
  constructor(size: number, { format = 'riscv', isShared = false }: MachineOptions = {}, image: MemoryImage | null = null) {
    this.format = format;
    this.memory = new Memory(size, isShared, image);
  }

  /** join -- another worker's machine, for harts of this one. */
  static join({ size, format, memory }: MachineImage): Machine {
    return new Machine(size, { format, isShared: true }, memory);
  }

  /** image -- what another worker needs to join this machine, which must be for several. */
  image(): MachineImage {
    aver(this.memory.isShared, '<design/machine#.shared>');
    return { size: this.memory.size, format: this.format, memory: this.memory.image() };
  }

  /** space -- a new address space with nothing mapped, or another worker's; its pages can only lie in this memory. */
  space(image: SpaceImage | null = null): AddressSpace {
    return new AddressSpace(this.memory.size, this.memory.isShared, image);
  }

  /** hart -- a new hart that runs in `space`. */
  hart(name: string, space: AddressSpace, slots?: number): Hart {
    return new Hart(name, this.memory, space, slots, this.format);
  }
}

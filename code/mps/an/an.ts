/* an.ts: THE GENERIC PLATFORM
 *
 * A platform without an operating system and without barriers. Protection is only noted down; on leaving the arena, protSync does
 * for each protected segment what a fault would have done, until none is left, so that no mutator can see a difference
 * <design/an>.
 */
import { addrOfWindow, PageALL, PageSIZE, type AddressSpace, type Low, type Memory } from '../../machine/machine.ts';
import type { Event } from '../event.ts';
import { AccessNONE, type AccessHandler, type AccessSet, type Plinth, type Reservation } from '../plinth.ts';
import { Land } from '../arena/land.ts';

/** Where in the window the first reservation begins: not at 0, which is no place for objects. */
const WindowBASE = 0x0100_0000;

/** Low address less physical address is the same everywhere: the window's addresses follow the frames. */
export class AnPlinth implements Plinth {
  readonly incremental = false;
  private readonly memory: Memory;
  private readonly space: AddressSpace;
  /** Frames that no reservation has, by physical address. */
  private readonly frames: Land = new Land();
  private readonly protected = new Map<Low, AccessSet>();
  private handler: AccessHandler = () => undefined;
  private readonly sink: (event: Event) => void;

  /** `size` bytes of memory, from the bottom, are the platform's to give out. */
  constructor(memory: Memory, space: AddressSpace, size: number, sink: (event: Event) => void) {
    this.memory = memory;
    this.space = space;
    this.sink = sink;
    this.frames.insert(0, size);
  }

  reserve(size: number): Reservation | null {
    const frame = this.frames.find(size, PageSIZE, -1, 0);
    if (frame < 0) return null;
    this.frames.delete(frame, frame + size);
    return { base: (WindowBASE + frame) | 0, size, delta: -WindowBASE };
  }

  release({ base, size, delta }: Reservation): void {
    const frame = (base + delta) >>> 0;
    this.frames.insert(frame, frame + size);
  }

  commit(base: Low, size: number): boolean {
    this.space.map(addrOfWindow(base), size, (base >>> 0) - WindowBASE, PageALL);
    return true;
  }

  decommit(base: Low, size: number): void {
    const frame = (base >>> 0) - WindowBASE;
    this.memory.i32.fill(0, frame / 4, (frame + size) / 4);
    this.memory.tags.fill(0, frame / 16, (frame + size) / 16);
    this.space.unmap(addrOfWindow(base), size);
  }

  protSetup(handler: AccessHandler): void {
    this.handler = handler;
  }

  protSet(base: Low, _limit: Low, mode: AccessSet): void {
    if (mode === AccessNONE) this.protected.delete(base);
    else this.protected.set(base, mode);
  }

  protSync(): void {
    while (this.protected.size > 0) for (const [base, mode] of this.protected) this.handler(base, mode);
  }

  suspend(): void {
    // Threads of this platform run one at a time, and never while one of them is in the arena.
  }

  resume(): void {
    // See suspend.
  }

  tell(event: Event): void {
    this.sink(event);
  }
}

/* an.ts: THE GENERIC PLATFORM
 *
 * A platform without an operating system and without barriers. Protection is only noted down; on leaving the arena, protSync does
 * for each protected segment what a fault would have done, until none is left, so that no mutator can see a difference
 * <design/an>.
 */
import { Land } from '../../base/base.ts';
import {
  addrOfWindow, Hart, PageALL, PageSHIFT, PageSIZE, AddressSpace, type Low, type Memory,
} from '../../machine/machine.ts';
import type { Event } from '../event.ts';
import type { FaultCounts, Placed, Platform, ThreadBody, ThreadView } from '../platform.ts';
import { AccessNONE, type AccessOwner, type AccessSet, type Plinth, type Reservation } from '../plinth.ts';
import { Driver } from './driver.ts';

/** Where in the window the first reservation begins: not at 0, which is no place for objects. */
const WindowBASE = 0x0100_0000;

/** Low address less physical address is the same everywhere: the window's addresses follow the frames. */
export class AnPlinth implements Plinth {
  readonly incremental = false;
  private readonly memory: Memory;
  private readonly space: AddressSpace;
  /** Frames that no reservation has, by physical address. */
  private readonly frames: Land = new Land();
  /** By page of the window: what was asked to be forbidden there. */
  private readonly modes: Uint8Array = new Uint8Array(0x10_0000);
  /** Ranges in which something was, in pages. */
  private readonly asked: { readonly base: number; readonly limit: number }[] = [];
  private isSyncing: boolean = false;
  private owner: AccessOwner | null = null;
  private readonly sink: (event: Event) => void;

  /** `size` bytes of memory, from the bottom, are the platform's to give out. */
  constructor(memory: Memory, space: AddressSpace, size: number, sink: (event: Event) => void) {
    this.memory = memory;
    this.space = space;
    this.sink = sink;
    this.frames.insert(0, size);
  }

  lock(): void {
    // One thread runs at a time, and never while another is in the arena.
  }

  unlock(): void {
    // See lock.
  }

  reserve(size: number): Reservation | null {
    const frame = this.frames.find(size, PageSIZE);
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

  protSetup(owner: AccessOwner): void {
    this.owner = owner;
  }

  protFinish(): void {
    this.owner = null;
  }

  protSet(base: Low, limit: Low, mode: AccessSet): void {
    const range = { base: base >>> PageSHIFT, limit: ((limit - 1) >>> PageSHIFT) + 1 };
    this.modes.fill(mode, range.base, range.limit);
    if (mode !== AccessNONE) this.asked.push(range);
  }

  protSync(): void {
    if (this.isSyncing) return;
    this.isSyncing = true;
    // What is dealt with may have more protected: those ranges are asked for while this one goes on.
    for (const { base, limit } of this.asked) {
      for (let page = base; page < limit; ++page) {
        if (this.modes[page] !== AccessNONE) this.owner?.access((page << PageSHIFT) | 0, this.modes[page], null);
      }
    }
    this.asked.length = 0;
    this.isSyncing = false;
  }

  suspend(): number {
    // Threads of this platform run one at a time, and never while one of them is in the arena.
    return 0;
  }

  resume(): number {
    return 0;
  }

  framesOf(): [] {
    return [];
  }

  tell(event: Event): void {
    this.sink(event);
  }
}

/** Where statics begin in the window; the heap never grows so far, for memory ends below <design/boot#.statics>. */
const StaticsBASE = 0xff00_0000;

/** A machine of its own, and threads that take turns. */
export class AnPlatform implements Platform {
  readonly plinth: AnPlinth;
  readonly space: AddressSpace = new AddressSpace();
  readonly death = null;
  private readonly memory: Memory;
  private readonly driver: Driver;
  private staticsUsed: number = 0;
  /** Physical addresses of the static bytes. */
  private readonly staticsFrame: number;

  /** The first `size` bytes of memory are for the arena, the rest for statics; `onEnd` hears when a thread is over. */
  constructor(memory: Memory, size: number, sink: (event: Event) => void, onEnd: (hart: Hart) => void) {
    this.memory = memory;
    this.staticsFrame = size;
    this.plinth = new AnPlinth(memory, this.space, size, sink);
    this.driver = new Driver(onEnd);
  }

  hart(name: string): Hart {
    return new Hart(name, this.memory, this.space);
  }

  thread(name: string, body: ThreadBody): Hart {
    const hart = this.hart(name);
    this.driver.add(hart, body);
    return hart;
  }

  step(): boolean {
    return this.driver.step();
  }

  threads(): readonly ThreadView[] {
    return this.driver.names().map((name) => ({ name, state: 'runnable', suspended: 0, waitingFor: null }));
  }

  statics(size: number): Placed | null {
    const frame = this.staticsFrame + this.staticsUsed, base = (StaticsBASE + this.staticsUsed) | 0;
    if (frame + size > this.memory.size) return null;
    this.space.map(addrOfWindow(base), size, frame, PageALL);
    this.staticsUsed += size;
    return { base, frame };
  }

  faults(): FaultCounts {
    return { faults: 0, forwarded: 0, cleared: 0 };
  }
}

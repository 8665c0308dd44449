/* an.ts: THE GENERIC PLATFORM
 *
 * A platform without an operating system and without barriers. Protection is only noted down; on leaving the arena, protSync does
 * for each protected segment what a fault would have done, until none is left, so that no mutator can see a difference
 * <design/an>.
 */
import { Land } from '../../base/base.ts';
import {
  addrOfWindow, Hart, PageALL, PageSHIFT, PageSIZE, PageVALID, AddressSpace, SlotSHIFT, SlotWRITABLE, type Low, type Memory,
} from '../../machine/machine.ts';
import { deriveNew } from '../heap/authority.ts';
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
  /** Frames that no reservation has, by physical address; of all arenas. */
  private readonly frames: Land;
  /** Reservations that are the client's. */
  private given: readonly Reservation[] = [];
  /** By page of the window: what was asked to be forbidden there. */
  private readonly modes: Uint8Array = new Uint8Array(0x10_0000);
  /** Ranges in which something was, in pages. */
  private readonly asked: { readonly base: number; readonly limit: number }[] = [];
  private isSyncing: boolean = false;
  private owner: AccessOwner | null = null;
  private readonly sink: (event: Event) => void;

  /** `frames` of the memory are the platform's to give out: so many bytes from the bottom, or what several have together. */
  constructor(memory: Memory, space: AddressSpace, frames: Land | number, sink: (event: Event) => void) {
    this.memory = memory;
    this.space = space;
    this.sink = sink;
    this.frames = typeof frames === 'number' ? new Land() : frames;
    if (typeof frames === 'number') this.frames.insert(0, frames);
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
    if (this.givenAt(base) !== undefined) {
      this.given = this.given.filter((one) => one.base !== base);
      return;
    }
    const frame = (base + delta) >>> 0;
    this.frames.insert(frame, frame + size);
  }

  adopt({ r }: Hart, slot: number, size: number): Reservation | null {
    const { window } = this.space, low = r[slot << SlotSHIFT] >>> 0, base = Math.ceil(low / PageSIZE) * PageSIZE;
    const limit = Math.floor((low + size) / PageSIZE) * PageSIZE, frame = window[base >>> PageSHIFT] & -PageSIZE;
    if (limit <= base || r[(slot << SlotSHIFT) + SlotWRITABLE] < size) return null;
    for (let at = base; at < limit; at += PageSIZE) {
      const entry = window[at >>> PageSHIFT];
      if ((entry & PageVALID) === 0 || (entry & -PageSIZE) !== ((frame + at - base) | 0)) return null;
    }
    const reservation: Reservation = { base: base | 0, size: limit - base, delta: (frame - base) | 0 };
    this.given = [...this.given, reservation];
    return reservation;
  }

  private givenAt(base: Low): Reservation | undefined {
    return this.given.find((one) => one.base >>> 0 <= base >>> 0 && base >>> 0 < (one.base >>> 0) + one.size);
  }

  commit(base: Low, size: number): boolean {
    const given = this.givenAt(base);
    if (given === undefined) this.space.map(addrOfWindow(base), size, (base >>> 0) - WindowBASE, PageALL);
    else this.wipe((base + given.delta) >>> 0, size);
    return true;
  }

  decommit(base: Low, size: number): void {
    const given = this.givenAt(base);
    this.wipe(given === undefined ? (base >>> 0) - WindowBASE : (base + given.delta) >>> 0, size);
    if (given === undefined) this.space.unmap(addrOfWindow(base), size);
  }

  private wipe(frame: number, size: number): void {
    this.memory.i32.fill(0, frame / 4, (frame + size) / 4);
    this.memory.tags.fill(0, frame / 16, (frame + size) / 16);
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
  private readonly frames: Land = new Land();
  private readonly sink: (event: Event) => void;
  private readonly driver: Driver;
  private staticsUsed: number = 0;
  /** Physical addresses of the static bytes. */
  private readonly staticsFrame: number;

  /** The first `size` bytes of memory are for arenas, the rest for statics; `onEnd` hears when a thread is over. */
  constructor(memory: Memory, size: number, sink: (event: Event) => void, onEnd: (hart: Hart) => void) {
    this.memory = memory;
    this.staticsFrame = size;
    this.sink = sink;
    this.frames.insert(0, size);
    this.plinth = this.plinthMake();
    this.driver = new Driver(onEnd);
  }

  plinthMake(): AnPlinth {
    return new AnPlinth(this.memory, this.space, this.frames, this.sink);
  }

  area({ r }: Hart, slot: number, size: number): boolean {
    const found = this.plinth.reserve(size);
    if (found === null) return false;
    this.plinth.commit(found.base, size);
    deriveNew(r, slot << SlotSHIFT, found.base, size);
    return true;
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

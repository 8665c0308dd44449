/* os-rig.ts: A SYSTEM TO BE TIMED
 *
 * A kernel with one process that has many maps, or many threads that wait; and programs in it that time themselves <design/bench#.os>.
 */
import { performance } from 'node:perf_hooks';
import { random } from '../../code/base/base.ts';
import { Memory, PageSIZE, type Hart } from '../../code/machine/machine.ts';
import {
  Frames, Kernel, MapANON, MapPRIVATE, ProtREAD, ProtWRITE, pthreadCreate, Semaphore, type Process, type PthreadAttributes, type Thread,
  type ThreadBody, type Yielded,
} from '../../code/os/os.ts';
import type { Grown } from './os-work.ts';

/** Reading and writing. */
export const DATA: number = ProtREAD | ProtWRITE;

/** Mappings that there are where threads are many. */
const LeastMAPS = 100;

/** Mappings that are used in turn. */
const DrawnMAPS = 16;

/** What a thread has that does little. */
export const SMALL: { readonly slots: number; readonly stackSize: number } = { slots: 48, stackSize: PageSIZE };

/** Bytes of memory beside what a case needs. */
const SpareSIZE: number = 64 * 2 ** 20;

/** A program that times a part of itself: nanoseconds. */
export type Timed = (t: Hart, thread: Thread) => Generator<Yielded, number, unknown>;

/** A system. */
export class OsRig {
  readonly kernel: Kernel;
  readonly process: Process;
  /** Driven by the bench. */
  readonly main: Thread;
  /** How many maps, or threads, there are. */
  readonly size: number;
  /** Slots of `main` for some of the mappings, of a page each, in no order. */
  readonly drawn: Int32Array;

  /** With `size` of what `grown` says, in the process that is timed or in another, and `memory` bytes to be used. */
  constructor(size: number, grown: Grown, memory: number, isElsewhere: boolean = false) {
    const bytes = memory + SpareSIZE, physical = new Memory(bytes);
    this.size = size;
    this.kernel = new Kernel({ memory: physical, frames: new Frames(physical, PageSIZE, bytes - PageSIZE), seed: 1, checksSafety: false });
    this.process = this.kernel.process('os', true);
    this.main = adopt(this.process);
    const crowd = isElsewhere ? adopt(this.kernel.process('crowd', true)) : this.main;
    this.drawn = drawn(fillMaps(crowd, grown === 'maps' ? size : LeastMAPS));
    if (grown === 'threads') this.fillThreads(crowd.process);
  }

  /** fillThreads -- threads of a process that wait for what does not come. */
  private fillThreads(process: Process): void {
    const { size } = this, gate = semaphore();
    for (let i = 0; i < size; i++) {
      spawn(process, function* (_t, self) {
        yield* gate.wait(self);
      });
    }
    this.steps(size);
  }

  /** steps -- so many turns of threads. */
  steps(count: number): void {
    for (let i = 0; i < count; i++) this.kernel.step();
  }

  /** spawn -- a thread, or an error. */
  spawn(body: ThreadBody, attributes: PthreadAttributes = SMALL): Thread {
    return spawn(this.process, body, attributes);
  }

  /** play -- run a program to its end; what it has timed. */
  play(body: Timed): number {
    let timed = NaN;
    const thread = this.spawn(function* (t, self) {
      timed = yield* body(t, self);
    }, { slots: 2048 });
    while (thread.state !== 'done') this.kernel.step();
    if (Number.isNaN(timed)) throw new Error('os: a program has not come to its end');
    return timed;
  }
}

/** adopt -- a thread that the bench drives. */
function adopt(process: Process): Thread {
  const thread = process.adopt('main');
  if (thread === null) throw new Error('os: no memory for a thread');
  return thread;
}

function spawn(process: Process, body: ThreadBody, attributes: PthreadAttributes = SMALL): Thread {
  const thread = pthreadCreate(process, null, body, attributes);
  if (typeof thread === 'number') throw new Error(`os: pthread_create says ${thread}`);
  return thread;
}

/** fillMaps -- mappings of a page, each in a reservation of its own; the slots of the thread that have them. */
function fillMaps(thread: Thread, count: number): Int32Array {
  const first = thread.hart.enter(count), slots = Int32Array.from({ length: count }, (_, i) => first + i);
  for (const slot of slots) pages(thread, slot, 1);
  return slots;
}

/** drawn -- some of the slots, at random. */
function drawn(slots: Int32Array): Int32Array {
  const draw = random(1), count = Math.min(DrawnMAPS, slots.length);
  for (let i = 0; i < count; i++) {
    const other = i + draw(slots.length - i), slot = slots[i];
    slots[i] = slots[other];
    slots[other] = slot;
  }
  return slots.subarray(0, count);
}

/** semaphore -- one with nothing to be had. */
export function semaphore(): Semaphore {
  const made = Semaphore.make('gate', 0);
  if (typeof made === 'number') throw new Error(`os: sem_init says ${made}`);
  return made;
}

/** pages -- `count` fresh pages, for slot `dst` of a thread. */
export function pages({ hart, process: { map } }: Thread, dst: number, count: number): void {
  hart.clear(dst);
  insist('mmap', map.mmap(hart, dst, dst, count * PageSIZE, DATA, MapANON | MapPRIVATE), 0);
}

/** touch -- write to each of the pages. */
export function touch({ hart }: Thread, slot: number, count: number): void {
  for (let i = 0; i < count; i++) hart.store32(slot, i * PageSIZE, i);
}

/** unmap -- end a mapping. */
export function unmap({ hart, process: { map } }: Thread, slot: number, count: number): void {
  insist('munmap', map.munmap(hart, slot, count * PageSIZE), 0);
}

/** insist -- an error unless all that is timed has happened <design/bench#.inv.done>. */
export function insist(what: string, got: number, wanted: number): void {
  if (got !== wanted) throw new Error(`os: ${what}: ${got} where it should be ${wanted}`);
}

/** since -- nanoseconds since `before`, which performance.now() said, by the number of things that were done. */
export const since = (before: number, count: number): number => (performance.now() - before) * 1e6 / count;

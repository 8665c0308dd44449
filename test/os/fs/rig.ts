/* rig.ts: A SMALL SYSTEM WITH FILES
 *
 * The system of test/os/rig.ts, a file system over frames of its own, and a thread with a buffer, which the test drives.
 */
import { expect } from 'vitest';
import { setBounds } from '../../../code/machine/machine.ts';
import { FileSystem } from '../../../code/os/fs/file-system.ts';
import { Files } from '../../../code/os/fs/files.ts';
import { O_CREAT, O_RDWR } from '../../../code/os/fs/flags.ts';
import { Limits } from '../../../code/os/proc/limits.ts';
import { Frames } from '../../../code/os/vm/frames.ts';
import { profiles, type Abi } from '../../../code/os/vm/profile.ts';
import { errnoName } from '../../../code/os/errno.ts';
import type { Thread } from '../../../code/os/thread.ts';
import { Unwind } from '../../../code/os/unwind.ts';
import { Sleep, type Wait } from '../../../code/os/wait.ts';
import { pages, rig, type Rig } from '../rig.ts';

export const PAGE = 4096;

/** Slots: a buffer of BufferPAGES pages, and two of a page each for paths. */
export const BUFFER = 5;
export const PATH = 6;
export const PATH2 = 7;
/** To derive into. */
export const TEMP = 8;
export const BufferPAGES = 8;

export interface FileRig extends Rig {
  readonly fileSystem: FileSystem;
  readonly files: Files;
  readonly limits: Limits;
  /** The files' own. */
  readonly frames: Frames;
}

/** fileRig -- a fresh system, with so many frames for files. */
export function fileRig({ seed = 1, frameCount = 64, abi = 'cheribsd' }: { seed?: number; frameCount?: number; abi?: Abi } = {}): FileRig {
  const base = rig(seed, 'fast', undefined, abi), { memory, kernel, thread } = base;
  const frames = new Frames(memory, kernel.frames.alloc(frameCount * PAGE), frameCount * PAGE);
  const fileSystem = new FileSystem({ memory, frames, profile: profiles[abi], clock: kernel.clock });
  const limits = new Limits();
  arm(thread);
  return { ...base, fileSystem, files: new Files({ fileSystem, current: null }, limits), limits, frames };
}

/** arm -- give a thread the buffers. */
export function arm(thread: Thread): void {
  pages(thread, BUFFER, BufferPAGES);
  pages(thread, PATH);
  pages(thread, PATH2);
}

// A program's memory -------------------------------------------------------------------------------------------------

/** poke -- bytes into memory; a string has a byte for each character. */
export function poke({ hart }: Pick<Thread, 'hart'>, slot: number, offset: number, bytes: string | Uint8Array | readonly number[]): void {
  const list = typeof bytes === 'string' ? [...bytes].map((letter) => letter.charCodeAt(0)) : bytes;
  for (const [index, byte] of list.entries()) hart.store8(slot, offset + index, byte);
}

/** peek -- bytes of memory. */
export const peek = ({ hart }: Pick<Thread, 'hart'>, slot: number, offset: number, length: number): number[] =>
  Array.from({ length }, (_, index) => hart.load8(slot, offset + index));

/** text -- the same as a string. */
export const text = (thread: Pick<Thread, 'hart'>, slot: number, offset: number, length: number): string =>
  String.fromCharCode(...peek(thread, slot, offset, length));

/** path -- a path into a slot's page, with its zero. */
export function path(thread: Pick<Thread, 'hart'>, value: string, slot: number = PATH): number {
  poke(thread, slot, 0, `${value}\0`);
  return slot;
}

/** narrow -- the first `length` bytes of the buffer, in slot TEMP. */
export function narrow({ hart }: Pick<Thread, 'hart'>, length: number): number {
  setBounds(hart, TEMP, BUFFER, length);
  return TEMP;
}

// Calls --------------------------------------------------------------------------------------------------------------

/** name -- the result of a call: a count as it is, an error that is negated by its name. */
export const name = (result: number): number | string => (result < 0 ? errnoName(-result) : result);

/** opened -- a descriptor of a path, which must be had. */
export function opened({ files, thread }: FileRig, value: string, flags: number = O_RDWR | O_CREAT, mode?: number): number {
  const fd = files.open(thread, path(thread, value), flags, mode);
  expect(name(fd)).toBeTypeOf('number');
  return fd;
}

/** piped -- the two descriptors that `make` writes. */
export function pairOf({ thread }: FileRig, make: () => number): [number, number] {
  expect(make()).toBe(0);
  return [thread.hart.load32(BUFFER, 0), thread.hart.load32(BUFFER, 4)];
}

/** alive -- what a call returns; an error with few words if it ends the process, for Unwind has the whole kernel in it. */
export function alive<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw error instanceof Unwind ? new Error(error.message) : error;
  }
}

/** now -- the result of a call that must not wait. */
export function now(call: Generator<Wait, number, unknown>): number | string {
  const turn = alive(() => call.next());
  if (turn.done !== true) throw new Error(`it waits for ${turn.value.what}`);
  return name(turn.value);
}

/** A call that waits. */
export interface Waiting {
  readonly wait: Sleep;
  /** Go on, which must end it. */
  result(): number | string;
  /** Go on, which must not. */
  again(): void;
}

/** waiting -- a call that must wait. */
export function waiting(call: Generator<Wait, number, unknown>): Waiting {
  const next = (): Sleep => {
    const turn = call.next();
    if (turn.done === true || !(turn.value instanceof Sleep)) throw new Error(turn.done === true ? `it has ended with ${name(turn.value)}` : 'it waits otherwise');
    return turn.value;
  };
  const wait = next();
  return { wait, result: () => now(call), again: () => void next() };
}

/** writeNow, readNow -- text through the buffer, of calls that must not wait. */
export function writeNow({ files, thread }: FileRig, fd: number, value: string): number | string {
  poke(thread, BUFFER, 0, value);
  return now(files.write(thread, fd, BUFFER, value.length));
}

export function readNow({ files, thread }: FileRig, fd: number, length: number): number | string {
  const count = now(files.read(thread, fd, BUFFER, length));
  return typeof count === 'number' ? text(thread, BUFFER, 0, count) : count;
}

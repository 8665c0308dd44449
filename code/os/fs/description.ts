/* description.ts: OPEN FILE DESCRIPTIONS
 *
 * What an open makes, and what descriptors that were duplicated or inherited have in common: a place in something that can be read or
 * written, and how <design/files#.def.description>.
 */
import type { Thread } from '../thread.ts';
import type { Channel } from '../wait.ts';
import { EFBIG } from '../errno.ts';
import { O_ACCMODE, O_APPEND, O_NONBLOCK, O_RDONLY, O_STATUS, O_WRONLY, POLLIN, POLLOUT, POLLRDNORM } from './flags.ts';
import type { FileStat } from './stat.ts';

export type FileType = 'regular' | 'directory' | 'device' | 'pipe' | 'socket' | 'shm';

/** What can be open. Calls return a count or an error number negated; -EAGAIN if there is something to wait for. */
export interface Backing {
  readonly type: FileType;
  /** It has places that can be sought; else its descriptions' offsets mean nothing. */
  readonly isSeekable: boolean;
  /** Bytes. */
  readonly size: number;
  /** Told when there is something to read, and when there is room to write. */
  readonly channels: readonly Channel[];
  /** read -- up to `length` bytes from place `at` on, to `from` of a slot. */
  read(thread: Thread, slot: number, from: number, length: number, at: number): number;
  /** write -- of a call that is to write `length` bytes of a slot those from `from` on, to place `at`. */
  write(thread: Thread, slot: number, from: number, length: number, at: number): number;
  /** hasInput, hasRoom -- whether reading, and writing so, would not have to wait. */
  hasInput(): boolean;
  hasRoom(from: number, length: number): boolean;
  /** What poll tells, of all that it can be asked for. */
  events(): number;
  stat(): FileStat;
  /** close -- a description of it is gone. */
  close(): void;
}

/** What has places, and never has anybody wait. */
export abstract class Placed {
  readonly isSeekable = true;
  readonly channels: readonly Channel[] = [];

  hasInput(): boolean {
    return true;
  }

  hasRoom(): boolean {
    return true;
  }

  events(): number {
    return POLLIN | POLLRDNORM | POLLOUT;
  }
}

/** A description. */
export class Description {
  readonly backing: Backing;
  /** For reports: the path that was opened, or what it is. */
  readonly name: string;
  readonly access: number;
  /** O_APPEND and O_NONBLOCK. */
  status: number;
  /** Bytes; with directories what `entries` counts. */
  offset: number = 0;
  /** Descriptors that have it, and calls that are at it. */
  private holders: number = 1;

  constructor(backing: Backing, name: string, flags: number) {
    this.backing = backing;
    this.name = name;
    this.access = flags & O_ACCMODE;
    this.status = flags & O_STATUS;
  }

  hold(): this {
    this.holders += 1;
    return this;
  }

  /** drop -- one holder fewer; with the last it is closed. */
  drop(): void {
    this.holders -= 1;
    if (this.holders === 0) this.backing.close();
  }

  get mayRead(): boolean {
    return this.access !== O_WRONLY;
  }

  get mayWrite(): boolean {
    return this.access !== O_RDONLY;
  }

  /** Whether what is written goes to the end. */
  get appends(): boolean {
    return (this.status & O_APPEND) !== 0;
  }

  get isBlocking(): boolean {
    return (this.status & O_NONBLOCK) === 0;
  }

  /** read -- from the offset, which goes on by what has been read. */
  read(thread: Thread, slot: number, length: number): number {
    const count = this.backing.read(thread, slot, 0, length, this.offset);
    if (count > 0) this.offset += count;
    return count;
  }

  /** write -- what follows the first `from` bytes, at the offset or at the end; no byte to a place from `limit` on. */
  write(thread: Thread, slot: number, from: number, length: number, limit: number): number {
    const { backing } = this, at = this.appends && backing.isSeekable ? backing.size : this.offset;
    const count = writeAt(backing, thread, slot, from, length, at, limit);
    if (count > 0) this.offset = at + count;
    return count;
  }
}

/** writeAt -- `write` of what is open, but no byte to a place from `limit` on: EFBIG if that leaves none. Only what holds bytes asks. */
export function writeAt(
  backing: Backing, thread: Thread, slot: number, from: number, length: number, at: number, limit: number,
): number {
  if (backing.type !== 'regular' && backing.type !== 'shm') return backing.write(thread, slot, from, length, at);
  if (at >= limit && length > from) return -EFBIG;
  return backing.write(thread, slot, from, Math.min(length, from + limit - at), at);
}

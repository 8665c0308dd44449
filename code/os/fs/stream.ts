/* stream.ts: STREAMS AND MESSAGES
 *
 * What lies between who writes and who reads, in the kernel: a stream of bytes, or messages that stay whole <design/pipe>. Bytes alone:
 * a capability that is written is its bytes <design/copy#.inv.tags>.
 */
import { EAGAIN, ECONNRESET, EFAULT, EMSGSIZE, EPIPE } from '../errno.ts';
import type { Thread } from '../thread.ts';
import { Channel } from '../wait.ts';
import { copyIn, copyOut } from './copy.ts';

/** So many bytes are written all at once or not yet <design/pipe#.inv.atomic>. */
export const PIPE_BUF = 512;

/** Bytes of the longest message. */
export const MessageMAX = 2048;

/** Between a writing side and a reading one; calls return counts or error numbers negated. */
export interface Conduit {
  /** Told when there is more to read, and when there is more room. */
  readonly input: Channel;
  readonly output: Channel;
  /** Bytes that wait. */
  readonly count: number;
  readonly isReading: boolean;
  readonly isWriting: boolean;
  read(thread: Thread, slot: number, from: number, length: number): number;
  write(thread: Thread, slot: number, from: number, length: number): number;
  hasInput(): boolean;
  hasRoom(from: number, length: number): boolean;
  /** endReading -- nobody reads any more: what waits is dropped. */
  endReading(): void;
  /** endWriting -- nobody writes any more: when all has been read there is an end. */
  endWriting(): void;
}

abstract class Sides {
  readonly input: Channel = new Channel();
  readonly output: Channel = new Channel();
  count: number = 0;
  isReading: boolean = true;
  isWriting: boolean = true;

  hasInput(): boolean {
    return this.count > 0 || !this.isWriting || !this.isReading;
  }

  endReading(): void {
    this.isReading = false;
    this.drain();
    this.wake();
  }

  endWriting(): void {
    this.isWriting = false;
    this.wake();
  }

  protected wake(): void {
    this.input.wake();
    this.output.wake();
  }

  protected abstract drain(): void;
}

/** Bytes in order. */
export class Stream extends Sides implements Conduit {
  private readonly ring: Uint8Array;
  private head: number = 0;

  /** `capacity` is in bytes, at least PIPE_BUF. */
  constructor(capacity: number) {
    super();
    this.ring = new Uint8Array(capacity);
  }

  /** read -- what there is, at most `length`: 0 at the end. What cannot be delivered stays. */
  read(thread: Thread, slot: number, from: number, length: number): number {
    if (this.count === 0) return this.hasInput() ? 0 : -EAGAIN;
    const want = Math.min(length, this.count), first = Math.min(want, this.ring.length - this.head);
    let done = copyOut(thread, slot, from, this.ring.subarray(this.head, this.head + first));
    if (done === first) done += copyOut(thread, slot, from + first, this.ring.subarray(0, want - first));
    if (done === 0 && want > 0) return -EFAULT;
    this.head = (this.head + done) % this.ring.length;
    this.count -= done;
    this.output.wake();
    return done;
  }

  write(thread: Thread, slot: number, from: number, length: number): number {
    if (!this.isReading) return -EPIPE;
    if (!this.hasRoom(from, length)) return -EAGAIN;
    const bytes = copyIn(thread, slot, from, Math.min(length - from, this.room));
    if (bytes.length === 0) return length === from ? 0 : -EFAULT;
    const tail = (this.head + this.count) % this.ring.length, first = Math.min(bytes.length, this.ring.length - tail);
    this.ring.set(bytes.subarray(0, first), tail);
    this.ring.set(bytes.subarray(first), 0);
    this.count += bytes.length;
    this.input.wake();
    return bytes.length;
  }

  private get room(): number {
    return this.ring.length - this.count;
  }

  hasRoom(from: number, length: number): boolean {
    if (!this.isReading) return true;
    const isWhole = from === 0 && length <= PIPE_BUF;
    return this.room >= (isWhole ? length : 1);
  }

  protected drain(): void {
    this.count = 0;
  }
}

/** Messages in order. */
export class Messages extends Sides implements Conduit {
  private readonly queue: Uint8Array[] = [];
  private readonly capacity: number;

  /** `capacity` is in bytes, at least MessageMAX. */
  constructor(capacity: number) {
    super();
    this.capacity = capacity;
  }

  /** read -- the next message, or as much of it as there is room for; the rest of it is lost, but not if nothing can be delivered. */
  read(thread: Thread, slot: number, from: number, length: number): number {
    if (this.queue.length === 0) return this.hasInput() ? 0 : -EAGAIN;
    const message = this.queue[0].subarray(0, length), done = copyOut(thread, slot, from, message);
    if (done === 0 && message.length > 0) return -EFAULT;
    this.count -= this.queue[0].length + 1;
    this.queue.shift();
    this.output.wake();
    return done;
  }

  write(thread: Thread, slot: number, from: number, length: number): number {
    if (!this.isReading) return -ECONNRESET;
    if (length > MessageMAX) return -EMSGSIZE;
    if (!this.hasRoom(from, length)) return -EAGAIN;
    const bytes = copyIn(thread, slot, from, length);
    if (bytes.length < length) return -EFAULT;
    this.queue.push(bytes);
    this.count += length + 1;
    this.input.wake();
    return length;
  }

  hasRoom(_from: number, length: number): boolean {
    return !this.isReading || length > MessageMAX || this.count + length + 1 <= this.capacity;
  }

  protected drain(): void {
    this.queue.length = 0;
    this.count = 0;
  }
}

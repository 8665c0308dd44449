/* pipe.ts: PIPES AND SOCKETS
 *
 * What threads and processes send each other bytes through: a pipe has an end to read from and one to write to, sockets come in pairs
 * and are both <design/pipe>.
 */
import { EBADF, EINVAL, ENOTCONN, EPIPE } from '../errno.ts';
import type { Thread } from '../thread.ts';
import type { Channel } from '../wait.ts';
import type { Backing } from './description.ts';
import {
  POLLHUP, POLLIN, POLLOUT, POLLRDNORM, S_IFIFO, S_IFSOCK, SHUT_RD, SHUT_RDWR, SHUT_WR, SOCK_DGRAM,
} from './flags.ts';
import type { FileStat } from './stat.ts';
import { MessageMAX, Messages, PIPE_BUF, Stream, type Conduit } from './stream.ts';

/** Bytes that a pipe, and one direction of a pair of sockets, hold. */
export const PipeSIZE = 16_384;
export const SocketSIZE = 8192;

const statOf = (mode: number, size: number): FileStat => ({ device: 0, id: 0, mode, links: 1, size, modified: 0 });

abstract class PipeEnd {
  readonly type = 'pipe';
  readonly isSeekable = false;
  readonly channels: readonly Channel[];
  protected readonly stream: Stream;

  constructor(stream: Stream, channel: Channel) {
    this.stream = stream;
    this.channels = [channel];
  }

  get size(): number {
    return this.stream.count;
  }

  stat(): FileStat {
    return statOf(S_IFIFO | 0o600, this.size);
  }
}

/** The end that is read. */
export class PipeReader extends PipeEnd implements Backing {
  constructor(stream: Stream) {
    super(stream, stream.input);
  }

  read(thread: Thread, slot: number, from: number, length: number): number {
    return this.stream.read(thread, slot, from, length);
  }

  write(): number {
    return -EBADF;
  }

  hasInput(): boolean {
    return this.stream.hasInput();
  }

  hasRoom(): boolean {
    return true;
  }

  events(): number {
    const { stream } = this;
    return (stream.hasInput() ? POLLIN | POLLRDNORM : 0) | (stream.isWriting ? 0 : POLLHUP);
  }

  close(): void {
    this.stream.endReading();
  }
}

/** The end that is written. */
export class PipeWriter extends PipeEnd implements Backing {
  constructor(stream: Stream) {
    super(stream, stream.output);
  }

  read(): number {
    return -EBADF;
  }

  write(thread: Thread, slot: number, from: number, length: number): number {
    return this.stream.write(thread, slot, from, length);
  }

  hasInput(): boolean {
    return true;
  }

  hasRoom(from: number, length: number): boolean {
    return this.stream.hasRoom(from, length);
  }

  events(): number {
    if (!this.stream.isReading) return POLLHUP;
    return this.stream.hasRoom(0, PIPE_BUF) ? POLLOUT : 0;
  }

  close(): void {
    this.stream.endWriting();
  }
}

/** One of a pair. */
export class Socket implements Backing {
  readonly type = 'socket';
  readonly isSeekable = false;
  readonly channels: readonly Channel[];
  private readonly incoming: Conduit;
  private readonly outgoing: Conduit;
  /** What there must be room for that poll says so. */
  private readonly unit: number;
  /** The other one has been closed. */
  private isAlone: boolean = false;
  private peer: Socket | null = null;

  constructor(incoming: Conduit, outgoing: Conduit, unit: number) {
    this.incoming = incoming;
    this.outgoing = outgoing;
    this.unit = unit;
    this.channels = [incoming.input, outgoing.output];
  }

  /** join -- two sockets are a pair. */
  join(peer: Socket): void {
    this.peer = peer;
    peer.peer = this;
  }

  get size(): number {
    return this.incoming.count;
  }

  read(thread: Thread, slot: number, from: number, length: number): number {
    return this.incoming.read(thread, slot, from, length);
  }

  write(thread: Thread, slot: number, from: number, length: number): number {
    return this.outgoing.isWriting ? this.outgoing.write(thread, slot, from, length) : -EPIPE;
  }

  hasInput(): boolean {
    return this.incoming.hasInput();
  }

  hasRoom(from: number, length: number): boolean {
    return !this.outgoing.isWriting || this.outgoing.hasRoom(from, length);
  }

  events(): number {
    const { incoming, outgoing } = this, isOver = !(incoming.isWriting && incoming.isReading) && !(outgoing.isWriting && outgoing.isReading);
    return (incoming.hasInput() ? POLLIN | POLLRDNORM : 0) | (outgoing.hasRoom(0, this.unit) ? POLLOUT : 0) | (isOver ? POLLHUP : 0);
  }

  /** shutdown -- be done with reading, writing or both: 0, EINVAL, or ENOTCONN if there is nobody to be done with. */
  shutdown(how: number): number {
    if (how !== SHUT_RD && how !== SHUT_WR && how !== SHUT_RDWR) return EINVAL;
    if (this.isAlone) return ENOTCONN;
    if (how !== SHUT_WR) this.incoming.endReading();
    if (how !== SHUT_RD) this.outgoing.endWriting();
    return 0;
  }

  stat(): FileStat {
    return statOf(S_IFSOCK | 0o600, this.size);
  }

  close(): void {
    this.incoming.endReading();
    this.outgoing.endWriting();
    if (this.peer !== null) this.peer.isAlone = true;
  }
}

/** socketPair -- two sockets of a type, each of which reads what is written to the other. */
export function socketPair(type: number): [Socket, Socket] {
  const isStream = type !== SOCK_DGRAM, make = (): Conduit => (isStream ? new Stream(SocketSIZE) : new Messages(SocketSIZE));
  const one = make(), other = make(), unit = isStream ? PIPE_BUF : MessageMAX;
  const pair: [Socket, Socket] = [new Socket(one, other, unit), new Socket(other, one, unit)];
  pair[0].join(pair[1]);
  return pair;
}

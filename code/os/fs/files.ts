/* files.ts: THE FILES OF A PROCESS
 *
 * Its descriptors, where its relative paths begin, and the calls on both <design/files>. A call takes the thread that makes it where it
 * reaches that thread's memory, or may wait or signal it. Counts, offsets and descriptors are returned, errors instead of them negated;
 * whatever else returns 0 or an error.
 */
import { EAGAIN, EBADF, EFAULT, EINVAL, EMFILE, EFBIG, ENOTDIR, ENOTSOCK, EOVERFLOW, ESPIPE } from '../errno.ts';
import { endingCheck } from '../proc/ending.ts';
import { Limits, RLIMIT_FSIZE, RLIMIT_NOFILE } from '../proc/limits.ts';
import type { Thread } from '../thread.ts';
import { sleep, type Wait } from '../wait.ts';
import { Content } from './content.ts';
import { copyOut, copyOutAll, copyPath } from './copy.ts';
import { Description, writeAt, type Backing } from './description.ts';
import { Descriptors, type FileView } from './descriptors.ts';
import { Directory } from './directory.ts';
import type { FileSystem } from './file-system.ts';
import {
  F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_GETFL, F_SETFD, F_SETFL, FD_CLOEXEC, O_ACCMODE, O_CLOEXEC, O_CREAT, O_DIRECTORY, O_KNOWN, O_NONBLOCK,
  O_RDONLY, O_RDWR, O_STATUS, O_WRONLY, SEEK_CUR, SEEK_END, SEEK_SET, SOCK_CLOEXEC, SOCK_DGRAM, SOCK_NONBLOCK, SOCK_STREAM,
} from './flags.ts';
import { PipeReader, PipeSIZE, PipeWriter, Socket, socketPair } from './pipe.ts';
import { poll } from './poll.ts';
import { ended, refused } from './refusal.ts';
import { direntBytes, statBytes } from './stat.ts';
import { Stream } from './stream.ts';

/** The kernel's part in the files of a process. */
export interface FileKernel {
  readonly fileSystem: FileSystem;
  readonly current: Thread | null;
}

/** Descriptors of a process, whatever its limit. */
const DescriptorMAX = 0x1_0000;

/** Bytes that one call may transfer. */
const TransferMAX = 0x7fff_ffff;

const isTransfer = (length: number): boolean => Number.isInteger(length) && length >= 0 && length <= TransferMAX;

/** The files of a process. */
export class Files {
  private readonly kernel: FileKernel;
  private readonly limits: Limits;
  private readonly descriptors: Descriptors;
  /** Where relative paths begin. */
  directory: Directory;

  /** Without descriptors, at the root; `limits` are asked at each call. */
  constructor(kernel: FileKernel, limits: Limits = new Limits(), from: Files | null = null) {
    this.kernel = kernel;
    this.limits = limits;
    this.descriptors = from === null ? new Descriptors() : from.descriptors.copy();
    this.directory = from === null ? kernel.fileSystem.root : from.directory;
  }

  // Processes ----------------------------------------------------------------------------------------------------------

  /** fork -- a child's: descriptors of its own, for the same descriptions <design/files#.inv.shared>. */
  fork(limits: Limits): Files {
    return new Files(this.kernel, limits, this);
  }

  /** exec -- another program: descriptors that are to be closed then are. */
  exec(): void {
    this.descriptors.exec();
  }

  /** finish -- the process is over: all are closed. */
  finish(): void {
    this.descriptors.finish();
  }

  /** list -- the descriptors in order, for procstat -f. */
  list(): FileView[] {
    return this.descriptors.list();
  }

  /** description -- what a descriptor is of, for a call that begins; null if it is none's. */
  description(fd: number): Description | null {
    endingCheck(this.kernel);
    return this.descriptors.find(fd)?.description ?? null;
  }

  // Opening and closing ------------------------------------------------------------------------------------------------

  /** open -- a descriptor for the path in a slot, made with these permissions if O_CREAT says so; -EINVAL for other flags, -EFAULT or
   * -ENAMETOOLONG for the path, -EMFILE, or what FileSystem.open says. */
  open(thread: Thread, slot: number, flags: number, mode: number = 0o666): number {
    endingCheck(this.kernel);
    const isWrong = (flags & ~O_KNOWN) !== 0 || (flags & O_ACCMODE) === O_ACCMODE
      || (flags & (O_CREAT | O_DIRECTORY)) === (O_CREAT | O_DIRECTORY);
    if (isWrong) return -EINVAL;
    const path = copyPath(thread, slot);
    if (typeof path === 'number') return -path;
    if (this.free() < 0) return -EMFILE;
    const opened = this.kernel.fileSystem.open(this.directory, path, flags, mode);
    return typeof opened === 'number' ? -opened : this.add(opened.node, opened.path, flags);
  }

  /** shmOpen -- shm_open(SHM_ANON): a descriptor of memory that is shared by whoever maps it, at first none. */
  shmOpen(flags: number): number {
    endingCheck(this.kernel);
    if ((flags & ~(O_ACCMODE | O_CLOEXEC)) !== 0 || (flags & O_ACCMODE) === O_WRONLY || (flags & O_ACCMODE) === O_ACCMODE) return -EINVAL;
    return this.free() < 0 ? -EMFILE : this.add(this.kernel.fileSystem.shm(), 'SHM_ANON', flags);
  }

  /** One more than the greatest descriptor may be. */
  private get most(): number {
    return Math.min(this.limits.soft(RLIMIT_NOFILE), DescriptorMAX);
  }

  private free(from: number = 0): number {
    return this.descriptors.free(from, this.most);
  }

  /** add -- a new description at the lowest descriptor, which there must be. */
  private add(backing: Backing, name: string, flags: number): number {
    if (backing instanceof Content) backing.open();
    return this.descriptors.put(this.free(), new Description(backing, name, flags), (flags & O_CLOEXEC) !== 0);
  }

  /** close -- a descriptor is none's any more: 0 or EBADF. What it was for goes with its last descriptor. */
  close(fd: number): number {
    endingCheck(this.kernel);
    return this.descriptors.close(fd) ? 0 : EBADF;
  }

  /** dup -- the lowest free descriptor, for the same; -EBADF or -EMFILE. */
  dup(fd: number): number {
    return this.dupFrom(fd, 0, false);
  }

  private dupFrom(fd: number, from: number, closesOnExec: boolean): number {
    const found = this.description(fd);
    if (found === null) return -EBADF;
    if (!Number.isInteger(from) || from < 0 || from >= this.most) return -EINVAL;
    const to = this.free(from);
    return to < 0 ? -EMFILE : this.descriptors.put(to, found.hold(), closesOnExec);
  }

  /** dup2 -- have descriptor `to` be for what `fd` is for; it is closed first if it was for something else. `to`, or -EBADF. */
  dup2(fd: number, to: number): number {
    const found = this.description(fd);
    if (found === null || !Number.isInteger(to) || to < 0 || to >= this.most) return -EBADF;
    if (fd === to) return to;
    found.hold();
    this.descriptors.close(to);
    return this.descriptors.put(to, found, false);
  }

  /** fcntl -- F_DUPFD and F_DUPFD_CLOEXEC a descriptor from `argument` on, F_GETFD and F_GETFL flags, F_SETFD and F_SETFL 0; -EBADF,
   * -EINVAL, -EMFILE. */
  fcntl(fd: number, command: number, argument: number = 0): number {
    endingCheck(this.kernel);
    const found = this.descriptors.find(fd);
    if (found === null) return -EBADF;
    const { description } = found;
    switch (command) {
      case F_DUPFD: case F_DUPFD_CLOEXEC: return this.dupFrom(fd, argument, command === F_DUPFD_CLOEXEC);
      case F_GETFD: return found.closesOnExec ? FD_CLOEXEC : 0;
      case F_SETFD:
        found.closesOnExec = (argument & FD_CLOEXEC) !== 0;
        return 0;
      case F_GETFL: return description.access | description.status;
      case F_SETFL:
        description.status = argument & O_STATUS;
        return 0;
      default: return -EINVAL;
    }
  }

  // Reading and writing ------------------------------------------------------------------------------------------------

  /** read -- up to `length` bytes to a slot; 0 at the end. Waits where there is nothing yet, unless O_NONBLOCK: -EAGAIN. -EBADF, -EINVAL,
   * -EISDIR, -EFAULT, -EIO, -EINTR. */
  *read(thread: Thread, fd: number, slot: number, length: number): Generator<Wait, number, unknown> {
    thread.testCancel();
    const description = this.description(fd);
    if (description?.mayRead !== true) return -EBADF;
    if (!isTransfer(length)) return -EINVAL;
    if (length === 0 && description.backing.type !== 'directory') return 0;
    const { backing } = description.hold();
    try {
      for (;;) {
        const count = description.read(thread, slot, length);
        if (count !== -EAGAIN || !description.isBlocking) return count;
        const error = yield* sleep(thread, `something to read from ${description.name}`, backing.channels, () => backing.hasInput());
        if (error !== 0) return -error;
      }
    } finally {
      description.drop();
    }
  }

  /** write -- `length` bytes of a slot. Waits until all are written, unless O_NONBLOCK; fewer if it is interrupted meanwhile, or if
   * there is an error with what follows <design/files#.inv.short>. If that is none, -EAGAIN, -EBADF, -EINVAL, -EFAULT, -EFBIG, -ENOSPC, -EPIPE,
   * -EMSGSIZE, -ECONNRESET or -EINTR. */
  *write(thread: Thread, fd: number, slot: number, length: number): Generator<Wait, number, unknown> {
    thread.testCancel();
    const description = this.description(fd);
    if (description?.mayWrite !== true) return -EBADF;
    if (!isTransfer(length)) return -EINVAL;
    const { backing } = description.hold();
    try {
      for (let done = 0; ;) {
        const count = description.write(thread, slot, done, length, this.limits.soft(RLIMIT_FSIZE));
        if (count >= 0) {
          done += count;
          if (done === length) return done;
          continue;
        }
        if (count !== -EAGAIN || !description.isBlocking) return done === 0 ? refused(thread, count) : ended(thread, backing, count, done);
        const from = done, restarts = from === 0;
        const error = yield* sleep(thread, `room in ${description.name}`, backing.channels, () => backing.hasRoom(from, length), { restarts });
        if (error !== 0) return done > 0 ? done : -error;
      }
    } finally {
      description.drop();
    }
  }

  /** pread -- read from a place in bytes, without moving; also -ESPIPE where there are no places. */
  pread(thread: Thread, fd: number, slot: number, length: number, at: number): number {
    const description = this.description(fd);
    if (description?.mayRead !== true) return -EBADF;
    if (!description.backing.isSeekable) return -ESPIPE;
    if (!isTransfer(length) || !isPlace(at)) return -EINVAL;
    return description.backing.read(thread, slot, 0, length, at);
  }

  /** pwrite -- write to a place, without moving, also with O_APPEND; also -ESPIPE. */
  pwrite(thread: Thread, fd: number, slot: number, length: number, at: number): number {
    const description = this.description(fd);
    if (description?.mayWrite !== true) return -EBADF;
    if (!description.backing.isSeekable) return -ESPIPE;
    if (!isTransfer(length) || !isPlace(at)) return -EINVAL;
    const count = writeAt(description.backing, thread, slot, 0, length, at, this.limits.soft(RLIMIT_FSIZE));
    return refused(thread, count);
  }

  /** lseek -- have reading and writing go on at another place, which is returned; -EBADF, -ESPIPE, -EINVAL, -EOVERFLOW. */
  lseek(fd: number, offset: number, whence: number): number {
    const description = this.description(fd);
    if (description === null) return -EBADF;
    const { backing } = description;
    if (!backing.isSeekable) return -ESPIPE;
    if (!Number.isInteger(offset) || (whence !== SEEK_SET && whence !== SEEK_CUR && whence !== SEEK_END)) return -EINVAL;
    const place = offset + (whence === SEEK_SET ? 0 : whence === SEEK_CUR ? description.offset : backing.size);
    if (place > Number.MAX_SAFE_INTEGER) return -EOVERFLOW;
    if (place < 0) return -EINVAL;
    description.offset = place;
    return place;
  }

  /** ftruncate -- have a file, or shared memory, be `size` bytes long: 0; EBADF; EINVAL for what cannot, or may not be written; EFBIG. */
  ftruncate(thread: Thread, fd: number, size: number): number {
    const description = this.description(fd);
    if (description === null) return EBADF;
    const { backing } = description;
    if (!(backing instanceof Content) || !description.mayWrite || !isPlace(size)) return EINVAL;
    const error = size > backing.size && size > this.limits.soft(RLIMIT_FSIZE) ? EFBIG : backing.truncate(size);
    refused(thread, -error);
    return error;
  }

  /** fsync -- what has been written is in memory, which is all there is: 0, EBADF, or EINVAL for pipes and sockets. */
  fsync(fd: number): number {
    const description = this.description(fd);
    if (description === null) return EBADF;
    return description.backing.isSeekable ? 0 : EINVAL;
  }

  /** fstat -- a `struct stat` to a slot: 0, EBADF or EFAULT. */
  fstat(thread: Thread, fd: number, slot: number): number {
    const description = this.description(fd);
    return description === null ? EBADF : copyOutAll(thread, slot, 0, statBytes(description.backing.stat()));
  }

  /** getdirentries -- what follows in a directory, as `struct dirent`s to a slot, as many as fit; 0 at the end.
   * -EBADF, -ENOTDIR, -EFAULT, -EINVAL where not one fits. */
  getdirentries(thread: Thread, fd: number, slot: number, length: number): number {
    const description = this.description(fd);
    if (description === null) return -EBADF;
    const { backing } = description;
    if (!(backing instanceof Directory)) return -ENOTDIR;
    let done = 0;
    for (const entry of backing.from(description.offset)) {
      const bytes = direntBytes(entry);
      if (done + bytes.length > length) return done > 0 ? done : -EINVAL;
      if (copyOut(thread, slot, done, bytes) < bytes.length) return done > 0 ? done : -EFAULT;
      done += bytes.length;
      description.offset = entry.next;
    }
    return done;
  }

  // Pipes and sockets ----------------------------------------------------------------------------------------------------

  /** pipe -- two descriptors to a slot, as words: for reading and for writing. `flags` are O_NONBLOCK and O_CLOEXEC. 0, EINVAL, EMFILE or
   * EFAULT, and nothing is open then. */
  pipe(thread: Thread, slot: number, flags: number = 0): number {
    if ((flags & ~(O_NONBLOCK | O_CLOEXEC)) !== 0) return EINVAL;
    const stream = new Stream(PipeSIZE);
    return this.addTwo(thread, slot, 'pipe', [
      { backing: new PipeReader(stream), flags: flags | O_RDONLY }, { backing: new PipeWriter(stream), flags: flags | O_WRONLY },
    ]);
  }

  /** socketpair -- two descriptors to a slot, of sockets which are each other's: SOCK_STREAM or SOCK_DGRAM, with SOCK_NONBLOCK and
   * SOCK_CLOEXEC. As `pipe`. */
  socketpair(thread: Thread, type: number, slot: number): number {
    const kind = type & ~(SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (kind !== SOCK_STREAM && kind !== SOCK_DGRAM) return EINVAL;
    const flags = O_RDWR | ((type & SOCK_CLOEXEC) === 0 ? 0 : O_CLOEXEC) | ((type & SOCK_NONBLOCK) === 0 ? 0 : O_NONBLOCK);
    const [one, other] = socketPair(kind);
    return this.addTwo(thread, slot, 'socket', [{ backing: one, flags }, { backing: other, flags }]);
  }

  private addTwo(thread: Thread, slot: number, name: string, ends: readonly { backing: Backing; flags: number }[]): number {
    endingCheck(this.kernel);
    const fds: number[] = [];
    for (const { backing, flags } of ends) if (this.free() >= 0) fds.push(this.add(backing, name, flags));
    const error = fds.length < 2 ? EMFILE : copyOutAll(thread, slot, 0, new Uint8Array(new Int32Array(fds).buffer));
    if (error !== 0) for (const fd of fds) this.close(fd);
    return error;
  }

  /** shutdown -- be done with reading, writing or both of a socket, SHUT_RD, SHUT_WR or SHUT_RDWR: 0, EBADF, ENOTSOCK, EINVAL, ENOTCONN. */
  shutdown(fd: number, how: number): number {
    const description = this.description(fd);
    if (description === null) return EBADF;
    return description.backing instanceof Socket ? description.backing.shutdown(how) : ENOTSOCK;
  }

  /** poll -- wait until one of `count` descriptors is as asked; they are `struct pollfd`s in a slot, 8 bytes each, and what has come of
   * each is written there. How many; 0 after `timeout` microseconds, if that is not negative. -EINVAL, -EFAULT, -EINTR. */
  *poll(thread: Thread, slot: number, count: number, timeout: number): Generator<Wait, number, unknown> {
    thread.testCancel();
    if (!Number.isInteger(count) || count < 0 || count > this.most || Number.isNaN(timeout)) return -EINVAL;
    return yield* poll(thread, slot, count, timeout, (fd) => this.description(fd));
  }

  // Names ----------------------------------------------------------------------------------------------------------------

  /** stat -- a `struct stat` of the path in one slot to another; 0 or an error, as all calls on names: EFAULT or ENAMETOOLONG for the path,
   * or what FileSystem says. */
  stat(thread: Thread, slot: number, into: number): number {
    return this.withPath(thread, slot, (path) => {
      const node = this.kernel.fileSystem.walk(this.directory, path);
      return typeof node === 'number' ? node : copyOutAll(thread, into, 0, statBytes(node.stat()));
    });
  }

  mkdir(thread: Thread, slot: number, mode: number = 0o777): number {
    return this.withPath(thread, slot, (path) => this.kernel.fileSystem.mkdir(this.directory, path, mode));
  }

  rmdir(thread: Thread, slot: number): number {
    return this.withPath(thread, slot, (path) => this.kernel.fileSystem.rmdir(this.directory, path));
  }

  unlink(thread: Thread, slot: number): number {
    return this.withPath(thread, slot, (path) => this.kernel.fileSystem.unlink(this.directory, path));
  }

  rename(thread: Thread, oldSlot: number, newSlot: number): number {
    return this.withPath(thread, oldSlot, (oldPath) => this.withPath(thread, newSlot, (newPath) =>
      this.kernel.fileSystem.rename(this.directory, oldPath, newPath)));
  }

  /** chdir -- relative paths begin at another directory. */
  chdir(thread: Thread, slot: number): number {
    return this.withPath(thread, slot, (path) => {
      const node = this.kernel.fileSystem.walk(this.directory, path);
      if (typeof node === 'number') return node;
      if (!(node instanceof Directory)) return ENOTDIR;
      this.directory = node;
      return 0;
    });
  }

  private withPath(thread: Thread, slot: number, call: (path: string) => number): number {
    endingCheck(this.kernel);
    const path = copyPath(thread, slot);
    return typeof path === 'number' ? path : call(path);
  }
}

const isPlace = (at: number): boolean => Number.isSafeInteger(at) && at >= 0;

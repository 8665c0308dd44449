import { describe, expect, test } from 'vitest';
import { slotRead, slotWrite } from '../../../code/machine/machine.ts';
import { errnoName } from '../../../code/os/errno.ts';
import { FileMAX } from '../../../code/os/fs/content.ts';
import {
  F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_GETFL, F_SETFD, F_SETFL, FD_CLOEXEC, O_APPEND, O_CLOEXEC, O_CREAT, O_DIRECTORY, O_EXCL, O_NONBLOCK, O_RDONLY,
  O_RDWR, O_WRONLY, SEEK_CUR, SEEK_END, SEEK_SET, SOCK_STREAM,
} from '../../../code/os/fs/flags.ts';
import { fileSource } from '../../../code/os/fs/source.ts';
import { Limits, RLIM_INFINITY, RLIMIT_FSIZE, RLIMIT_NOFILE } from '../../../code/os/proc/limits.ts';
import { SIGXFSZ } from '../../../code/os/signal.ts';
import { close, handle } from '../rig.ts';
import {
  alive, BUFFER, BufferPAGES, fileRig, name, narrow, now, opened, PAGE, pairOf, path, peek, poke, readNow, text, waiting, writeNow, type FileRig,
} from './rig.ts';

const bad = 77;

/** second -- forbid the second page of the buffer. */
function second(r: FileRig): void {
  const { hart } = r.thread, cap = slotRead(hart, BUFFER);
  slotWrite(hart, 9, { ...cap, lo: cap.lo + BigInt(PAGE) });
  close(r.thread, 9);
}

describe('errors', () => {
  test('a descriptor that is none, or not for this, is EBADF in every call <design/files#.def.descriptor>', () => {
    const r = fileRig(), { files, thread } = r, readable = opened(r, '/f', O_RDONLY | O_CREAT), writable = opened(r, '/f', O_WRONLY);
    for (const fd of [bad, -1, 1.5, NaN]) {
      const counts = [
        now(files.read(thread, fd, BUFFER, 1)), now(files.write(thread, fd, BUFFER, 1)), name(files.pread(thread, fd, BUFFER, 1, 0)),
        name(files.pwrite(thread, fd, BUFFER, 1, 0)), name(files.lseek(fd, 0, SEEK_SET)), name(files.dup(fd)), name(files.dup2(fd, 3)),
        name(files.fcntl(fd, F_GETFL)), name(files.getdirentries(thread, fd, BUFFER, 100)),
        ...[files.close(fd), files.ftruncate(thread, fd, 0), files.fsync(fd), files.fstat(thread, fd, BUFFER), files.shutdown(fd, 0)].map(errnoName),
        errnoName(fileSource(files, fd) as number),
      ];
      expect(counts).toEqual(Array(15).fill('EBADF'));
    }
    expect([now(files.write(thread, readable, BUFFER, 1)), name(files.pwrite(thread, readable, BUFFER, 1, 0))]).toEqual(['EBADF', 'EBADF']);
    expect([now(files.read(thread, writable, BUFFER, 1)), name(files.pread(thread, writable, BUFFER, 1, 0))]).toEqual(['EBADF', 'EBADF']);
    expect([name(files.dup2(readable, -1)), name(files.dup2(readable, 5000)), name(files.fcntl(readable, 99))]).toEqual(['EBADF', 'EBADF', 'EINVAL']);
    expect([name(files.fcntl(readable, F_DUPFD, -1)), name(files.fcntl(readable, F_DUPFD, 5000))]).toEqual(['EINVAL', 'EINVAL']);
  });

  test('lengths, places and whences that make no sense are EINVAL <design/files#.limit>', () => {
    const r = fileRig(), { files, thread } = r, fd = opened(r, '/f');
    for (const length of [-1, 1.5, 2 ** 31, NaN]) {
      expect([now(files.read(thread, fd, BUFFER, length)), now(files.write(thread, fd, BUFFER, length))]).toEqual(['EINVAL', 'EINVAL']);
      expect([name(files.pread(thread, fd, BUFFER, length, 0)), name(files.pwrite(thread, fd, BUFFER, length, 0))]).toEqual(['EINVAL', 'EINVAL']);
    }
    expect([name(files.pread(thread, fd, BUFFER, 1, -1)), name(files.pwrite(thread, fd, BUFFER, 1, -1))]).toEqual(['EINVAL', 'EINVAL']);
    expect([name(files.lseek(fd, -1, SEEK_SET)), name(files.lseek(fd, 0, 3)), name(files.lseek(fd, 0.5, 0))]).toEqual(['EINVAL', 'EINVAL', 'EINVAL']);
    expect([files.lseek(fd, 100, SEEK_SET), name(files.lseek(fd, Number.MAX_SAFE_INTEGER, SEEK_CUR))]).toEqual([100, 'EOVERFLOW']);
    const directory = opened(r, '/tmp', O_RDONLY | O_DIRECTORY);
    expect([errnoName(files.ftruncate(thread, fd, -1)), errnoName(files.ftruncate(thread, directory, 0))]).toEqual(['EINVAL', 'EINVAL']);
    expect(errnoName(files.ftruncate(thread, opened(r, '/f', O_RDONLY), 0))).toBe('EINVAL');
    expect([now(files.read(thread, directory, BUFFER, 0)), now(files.read(thread, directory, BUFFER, 10))]).toEqual(['EISDIR', 'EISDIR']);
    expect(name(files.getdirentries(thread, fd, BUFFER, 100))).toBe('ENOTDIR');
    expect([errnoName(files.shutdown(fd, 0)), name(files.shmOpen(O_WRONLY)), name(files.shmOpen(O_RDWR | O_CREAT))]).toEqual(['ENOTSOCK', 'EINVAL', 'EINVAL']);
  });

  test('what has no places is ESPIPE <design/files#.def.description>', () => {
    const r = fileRig(), { files, thread } = r;
    const ends = [...pairOf(r, () => files.pipe(thread, BUFFER)), ...pairOf(r, () => files.socketpair(thread, SOCK_STREAM, BUFFER))];
    for (const fd of ends) expect(name(files.lseek(fd, 0, SEEK_CUR))).toBe('ESPIPE');
    expect([name(files.pread(thread, ends[0], BUFFER, 1, 0)), name(files.pwrite(thread, ends[1], BUFFER, 1, 0)), errnoName(files.fsync(ends[0]))])
      .toEqual(['ESPIPE', 'ESPIPE', 'EINVAL']);
    expect(errnoName(files.ftruncate(thread, ends[1], 0))).toBe('EINVAL');
  });
});

describe('reading and writing', () => {
  test('the offset goes on, and seeks from where it is told; a hole reads as zero and costs nothing <design/files#.hole>', () => {
    const r = fileRig(), { files, thread, frames } = r, fd = opened(r, '/f'), { available } = frames;
    expect([writeNow(r, fd, 'hello'), files.lseek(fd, -2, SEEK_CUR), readNow(r, fd, 9), readNow(r, fd, 9)]).toEqual([5, 3, 'lo', '']);
    expect([files.lseek(fd, 100 * PAGE, SEEK_END), writeNow(r, fd, 'far'), files.lseek(fd, 0, SEEK_END)]).toEqual([100 * PAGE + 5, 3, 100 * PAGE + 8]);
    expect([name(files.pread(thread, fd, BUFFER, 7, 100 * PAGE)), text(thread, BUFFER, 0, 7)]).toEqual([7, '\0\0\0\0\0fa']);
    expect([name(files.pread(thread, fd, BUFFER, 3 * PAGE, 4)), text(thread, BUFFER, 0, 3)]).toEqual([3 * PAGE, 'o\0\0']);
    expect([files.lseek(fd, 0, SEEK_CUR), available - frames.available]).toEqual([100 * PAGE + 8, 2 * PAGE]);
    expect([name(files.pread(thread, fd, BUFFER, 5, 200 * PAGE)), files.lseek(fd, 200 * PAGE, SEEK_SET), readNow(r, fd, 4)]).toEqual([0, 200 * PAGE, '']);
  });

  test('short: the end of the file, the bounds of the buffer, a page that is protected; else EFAULT <design/files#.inv.short>', () => {
    const r = fileRig(), { files, thread } = r, fd = opened(r, '/f');
    expect(now(files.write(thread, fd, BUFFER, 3 * PAGE))).toBe(3 * PAGE);
    expect([files.lseek(fd, 100, SEEK_SET), now(files.read(thread, fd, BUFFER, 4 * PAGE))]).toEqual([100, 3 * PAGE - 100]);
    expect([files.lseek(fd, 0, SEEK_SET), now(files.read(thread, fd, narrow(thread, 300), 301)), files.lseek(fd, 0, SEEK_CUR)]).toEqual([0, 300, 300]);
    expect([name(files.pwrite(thread, fd, narrow(thread, 5), 9, 3 * PAGE)), files.lseek(fd, 0, SEEK_END)]).toEqual([5, 3 * PAGE + 5]);
    second(r);
    expect([files.lseek(fd, 0, SEEK_SET), now(files.read(thread, fd, BUFFER, 2 * PAGE)), files.lseek(fd, 0, SEEK_CUR)]).toEqual([0, PAGE, PAGE]);
    expect([now(files.write(thread, fd, BUFFER, 2 * PAGE)), name(files.pread(thread, fd, BUFFER, 2 * PAGE, 10))]).toEqual([PAGE, PAGE]);
    expect([now(files.read(thread, fd, 9, 8)), now(files.write(thread, fd, 9, 8)), now(files.read(thread, fd, 0, 8))]).toEqual(['EFAULT', 'EFAULT', 'EFAULT']);
    expect([name(files.pread(thread, fd, 9, 8, 0)), name(files.pwrite(thread, fd, 9, 8, 0)), files.lseek(fd, 0, SEEK_CUR)]).toEqual(['EFAULT', 'EFAULT', 2 * PAGE]);
    expect([errnoName(files.fstat(thread, fd, 9)), name(files.getdirentries(thread, opened(r, '/', O_RDONLY), 9, 100))]).toEqual(['EFAULT', 'EFAULT']);
    expect([now(files.read(thread, fd, 9, 0)), now(files.write(thread, fd, 9, 0))]).toEqual([0, 0]);
    expect([r.kernel.counts.faults, thread.depth]).toEqual([0, 0]);
  });

  test('without a frame a write is short, then ENOSPC; what is removed gives its frames back with the last that has it <design/files#.inv.memory>', () => {
    const r = fileRig({ frameCount: 3 }), { files, thread, frames } = r, fd = opened(r, '/f');
    expect([now(files.write(thread, fd, BUFFER, 5 * PAGE)), now(files.write(thread, fd, BUFFER, 1)), name(files.pwrite(thread, fd, BUFFER, 1, 4 * PAGE))])
      .toEqual([3 * PAGE, 'ENOSPC', 'ENOSPC']);
    expect([files.lseek(fd, 0, SEEK_END), files.ftruncate(thread, fd, PAGE + 1), frames.available]).toEqual([3 * PAGE, 0, PAGE]);
    const twin = files.dup(fd);
    expect([files.unlink(thread, path(thread, '/f')), files.close(fd), frames.available]).toEqual([0, 0, PAGE]);
    expect([name(files.pread(thread, twin, BUFFER, 5, PAGE)), files.close(twin), frames.available]).toEqual([1, 0, 3 * PAGE]);
    const shm = files.shmOpen(O_RDWR);
    expect([writeNow(r, shm, 'x'), frames.available, files.close(shm), frames.available]).toEqual([1, 2 * PAGE, 0, 3 * PAGE]);
    const replaced = opened(r, '/a');
    expect([writeNow(r, replaced, 'x'), writeNow(r, opened(r, '/b'), 'y'), files.close(replaced), frames.available]).toEqual([1, 1, 0, PAGE]);
    expect([files.rename(thread, path(thread, '/b'), path(thread, '/a', 7)), frames.available]).toEqual([0, 2 * PAGE]);
  });

  test('what a mapping writes beyond the end does not come to light when the file grows <design/files#.inv.zero>', () => {
    for (const grow of ['write', 'truncate', 'shm'] as const) {
      const r = fileRig(), { files, thread, memory } = r, fd = grow === 'shm' ? files.shmOpen(O_RDWR) : opened(r, '/f');
      writeNow(r, fd, 'abc');
      const source = fileSource(files, fd);
      if (source === null || typeof source === 'number') throw new Error('it cannot be mapped');
      const frame = source.object.resident(0);
      memory.u8.fill(9, frame, frame + PAGE);
      memory.tags.fill(1, frame >>> 4, (frame + PAGE) >>> 4);
      if (grow === 'write') expect(name(files.pwrite(thread, fd, narrow(thread, 1), 1, 50))).toBe(1);
      else expect(files.ftruncate(thread, fd, 51)).toBe(0);
      expect(name(files.pread(thread, fd, BUFFER, 60, 0))).toBe(51);
      expect(peek(thread, BUFFER, 0, 50)).toEqual([9, 9, 9, ...Array<number>(47).fill(0)]);
      expect(memory.tags[frame >>> 4]).toBe(0);
    }
  });

  test('a file has no byte at 2^40, nor at the limit of the process: SIGXFSZ and EFBIG <design/files#.limit> <design/files#.signals>', () => {
    const r = fileRig(), { files, thread, limits, process } = r, fd = opened(r, '/f'), taken: number[] = [];
    handle(process, SIGXFSZ, function* (signal) {
      taken.push(signal);
    });
    expect(alive(() => [name(files.pwrite(thread, fd, BUFFER, 10, FileMAX - 4)), name(files.pwrite(thread, fd, BUFFER, 1, FileMAX))])).toEqual([4, 'EFBIG']);
    expect([errnoName(files.ftruncate(thread, fd, FileMAX + 1)), files.ftruncate(thread, fd, FileMAX), taken.length]).toEqual(['EFBIG', 0, 2]);
    expect([files.ftruncate(thread, fd, 0), limits.set(RLIMIT_FSIZE, { soft: 100, hard: RLIM_INFINITY })]).toEqual([0, 0]);
    expect([writeNow(r, fd, 'x'.repeat(150)), taken.length, writeNow(r, fd, 'x'), taken.length]).toEqual([100, 2, 'EFBIG', 3]);
    expect([name(files.pwrite(thread, fd, BUFFER, 9, 99)), name(files.pwrite(thread, fd, BUFFER, 9, 100)), taken.length]).toEqual([1, 'EFBIG', 4]);
    expect([errnoName(files.ftruncate(thread, fd, 101)), files.ftruncate(thread, fd, 100), files.ftruncate(thread, fd, 7), taken.length]).toEqual(['EFBIG', 0, 0, 5]);
    const [, out] = pairOf(r, () => files.pipe(thread, BUFFER));
    expect(writeNow(r, out, 'x'.repeat(150))).toBe(150);
    const append = opened(r, '/f', O_WRONLY | O_APPEND);
    expect([writeNow(r, append, 'y'.repeat(150)), files.lseek(append, 0, SEEK_CUR), name(files.pwrite(thread, append, BUFFER, 0, 500))]).toEqual([93, 100, 0]);
  });

  test('/dev/null takes everything and gives nothing, /dev/zero gives zeros to whoever may have them <design/files#.tree>', () => {
    const r = fileRig(), { files, thread } = r, none = opened(r, '/dev/null', O_RDWR), zero = opened(r, '/dev/zero', O_RDWR);
    expect([now(files.write(thread, none, 0, 9)), now(files.read(thread, none, BUFFER, 9)), now(files.write(thread, zero, BUFFER, 9))]).toEqual([9, 0, 9]);
    poke(thread, BUFFER, 0, 'full');
    expect([now(files.read(thread, zero, BUFFER, 3)), text(thread, BUFFER, 0, 4)]).toEqual([3, '\0\0\0l']);
    second(r);
    expect([now(files.read(thread, zero, BUFFER, 2 * PAGE)), now(files.read(thread, zero, 9, 1)), now(files.read(thread, zero, BUFFER, 0))]).toEqual([PAGE, 'EFAULT', 0]);
  });
});

describe('tags', () => {
  test.each(['/f', 'shm', 'pipe'])('through %s go the bytes of a capability, and not its tag <design/files#.inv.tags>', (way) => {
    const r = fileRig(), { files, thread } = r, { hart } = thread, own = way === 'shm' ? files.shmOpen(O_RDWR) : way === 'pipe' ? -1 : opened(r, way);
    const [from, to] = way === 'pipe' ? pairOf(r, () => files.pipe(thread, BUFFER)) : [own, own];
    hart.storeCap(BUFFER, 32, BUFFER);
    for (let offset = 512; offset < 608; offset += 16) hart.storeCap(BUFFER, offset, BUFFER);
    const bytes = peek(thread, BUFFER, 0, 64);
    expect([now(files.write(thread, to, BUFFER, 64)), own < 0 ? 0 : files.lseek(own, 0, SEEK_SET)]).toEqual([64, 0]);
    slotWrite(hart, 9, { ...slotRead(hart, BUFFER), lo: slotRead(hart, BUFFER).lo + 520n });
    expect([now(files.read(thread, from, 9, 64)), peek(thread, BUFFER, 520, 64)]).toEqual([64, bytes]);
    const tagged = [32, 512, 528, 544, 560, 576, 592].map((offset) => {
      hart.loadCap(11, BUFFER, offset);
      return hart.isTagged(11);
    });
    expect(tagged).toEqual([true, false, false, false, false, false, true]);
  });

  test('a write to shared memory takes the tags of what it writes, and no others <design/files#.inv.tags>', () => {
    for (const [abi, carries] of [['cheribsd', true], ['pcuabi', false]] as const) {
      const r = fileRig({ abi }), { files, thread, memory } = r, fd = files.shmOpen(O_RDWR);
      expect(files.ftruncate(thread, fd, PAGE)).toBe(0);
      const source = fileSource(files, fd);
      if (source === null || typeof source === 'number') throw new Error('it cannot be mapped');
      expect([source.object.carriesTags, source.isRegular]).toEqual([carries, false]);
      const frame = source.object.frame(0);
      memory.tags.fill(1, frame >>> 4, (frame + PAGE) >>> 4);
      expect(name(files.pwrite(thread, fd, BUFFER, 18, 31))).toBe(18);
      expect([...memory.tags.subarray(frame >>> 4, (frame >>> 4) + 5)]).toEqual([1, 0, 0, 0, 1]);
      expect(name(files.pread(thread, fd, BUFFER, 100, 0))).toBe(100);
      expect(memory.tags[frame >>> 4]).toBe(1);
    }
  });
});

describe('descriptors', () => {
  test('duplicates have one offset and one set of flags, and flags of their own <design/files#.inv.shared>', () => {
    const r = fileRig(), { files } = r, fd = opened(r, '/f', O_RDWR | O_CREAT | O_CLOEXEC), twin = files.dup(fd), far = files.fcntl(fd, F_DUPFD, 10);
    expect([twin, far, files.fcntl(fd, F_DUPFD_CLOEXEC, 10)]).toEqual([1, 10, 11]);
    expect([writeNow(r, fd, 'abc'), files.lseek(far, 0, SEEK_CUR), files.fcntl(far, F_SETFL, O_APPEND | O_EXCL | O_RDONLY), files.fcntl(fd, F_GETFL)])
      .toEqual([3, 3, 0, O_RDWR | O_APPEND]);
    expect([fd, twin, far, 11].map((one) => files.fcntl(one, F_GETFD))).toEqual([FD_CLOEXEC, 0, 0, FD_CLOEXEC]);
    expect([files.fcntl(twin, F_SETFD, FD_CLOEXEC), files.fcntl(twin, F_GETFD), files.fcntl(fd, F_SETFD, 0), files.fcntl(fd, F_GETFD)]).toEqual([0, 1, 0, 0]);
    const other = opened(r, '/f', O_RDONLY);
    expect([other, files.lseek(other, 0, SEEK_CUR), files.close(fd), files.lseek(twin, 0, SEEK_CUR), errnoName(files.close(fd))]).toEqual([2, 0, 0, 3, 'EBADF']);
    expect([files.dup(twin), files.dup(twin), name(files.fcntl(twin, F_DUPFD, 10))]).toEqual([0, 3, 12]);
  });

  test('dup2 closes what was there, and of one to itself does nothing <design/files#.inv.shared>', () => {
    const r = fileRig(), { files, thread } = r, [from, to] = pairOf(r, () => files.pipe(thread, BUFFER)), fd = opened(r, '/f', O_RDWR | O_CREAT | O_CLOEXEC);
    expect([files.dup2(fd, fd), files.fcntl(fd, F_GETFD), files.dup2(fd, 9), files.fcntl(9, F_GETFD)]).toEqual([fd, 1, 9, 0]);
    expect([files.dup2(fd, to), now(files.read(thread, from, BUFFER, 1)), writeNow(r, to, 'x'), files.lseek(fd, 0, SEEK_CUR)]).toEqual([to, 0, 1, 1]);
    expect([files.dup2(bad, from), files.list().length]).toEqual([-9, 4]);
  });

  test('the lowest number that is free is the next, whatever was closed before <design/files#.def.descriptor>', () => {
    const r = fileRig(), { files } = r;
    for (let i = 0; i < 6; i++) opened(r, '/f');
    for (const fd of [4, 1, 3]) expect(files.close(fd)).toBe(0);
    expect([files.dup2(0, 8), files.dup(0), files.dup(0), files.fcntl(0, F_DUPFD, 5), files.dup(0), files.dup(0), files.dup(0)]).toEqual([8, 1, 3, 6, 4, 7, 9]);
  });

  test('a child has the same descriptions, a new program not those that close, and what ends has none <design/files#.inv.shared>', () => {
    const r = fileRig(), { files, thread } = r, kept = opened(r, '/tmp/f'), gone = opened(r, '/tmp/f', O_RDWR | O_CLOEXEC);
    expect(files.chdir(thread, path(thread, '/tmp'))).toBe(0);
    const limits = new Limits();
    limits.set(RLIMIT_NOFILE, { soft: 3, hard: 3 });
    const child = files.fork(limits);
    expect([child.list(), child.directory]).toEqual([files.list(), files.directory]);
    expect([writeNow(r, kept, 'abc'), child.lseek(kept, 0, SEEK_CUR), child.dup(kept), name(child.dup(kept)), files.dup(kept)]).toEqual([3, 3, 2, 'EMFILE', 2]);
    expect(child.chdir(thread, path(thread, '/'))).toBe(0);
    child.exec();
    expect([child.list().map(({ fd }) => fd), files.list().map(({ fd }) => fd), files.directory.path()]).toEqual([[kept, 2], [kept, gone, 2], '/tmp']);
    child.finish();
    files.finish();
    expect([child.list(), files.list()]).toEqual([[], []]);
  });

  test('a call holds what it is at: closed meanwhile, it lasts until the call ends <design/files#.restart>', () => {
    const r = fileRig(), { files, thread } = r, [from, to] = pairOf(r, () => files.pipe(thread, BUFFER));
    const reading = waiting(files.read(thread, from, BUFFER, 9));
    expect([files.close(from), writeNow(r, to, 'abc'), reading.result(), text(thread, BUFFER, 0, 3)]).toEqual([0, 3, 3, 'abc']);
    expect(r.files.list().map(({ fd }) => fd)).toEqual([to]);
    const ended = files.read(thread, opened(r, '/f'), BUFFER, 9);
    expect(now(ended)).toBe(0);
  });

  test('the list names each descriptor, what it is of, how and where <design/files#.list>', () => {
    const r = fileRig(), { files, thread } = r;
    writeNow(r, opened(r, '/f', O_WRONLY | O_CREAT | O_APPEND), 'abc');
    files.pipe(thread, BUFFER, O_NONBLOCK | O_CLOEXEC);
    files.socketpair(thread, SOCK_STREAM, BUFFER);
    files.shmOpen(O_RDONLY);
    opened(r, '/dev/../dev/zero', O_RDWR);
    opened(r, '/tmp/.', O_RDONLY);
    expect(files.list().map(({ fd, type, flags, offset, name: of }) => `${fd} ${type} ${flags} ${offset ?? '-'} ${of}`)).toEqual([
      '0 regular -wa-- 3 /f', '1 pipe r--nc - pipe', '2 pipe -w-nc - pipe', '3 socket rw--- - socket', '4 socket rw--- - socket', '5 shm r---- 0 SHM_ANON',
      '6 device rw--- 0 /dev/zero', '7 directory r---- 0 /tmp',
    ]);
  });
});

describe('structures', () => {
  const word = (r: FileRig, offset: number, size: number): number => peek(r.thread, BUFFER, offset, size).reduceRight((value, byte) => value * 256 + byte, 0);

  test('struct stat has FreeBSD\'s layout <design/files#.structures>', () => {
    const r = fileRig(), { files, thread, kernel } = r, fd = opened(r, '/f', O_RDWR | O_CREAT, 0o640);
    kernel.clock.advance(3_000_007);
    expect([name(files.pwrite(thread, fd, BUFFER, 600, 0)), files.fstat(thread, fd, BUFFER)]).toEqual([600, 0]);
    const told = [word(r, 0, 8), word(r, 16, 8), word(r, 24, 2), word(r, 64, 8), word(r, 72, 8), word(r, 112, 8), word(r, 120, 8), word(r, 128, 4)];
    expect(told).toEqual([1, 1, 0o100640, 3, 7000, 600, 2, PAGE]);
    const modes = ['/', '/dev/null', '/f'].map((value) => [files.stat(thread, path(thread, value), BUFFER), word(r, 24, 2), word(r, 16, 8)]);
    expect(modes).toEqual([[0, 0o040755, 4], [0, 0o020666, 1], [0, 0o100640, 1]]);
    const [from] = pairOf(r, () => files.pipe(thread, BUFFER)), [one] = pairOf(r, () => files.socketpair(thread, SOCK_STREAM, BUFFER));
    expect([from, one, files.shmOpen(O_RDWR)].map((other) => [files.fstat(thread, other, BUFFER), word(r, 24, 2)])).toEqual([[0, 0o010600], [0, 0o140600], [0, 0o100600]]);
    expect(errnoName(files.fstat(thread, fd, narrow(thread, 223)))).toBe('EFAULT');
    expect([files.unlink(thread, path(thread, '/f')), files.fstat(thread, fd, BUFFER), word(r, 16, 8)]).toEqual([0, 0, 0]);
  });

  /** names -- what one call lists, and the bytes of it. */
  function names(r: FileRig, fd: number, length: number): (string | number)[] {
    const count = r.files.getdirentries(r.thread, fd, BUFFER, length), found: (string | number)[] = [name(count)];
    for (let at = 0; at < count; at += word(r, at + 16, 2)) {
      const size = word(r, at + 20, 2);
      expect([word(r, at + 16, 2) % 8, word(r, at + 24 + size, 1)]).toEqual([0, 0]);
      found.push(`${text(r.thread, BUFFER, at + 24, size)}:${word(r, at + 18, 1)}`);
    }
    return found;
  }

  test('a directory is read name by name, as many as fit, also while names come and go <design/files#.structures>', () => {
    const r = fileRig(), { files, thread } = r, fd = opened(r, '/', O_RDONLY);
    opened(r, '/seventeen-letters');
    expect(names(r, fd, 1000)).toEqual([4 * 32 + 48, '.:4', '..:4', 'dev:4', 'tmp:4', 'seventeen-letters:8']);
    expect([names(r, fd, 1000), files.lseek(fd, 0, SEEK_SET), names(r, fd, 31), names(r, fd, 95)]).toEqual([[0], 0, ['EINVAL'], [64, '.:4', '..:4']]);
    expect([files.mkdir(thread, path(thread, '/late')), files.rmdir(thread, path(thread, '/tmp')), names(r, fd, 32)]).toEqual([0, 0, [32, 'dev:4']]);
    expect(names(r, fd, 100)).toEqual([80, 'seventeen-letters:8', 'late:4']);
    expect([files.lseek(fd, 0, SEEK_SET), name(files.getdirentries(thread, fd, narrow(thread, 70), 500)), names(r, fd, 32)]).toEqual([0, 64, [32, 'dev:4']]);
  });
});

describe('mapping', () => {
  test('what a descriptor gives mmap: its object and what it may do; /dev/zero nothing, others ENODEV <design/files#.mmap>', () => {
    const r = fileRig(), { files, thread } = r;
    const of = (fd: number): unknown => {
      const source = fileSource(files, fd);
      return source === null ? 'anonymous' : typeof source === 'number' ? errnoName(source) : [source.isRegular, source.mayRead, source.mayWrite, source.object.size];
    };
    expect(of(opened(r, '/f'))).toEqual([true, true, true, 0]);
    expect(of(opened(r, '/f', O_WRONLY))).toEqual([true, false, true, 0]);
    expect(of(opened(r, '/f', O_RDONLY))).toEqual([true, true, false, 0]);
    const shm = files.shmOpen(O_RDWR);
    expect([files.ftruncate(thread, shm, 5000), of(shm)]).toEqual([0, [false, true, true, 5000]]);
    expect([of(opened(r, '/dev/zero', O_RDWR)), of(opened(r, '/dev/null', O_RDWR)), of(opened(r, '/', O_RDONLY))]).toEqual(['anonymous', 'ENODEV', 'ENODEV']);
    expect([of(pairOf(r, () => files.pipe(thread, BUFFER))[0])]).toEqual(['ENODEV']);
  });

  test('calls and mappings have the same frames, also when the name is gone <design/files#.inv.coherent>', () => {
    const r = fileRig(), { files, thread, memory, frames } = r, fd = opened(r, '/f'), { available } = frames;
    writeNow(r, fd, 'x'.repeat(5000));
    const source = fileSource(files, fd);
    if (source === null || typeof source === 'number') throw new Error('it cannot be mapped');
    source.object.hold();
    const frame = source.object.frame(1);
    expect(String.fromCharCode(...memory.u8.subarray(frame, frame + 4))).toBe('xxxx');
    memory.u8[frame + 2] = 0x79;
    expect([name(files.pread(thread, fd, BUFFER, 4, PAGE)), text(thread, BUFFER, 0, 4)]).toEqual([4, 'xxyx']);
    expect([files.unlink(thread, path(thread, '/f')), files.close(fd), frames.available, memory.u8[frame + 2]]).toEqual([0, 0, available - 2 * PAGE, 0x79]);
    source.object.drop();
    expect(frames.available).toBe(available);
  });
});

test('the buffer has as many pages as the tests take it to have <design/copy#.inv.prefix>', () => {
  const r = fileRig(), fd = opened(r, '/f');
  expect(now(r.files.write(r.thread, fd, BUFFER, (BufferPAGES + 1) * PAGE))).toBe(BufferPAGES * PAGE);
});

import { describe, expect, test } from 'vitest';
import { slotRead, slotWrite } from '../../../code/machine/machine.ts';
import { ECONNRESET, EMSGSIZE, ENOTCONN, errnoName } from '../../../code/os/errno.ts';
import {
  F_SETFL, O_CREAT, O_NONBLOCK, O_RDWR, POLLHUP, POLLIN, POLLNVAL, POLLOUT, POLLRDNORM, SHUT_RD, SHUT_RDWR, SHUT_WR, SOCK_CLOEXEC, SOCK_DGRAM,
  SOCK_NONBLOCK, SOCK_STREAM,
} from '../../../code/os/fs/flags.ts';
import { PipeSIZE, SocketSIZE } from '../../../code/os/fs/pipe.ts';
import { MessageMAX, PIPE_BUF } from '../../../code/os/fs/stream.ts';
import { SA_RESTART, SIGPIPE, sigSet, SIGUSR1 } from '../../../code/os/signal.ts';
import type { Abi } from '../../../code/os/vm/profile.ts';
import type { Sleep } from '../../../code/os/wait.ts';
import { close, failure, handle, open, reportOf, spawn } from '../rig.ts';
import {
  arm, BUFFER, fileRig, name, narrow, now, opened, PAGE, pairOf, peek, poke, readNow, TEMP, text, waiting, writeNow, type FileRig,
} from './rig.ts';

interface PipeRig extends FileRig {
  /** The ends: of a pipe to be read and to be written, of sockets one and the other. */
  readonly from: number;
  readonly to: number;
}

/** ignoring -- a system that ignores SIGPIPE, and counts it. */
function ignoring(abi: Abi = 'cheribsd'): FileRig & { readonly signals: number[] } {
  const r = fileRig({ abi }), signals: number[] = [];
  handle(r.process, SIGPIPE, function* (signal) {
    signals.push(signal);
  });
  return { ...r, signals };
}

function piped(r: FileRig = fileRig(), flags: number = 0): PipeRig {
  const [from, to] = pairOf(r, () => r.files.pipe(r.thread, BUFFER, flags));
  return { ...r, from, to };
}

function paired(type: number, r: FileRig = fileRig()): PipeRig {
  const [from, to] = pairOf(r, () => r.files.socketpair(r.thread, type, BUFFER));
  return { ...r, from, to };
}

const streams: [string, (r?: FileRig) => PipeRig, number][] = [
  ['a pipe', (r) => piped(r), PipeSIZE], ['stream sockets', (r) => paired(SOCK_STREAM, r), SocketSIZE],
];

/** fill -- write until there is no room. */
function fill(r: PipeRig, size: number): void {
  expect([r.files.fcntl(r.to, F_SETFL, O_NONBLOCK), now(r.files.write(r.thread, r.to, BUFFER, 2 * size)), r.files.fcntl(r.to, F_SETFL, 0)]).toEqual([0, size, 0]);
}

describe.each(streams)('%s', (_name, make, size) => {
  test('bytes come in order, and reading waits for the first <design/pipe#.inv.order> <design/pipe#.inv.wait>', () => {
    const r = make(), { files, thread, from, to } = r;
    expect([writeNow(r, to, 'hello '), writeNow(r, to, 'there'), readNow(r, from, 8), readNow(r, from, 8)]).toEqual([6, 5, 'hello th', 'ere']);
    const reading = waiting(files.read(thread, from, BUFFER, 9));
    expect([reading.wait.ready(), reading.wait.what]).toEqual([false, expect.stringMatching(/^something to read from (pipe|socket)$/)]);
    expect([writeNow(r, to, 'x'), reading.wait.ready(), reading.result(), text(thread, BUFFER, 0, 1)]).toEqual([1, true, 1, 'x']);
  });

  test('a long write goes in as there is room, and comes out whole <design/pipe#.inv.atomic>', () => {
    const r = make(), { files, thread, from, to } = r, all = 7 * PAGE;
    for (let i = 0; i < all; i += 4) thread.hart.store32(BUFFER, i, i);
    const before = peek(thread, BUFFER, 0, all), writing = waiting(files.write(thread, to, BUFFER, all)), read: number[] = [];
    for (let ended = false; !ended;) {
      slotWrite(thread.hart, 9, { ...slotRead(thread.hart, BUFFER), lo: slotRead(thread.hart, BUFFER).lo + BigInt(all) });
      const some = Number(now(files.read(thread, from, 9, 1000)));
      read.push(...peek(thread, BUFFER, all, some));
      ended = read.length + size >= all;
      if (ended) expect(writing.result()).toBe(all);
      else writing.again();
    }
    while (read.length < all) read.push(...peek(thread, BUFFER, all, Number(now(files.read(thread, from, 9, 1000)))));
    expect(read).toEqual(before);
  });

  test('a short write is written all at once, a long one in part <design/pipe#.inv.atomic>', () => {
    const r = make(), { files, thread, from, to } = r;
    fill(r, size);
    expect([files.fcntl(to, F_SETFL, O_NONBLOCK), now(files.write(thread, to, BUFFER, 1))]).toEqual([0, 'EAGAIN']);
    expect([now(files.read(thread, from, BUFFER, PIPE_BUF - 1)), now(files.write(thread, to, BUFFER, PIPE_BUF))]).toEqual([PIPE_BUF - 1, 'EAGAIN']);
    expect([now(files.write(thread, to, BUFFER, PIPE_BUF + 1)), now(files.write(thread, to, BUFFER, 1))]).toEqual([PIPE_BUF - 1, 'EAGAIN']);
    expect([now(files.read(thread, from, BUFFER, PIPE_BUF)), now(files.write(thread, to, BUFFER, PIPE_BUF))]).toEqual([PIPE_BUF, PIPE_BUF]);
    expect(files.fcntl(to, F_SETFL, 0)).toBe(0);
    expect([now(files.read(thread, from, BUFFER, PIPE_BUF)), now(files.write(thread, to, narrow(thread, 100), PIPE_BUF))]).toEqual([PIPE_BUF, 100]);
    expect(now(files.write(thread, to, BUFFER, PIPE_BUF - 100))).toBe(PIPE_BUF - 100);
    const writing = waiting(files.write(thread, to, BUFFER, 100));
    expect([now(files.read(thread, from, BUFFER, 99)), writing.wait.ready(), now(files.read(thread, from, BUFFER, 1)), writing.wait.ready(), writing.result()])
      .toEqual([99, false, 1, true, 100]);
  });

  test('with O_NONBLOCK nothing waits <design/pipe#.inv.wait>', () => {
    const r = make(), { files, thread, from, to } = r;
    expect([files.fcntl(from, F_SETFL, O_NONBLOCK), files.fcntl(to, F_SETFL, O_NONBLOCK), now(files.read(thread, from, BUFFER, 1))]).toEqual([0, 0, 'EAGAIN']);
    expect([now(files.write(thread, to, BUFFER, 2 * size)), now(files.write(thread, to, BUFFER, 2 * size)), now(files.read(thread, from, BUFFER, 0))]).toEqual([size, 'EAGAIN', 0]);
  });

  test('with the last writer gone what waits is read, then the end; who waits is told <design/pipe#.inv.end>', () => {
    const r = make(), { files, thread, from, to } = r, twin = files.dup(to);
    expect([writeNow(r, to, 'abc'), files.close(to), readNow(r, from, 2), readNow(r, from, 2)]).toEqual([3, 0, 'ab', 'c']);
    const reading = waiting(files.read(thread, from, BUFFER, 1));
    expect([files.close(twin), reading.wait.ready(), reading.result(), readNow(r, from, 1)]).toEqual([0, true, 0, '']);
  });

  test('with the last reader gone a write is EPIPE with SIGPIPE, also one that waits <design/pipe#.inv.end>', () => {
    const q = ignoring(), r = make(q), { files, thread, from, to } = r;
    expect([files.close(from), writeNow(r, to, 'x'), q.signals.length, writeNow(r, to, ''), q.signals]).toEqual([0, 'EPIPE', 1, 'EPIPE', [SIGPIPE, SIGPIPE]]);
    const other = make(q);
    fill(other, size);
    const writing = waiting(files.write(thread, other.to, BUFFER, 10));
    expect([files.close(other.from), writing.result(), q.signals.length]).toEqual([0, 'EPIPE', 3]);
  });

  test.each(['cheribsd', 'pcuabi'] as const)('what a write has written when its last reader goes counts in Linux alone, and a pipe tells at once: %s <design/pipe#.inv.end>', (abi) => {
    const q = ignoring(abi), r = make(q), { files, thread, from, to } = r, short = waiting(files.write(thread, to, BUFFER, size + 10));
    expect([files.close(from), short.wait.ready(), short.result(), q.signals.length, writeNow(r, to, 'x'), q.signals.length])
      .toEqual([0, true, abi === 'cheribsd' ? 'EPIPE' : size, ...(abi === 'cheribsd' || size === PipeSIZE ? [1, 'EPIPE', 2] : [0, 'EPIPE', 1])]);
  });

  test('SIGPIPE ends a process that does nothing about it <design/files#.signals>', () => {
    const r = make(), { files, thread, from, to } = r;
    expect(files.close(from)).toBe(0);
    expect(failure(() => now(files.write(thread, to, BUFFER, 1)))).toContain('died of SIGPIPE');
    expect(reportOf(r.process)).toContain('SIGPIPE');
  });

  test('a handler without SA_RESTART ends a wait with EINTR, and any with what has been written; else the call begins anew <design/pipe#.inv.wait>', () => {
    const r = make(), { files, thread, from, to } = r;
    const interrupted = waiting(files.read(thread, from, BUFFER, 1));
    interrupted.wait.interrupt(false);
    expect([interrupted.wait.ready(), interrupted.result()]).toEqual([true, 'EINTR']);
    const restarted = waiting(files.read(thread, from, BUFFER, 9));
    restarted.wait.interrupt(true);
    restarted.again();
    expect([writeNow(r, to, 'abc'), restarted.result()]).toEqual([3, 3]);
    const partial = waiting(files.write(thread, to, BUFFER, size + 5));
    partial.wait.interrupt(false);
    expect([partial.result(), readNow(r, from, 3)]).toEqual([size, expect.stringMatching(/^[^]{3}$/)]);
    const begun = waiting(files.write(thread, to, BUFFER, size));
    begun.wait.interrupt(true);
    expect([begun.result(), readNow(r, from, 3)]).toEqual([3, expect.stringMatching(/^[^]{3}$/)]);
    const none = waiting(files.write(thread, to, BUFFER, 4));
    none.wait.interrupt(false);
    expect(none.result()).toBe('EINTR');
    const later = waiting(files.write(thread, to, BUFFER, 4));
    later.wait.interrupt(true);
    later.again();
    expect([now(files.read(thread, from, BUFFER, 1)), later.result()]).toEqual([1, 4]);
  });

  test('a buffer that is protected meanwhile is EFAULT, and what waits stays <design/pipe#.inv.keep>', () => {
    const r = make(), { files, thread, from, to } = r;
    writeNow(r, to, 'kept');
    close(thread, BUFFER);
    expect([now(files.read(thread, from, BUFFER, 4)), now(files.write(thread, to, BUFFER, 4))]).toEqual(['EFAULT', 'EFAULT']);
    open(thread, BUFFER);
    expect(readNow(r, from, 2)).toBe('ke');
    expect([now(files.read(thread, from, narrow(thread, 1), 9)), text(thread, BUFFER, 0, 1), readNow(r, from, 9)?.toString().length]).toEqual([1, 'p', 1]);
    const reading = waiting(files.read(thread, from, BUFFER, 4));
    writeNow(r, to, 'late');
    close(thread, BUFFER);
    expect(reading.result()).toBe('EFAULT');
    open(thread, BUFFER);
    expect(readNow(r, from, 9)).toBe('late');
    fill(r, size);
    const writing = waiting(files.write(thread, to, BUFFER, 10)), long = waiting(files.write(thread, to, narrow(thread, 700), 800));
    expect(now(files.read(thread, from, BUFFER, 1000))).toBe(1000);
    close(thread, BUFFER);
    expect(writing.result()).toBe('EFAULT');
    open(thread, BUFFER);
    expect(long.result()).toBe(700);
    expect(thread.process.status).toBe(null);
  });

  test('reading delivers what it can, across the end of the ring <design/pipe#.inv.order>', () => {
    const r = make(), { files, thread, from, to } = r;
    fill(r, size);
    expect(now(files.read(thread, from, BUFFER, size - 10))).toBe(size - 10);
    expect([writeNow(r, to, 'abcdefgh'), now(files.read(thread, from, narrow(thread, 14), 100)), text(thread, BUFFER, 10, 4)]).toEqual([8, 14, 'abcd']);
    expect([readNow(r, from, 100), writeNow(r, to, 'ij'), readNow(r, from, 100)]).toEqual(['efgh', 2, 'ij']);
  });
});

test('a pipe has one direction, and takes the flags that pipes have <design/pipe#.way>', () => {
  const r = piped(fileRig(), O_NONBLOCK), { files, thread, from, to } = r;
  expect([now(files.write(thread, from, BUFFER, 1)), now(files.read(thread, to, BUFFER, 1)), now(files.read(thread, from, BUFFER, 1))]).toEqual(['EBADF', 'EBADF', 'EAGAIN']);
  expect([files.pipe(thread, BUFFER, O_CREAT), files.pipe(thread, 0), files.socketpair(thread, 3, BUFFER), files.socketpair(thread, SOCK_DGRAM, 0)].map(errnoName))
    .toEqual(['EINVAL', 'EFAULT', 'EINVAL', 'EFAULT']);
  expect(files.list().length).toBe(2);
  paired(SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, r);
  expect(files.list().slice(2).map(({ flags }) => flags)).toEqual(['rw-nc', 'rw-nc']);
});

describe('sockets', () => {
  test('go both ways <design/pipe#.def.stream>', () => {
    for (const type of [SOCK_STREAM, SOCK_DGRAM]) {
      const r = paired(type), { from, to } = r;
      expect([writeNow(r, to, 'one'), writeNow(r, from, 'other'), readNow(r, from, 9), readNow(r, to, 9)]).toEqual([3, 5, 'one', 'other']);
    }
  });

  test('messages stay whole, are cut to the room there is, and may be empty <design/pipe#.inv.order>', () => {
    const r = paired(SOCK_DGRAM), { files, thread, from, to } = r;
    expect([writeNow(r, to, 'one'), writeNow(r, to, ''), writeNow(r, to, 'three'), writeNow(r, to, 'four')]).toEqual([3, 0, 5, 4]);
    expect([readNow(r, from, 99), readNow(r, from, 99), readNow(r, from, 2), readNow(r, from, 99)]).toEqual(['one', '', 'th', 'four']);
    expect([name(Number(now(files.write(thread, to, BUFFER, MessageMAX)))), now(files.write(thread, to, BUFFER, MessageMAX + 1))]).toEqual([MessageMAX, errnoName(EMSGSIZE)]);
    expect([now(files.write(thread, to, narrow(thread, 5), 6)), now(files.read(thread, from, 0, 9)), now(files.read(thread, from, BUFFER, PAGE))])
      .toEqual(['EFAULT', 'EFAULT', MessageMAX]);
  });

  test('messages wait for room <design/pipe#.messages>', () => {
    const r = paired(SOCK_DGRAM), { files, thread, from, to } = r;
    for (let left = SocketSIZE; left >= 1001; left -= 1001) expect(now(files.write(thread, to, BUFFER, 1000))).toBe(1000);
    const writing = waiting(files.write(thread, to, BUFFER, 1000));
    expect([now(files.write(thread, to, BUFFER, SocketSIZE % 1001 - 1)), now(files.read(thread, from, BUFFER, 1)), writing.result()]).toEqual([SocketSIZE % 1001 - 1, 1, 1000]);
    expect([files.fcntl(to, F_SETFL, O_NONBLOCK), now(files.write(thread, to, BUFFER, 0))]).toEqual([0, 'EAGAIN']);
    expect(files.fcntl(to, F_SETFL, 0)).toBe(0);
    const other = waiting(files.read(thread, to, BUFFER, 9));
    expect([files.close(from), other.result()]).toEqual([0, 0]);
    expect([now(files.write(thread, to, BUFFER, 1)), now(files.write(thread, to, BUFFER, 1))]).toEqual([errnoName(ECONNRESET), errnoName(ECONNRESET)]);
  });

  test('shutdown ends a direction <design/pipe#.shutdown>', () => {
    for (const type of [SOCK_STREAM, SOCK_DGRAM]) {
      const q = ignoring(), r = paired(type, q), { files, from, to } = r;
      const shut = (fd: number, how: number): string => errnoName(files.shutdown(fd, how));
      expect([shut(to, 3), writeNow(r, to, 'abc'), shut(to, SHUT_WR), readNow(r, from, 9), readNow(r, from, 9), writeNow(r, to, 'x'), q.signals.length])
        .toEqual(['EINVAL', 3, '0', 'abc', '', 'EPIPE', 1]);
      expect([writeNow(r, from, 'back'), shut(to, SHUT_RD), readNow(r, to, 9), writeNow(r, from, 'x')]).toEqual([4, '0', '', type === SOCK_STREAM ? 'EPIPE' : errnoName(ECONNRESET)]);
      const other = paired(type, q), reading = waiting(files.read(r.thread, other.to, BUFFER, 1));
      expect([shut(other.to, SHUT_RDWR), reading.result(), readNow(r, other.from, 1), files.close(other.to), shut(other.from, SHUT_RD)])
        .toEqual(['0', 0, '', 0, errnoName(ENOTCONN)]);
    }
  });

  test('of a socket whose other is closed what waits is read, then the end <design/pipe#.inv.end>', () => {
    for (const type of [SOCK_STREAM, SOCK_DGRAM]) {
      const r = paired(type), { files, from, to } = r;
      expect([writeNow(r, to, 'abc'), files.close(to), readNow(r, from, 9), readNow(r, from, 9)]).toEqual([3, 0, 'abc', '']);
    }
  });
});

describe('poll', () => {
  /** ask -- put what is to be polled in the buffer. */
  function ask({ thread }: FileRig, list: readonly (readonly [fd: number, events: number])[]): number {
    for (const [index, [fd, events]] of list.entries()) {
      thread.hart.store32(BUFFER, 8 * index, fd);
      thread.hart.store32(BUFFER, 8 * index + 4, events | 0xabcd_0000);
    }
    return list.length;
  }

  const told = ({ thread }: FileRig, count: number): number[] => Array.from({ length: count }, (_, index) => thread.hart.load16(BUFFER, 8 * index + 6));
  const all = POLLIN | POLLRDNORM | POLLOUT, input = POLLIN | POLLRDNORM;

  /** events -- what poll tells of one descriptor at once. */
  function events(r: FileRig, fd: number, asked: number = all): number {
    const count = now(r.files.poll(r.thread, BUFFER, ask(r, [[fd, asked]]), 0)), [value] = told(r, 1);
    expect(count).toBe(value === 0 ? 0 : 1);
    return value;
  }

  test('tells of each what it was asked for and holds <design/pipe#.poll>', () => {
    const r = ignoring();
    const pipe = piped(r), sockets = paired(SOCK_STREAM, r), messages = paired(SOCK_DGRAM, r), { files } = r;
    expect([events(r, pipe.from), events(r, pipe.to), events(r, sockets.from), events(r, messages.from), events(r, opened(r, '/f'))]).toEqual([0, POLLOUT, POLLOUT, POLLOUT, all]);
    for (const { from, to } of [pipe, sockets, messages]) {
      expect([writeNow(r, to, 'x'), events(r, from, input), events(r, from, POLLIN), events(r, from, 0), events(r, from, POLLOUT) & POLLIN]).toEqual([1, input, POLLIN, 0, 0]);
      fill({ ...r, from, to }, to === messages.to ? 0 : (to === pipe.to ? PipeSIZE : SocketSIZE) - 1);
    }
    expect([events(r, pipe.to), events(r, sockets.to)]).toEqual([0, 0]);
    expect([now(files.read(r.thread, pipe.from, BUFFER, PIPE_BUF - 1)), events(r, pipe.to), now(files.read(r.thread, pipe.from, BUFFER, 1)), events(r, pipe.to)])
      .toEqual([PIPE_BUF - 1, 0, 1, POLLOUT]);
    expect([events(r, 99), events(r, -1), events(r, opened(r, '/dev/null', O_RDWR)), events(r, opened(r, '/tmp', 0))]).toEqual([POLLNVAL, 0, all, input]);
  });

  test('the end of a pipe is POLLHUP, to read with POLLIN, to write alone <design/pipe#.poll>', () => {
    const one = piped(), other = piped(), sockets = paired(SOCK_STREAM);
    expect([one.files.close(one.to), events(one, one.from), events(one, one.from, 0), other.files.close(other.from), events(other, other.to)])
      .toEqual([0, input | POLLHUP, POLLHUP, 0, POLLHUP]);
    expect([sockets.files.shutdown(sockets.to, SHUT_WR), events(sockets, sockets.from, input), events(sockets, sockets.to, 0)]).toEqual([0, input, 0]);
    expect([sockets.files.close(sockets.to), events(sockets, sockets.from)]).toEqual([0, all | POLLHUP]);
  });

  test('waits for any of several, writes the answers alone, and holds what it waits for <design/pipe#.poll>', () => {
    const r = fileRig(), one = piped(r), other = paired(SOCK_DGRAM, r), { files, thread } = r;
    const count = ask(r, [[one.from, POLLIN], [other.to, POLLIN], [-5, POLLIN]]), polling = waiting(files.poll(thread, BUFFER, count, -1));
    expect([polling.wait.ready(), polling.wait.channels.length]).toEqual([false, 3]);
    poke(thread, BUFFER, 100, 'x');
    slotWrite(thread.hart, TEMP, { ...slotRead(thread.hart, BUFFER), lo: slotRead(thread.hart, BUFFER).lo + 100n });
    expect([now(files.write(thread, other.from, TEMP, 1)), polling.wait.ready(), files.close(other.to), polling.result(), told(r, 3)]).toEqual([1, true, 0, 1, [0, POLLIN, 0]]);
    expect([thread.hart.load32(BUFFER, 8), thread.hart.load16(BUFFER, 12)]).toEqual([other.to, POLLIN]);
    expect(now(files.write(thread, other.from, TEMP, 1))).toBe(errnoName(ECONNRESET));
  });

  test('waits whole microseconds, at least as many as were asked for <design/pipe#.poll>', () => {
    const r = piped(), { files, thread, from, kernel: { clock } } = r;
    for (const [timeout, waits] of [[0.0001, 1], [5.5, 6], [7, 7]]) {
      const before = clock.now, polling = waiting(files.poll(thread, BUFFER, ask(r, [[from, POLLIN]]), timeout));
      expect([clock.next, polling.wait.ready()]).toEqual([before + waits, false]);
      clock.advance(before + waits);
      expect(polling.result()).toBe(0);
    }
    expect(() => clock.set(1.5, () => {})).toThrow('<design/clock#.whole>');
  });

  test('any handler ends it, and a buffer that cannot be read or written is EFAULT <design/pipe#.poll>', () => {
    const r = piped(), { files, thread, from, to } = r;
    for (const restarts of [true, false]) {
      const polling = waiting(files.poll(thread, BUFFER, ask(r, [[from, POLLIN]]), -1));
      polling.wait.interrupt(restarts);
      expect(polling.result()).toBe('EINTR');
    }
    expect([now(files.poll(thread, narrow(thread, 7), 1, 0)), now(files.poll(thread, 0, 0, 0)), now(files.poll(thread, BUFFER, -1, 0)), now(files.poll(thread, BUFFER, 5000, 0))])
      .toEqual(['EFAULT', 0, 'EINVAL', 'EINVAL']);
    const polling = waiting(files.poll(thread, BUFFER, ask(r, [[from, POLLIN]]), -1));
    expect(now(files.write(thread, to, BUFFER, 1))).toBe(1);
    close(thread, BUFFER);
    expect(polling.result()).toBe('EFAULT');
  });

  test('without any it is 0 after its time, in the kernel\'s clock <design/pipe#.poll>', () => {
    const r = piped(), { files, thread, from, kernel } = r, count = ask(r, [[from, POLLIN], [99, 0], [-1, POLLIN]]);
    expect([now(files.poll(thread, BUFFER, count, -1)), told(r, 3)]).toEqual([1, [0, POLLNVAL, 0]]);
    const polling = waiting(files.poll(thread, BUFFER, ask(r, [[from, POLLIN]]), 500));
    kernel.clock.advance(kernel.clock.now + 499);
    expect(polling.wait.ready()).toBe(false);
    kernel.clock.advance(kernel.clock.now + 1);
    expect([polling.wait.ready(), polling.result(), told(r, 1)]).toEqual([true, 0, [0]]);
  });
});

describe('threads', () => {
  test('one writes what another reads, each waiting for the other; twice the same <design/pipe#.inv.wait>', () => {
    const run = (seed: number): string => {
      const r = piped(fileRig({ seed })), { files, process, kernel, from, to } = r, log: string[] = [];
      const worker = (make: (thread: Parameters<typeof arm>[0]) => Generator<Sleep, number, unknown>, what: string): void => {
        spawn(process, what, function* (_t, thread) {
          arm(thread);
          for (let left = 40_000; left > 0;) {
            const count: number = yield* make(thread);
            log.push(`${what}${count}`);
            left -= count;
          }
        });
      };
      worker((thread) => files.read(thread, from, BUFFER, 3000) as Generator<Sleep, number, unknown>, 'r');
      worker((thread) => files.write(thread, to, BUFFER, 5000) as Generator<Sleep, number, unknown>, 'w');
      kernel.run();
      return log.join(' ');
    };
    expect(run(1)).toBe(run(1));
    expect(run(1).match(/w5000/g)?.length).toBe(8);
  });

  test('who waits to read is told that nobody writes any more, and who waits to write that nobody reads <design/pipe#.inv.wait> <design/pipe#.inv.end>', () => {
    for (const end of ['to', 'from'] as const) {
      const r = piped(ignoring()), { files, process, kernel, from, to } = r, log: (string | number)[] = [];
      spawn(process, 'waiter', function* (_t, thread) {
        arm(thread);
        thread.mask = sigSet(SIGPIPE);
        log.push(name(end === 'to' ? yield* files.read(thread, from, BUFFER, 9) : yield* files.write(thread, to, BUFFER, PipeSIZE + 1)));
      });
      // It is asleep long before it is told.
      spawn(process, 'other', function* () {
        for (let turn = 0; turn < 40; turn++) yield undefined;
        expect([log, files.close(r[end])]).toEqual([[], 0]);
      });
      kernel.run();
      expect(log).toEqual([end === 'to' ? 0 : 'EPIPE']);
    }
  });

  test('an end that two processes have is there until both have closed it <design/files#.inv.shared> <design/pipe#.inv.end>', () => {
    const r = piped(), { files, thread, from, to } = r, child = files.fork(r.limits), reading = waiting(files.read(thread, from, BUFFER, 9));
    expect([child.close(to), child.close(from), reading.wait.ready()]).toEqual([0, 0, false]);
    expect([writeNow(r, to, 'abc'), reading.result()]).toEqual([3, 3]);
    const last = waiting(files.read(thread, from, BUFFER, 9));
    expect([files.close(to), last.wait.ready(), last.result()]).toEqual([0, true, 0]);
  });

  test('a signal ends a read with EINTR, or lets it begin anew <design/wait#.restart>', () => {
    for (const flags of [0, SA_RESTART]) {
      const r = piped(), { files, process, kernel, from, to } = r, log: (string | number)[] = [];
      handle(process, SIGUSR1, function* () {
        log.push('handler');
      }, flags);
      const reader = spawn(process, 'reader', function* (_t, thread) {
        arm(thread);
        log.push(name(yield* files.read(thread, from, BUFFER, 9)));
      });
      while (reader.state !== 'blocked') kernel.step();
      expect([reader.kill(SIGUSR1), kernel.step(), log[0]]).toEqual([0, true, 'handler']);
      if (flags !== 0) expect([log, writeNow(r, to, 'abc')]).toEqual([['handler'], 3]);
      kernel.run();
      expect(log).toEqual(['handler', flags === 0 ? 'EINTR' : 3]);
    }
  });
});

/* model.test.ts: HISTORIES OF FILES AND PIPES
 *
 * Random calls against arrays of bytes. Each kind of call must succeed often enough, and each error must be met, or the run is weak.
 */
import { describe, expect, test } from 'vitest';
import { random } from '../../../code/base/base.ts';
import { slotRead, slotWrite } from '../../../code/machine/machine.ts';
import { F_SETFL, O_NONBLOCK, SEEK_CUR, SEEK_END, SEEK_SET, SOCK_STREAM } from '../../../code/os/fs/flags.ts';
import { PipeSIZE, SocketSIZE } from '../../../code/os/fs/pipe.ts';
import { PIPE_BUF } from '../../../code/os/fs/stream.ts';
import { ProtNONE, ProtREAD, ProtWRITE } from '../../../code/os/vm/mman.ts';
import { seeds } from '../../seed.ts';
import { protect } from '../rig.ts';
import { BUFFER, BufferPAGES, fileRig, name, now, opened, PAGE, pairOf, TEMP, type FileRig } from './rig.ts';

const size = BufferPAGES * PAGE;

/** So few that a file can have them all. */
const FrameCOUNT = 8;

/** A rig whose buffer is known byte by byte, with pages that are now and then protected. */
class Window {
  readonly r: FileRig;
  readonly bytes: Uint8Array = new Uint8Array(size);
  private readonly draw: (limit: number) => number;
  private readonly open: boolean[] = Array<boolean>(BufferPAGES).fill(true);
  private readonly physical: Uint8Array;

  constructor(r: FileRig, seed: number) {
    this.r = r;
    this.draw = random(seed + 1000);
    this.physical = r.memory.u8;
    for (let page = 0; page < BufferPAGES; page++) r.hart.store8(BUFFER, page * PAGE, 0);
  }

  /** at -- the buffer from `offset` on, in slot TEMP. */
  at(offset: number): number {
    const cap = slotRead(this.r.hart, BUFFER);
    slotWrite(this.r.hart, TEMP, { ...cap, lo: cap.lo + BigInt(offset) });
    return TEMP;
  }

  /** toggle -- protect a page, or open it. */
  toggle(): void {
    const page = this.draw(BufferPAGES);
    this.open[page] = !this.open[page];
    this.at(page * PAGE);
    protect(this.r.thread, TEMP, this.open[page] ? ProtREAD | ProtWRITE : ProtNONE);
  }

  /** room -- how many of `length` bytes at `offset` can be reached. */
  room(offset: number, length: number): number {
    let done = 0;
    while (done < length && offset + done < size && this.open[Math.floor((offset + done) / PAGE)]) {
      done = Math.min(length, (Math.floor((offset + done) / PAGE) + 1) * PAGE - offset, size - offset);
    }
    return done;
  }

  /** shuffle -- other bytes, in the model and in memory, also behind what is protected. */
  shuffle(): void {
    const from = this.draw(size), length = this.draw(Math.min(size - from, 600));
    for (let i = from; i < from + length; i++) this.put(i, this.draw(256));
  }

  private put(index: number, byte: number): void {
    this.bytes[index] = byte;
    this.physical[this.place(index)] = byte;
  }

  private place(index: number): number {
    const { hart } = this.r, low = (hart.r[BUFFER << 3] >>> 0) + index;
    return ((hart.space.window[low >>> 12] & -PAGE) >>> 0) + (low % PAGE);
  }

  /** check -- memory is as the model has it, wherever it can be seen. */
  check(): void {
    for (let page = 0; page < BufferPAGES; page++) {
      if (!this.open[page]) continue;
      const at = this.place(page * PAGE), seen = this.physical.subarray(at, at + PAGE);
      expect(seen.every((byte, index) => byte === this.bytes[page * PAGE + index])).toBe(true);
    }
  }
}

/** Tally -- how often each call has ended how. */
class Tally {
  readonly counts = new Map<string, number>();

  note(call: string, result: number | string): void {
    for (const key of [`${call} ${typeof result === 'number' ? 'ok' : result}`, call]) this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
  }

  of(key: string): number {
    return this.counts.get(key) ?? 0;
  }
}

describe.each(seeds(2))('seed %i', (seed) => {
  test('a file is an array of bytes, for read, write, places, seeks and sizes <design/files#.inv.short> <design/files#.inv.coherent>', () => {
    const r = fileRig({ seed, frameCount: FrameCOUNT }), { files, thread, frames } = r, draw = random(seed), buffer = new Window(r, seed), tally = new Tally();
    const fd = opened(r, '/f'), { available } = frames;
    let model = new Uint8Array(0), offset = 0;
    /** The pages that the file has; writing is out of memory when all are. */
    const pages = new Set<number>();
    const write = (from: number, length: number, at: number): number | string => {
      let done = 0, error = 'EFAULT';
      const room = buffer.room(from, length);
      while (done < room) {
        const page = Math.floor((at + done) / PAGE);
        if (!pages.has(page) && pages.size === FrameCOUNT) {
          error = 'ENOSPC';
          break;
        }
        pages.add(page);
        done = Math.min(room, (page + 1) * PAGE - at);
      }
      if (at + done > model.length && done > 0) {
        const grown = new Uint8Array(at + done);
        grown.set(model);
        model = grown;
      }
      if (done > 0) model.set(buffer.bytes.subarray(from, from + done), at);
      return done > 0 || length === 0 ? done : error;
    };
    const read = (from: number, length: number, at: number): number | string => {
      const want = Math.max(0, Math.min(length, model.length - at)), done = buffer.room(from, want);
      buffer.bytes.set(model.subarray(at, at + done), from);
      return done > 0 || want === 0 ? done : 'EFAULT';
    };
    for (let i = 0; i < 4000; i++) {
      const from = draw(size - PAGE), length = draw(3) === 0 ? draw(20) : draw(2 * PAGE), at = draw(40 * PAGE);
      buffer.shuffle();
      if (draw(8) === 0) buffer.toggle();
      const slot = buffer.at(from);
      switch (draw(6)) {
        case 0: {
          const expected = read(from, length, offset);
          tally.note('read', expected);
          expect(now(files.read(thread, fd, slot, length))).toBe(expected);
          offset += typeof expected === 'number' ? expected : 0;
          break;
        }
        case 1: {
          const expected = write(from, length, offset);
          tally.note('write', expected);
          expect(now(files.write(thread, fd, slot, length))).toBe(expected);
          offset += typeof expected === 'number' ? expected : 0;
          break;
        }
        case 2: {
          const expected = read(from, length, at);
          tally.note('pread', expected);
          expect(name(files.pread(thread, fd, slot, length, at))).toBe(expected);
          break;
        }
        case 3: {
          const expected = write(from, length, at);
          tally.note('pwrite', expected);
          expect(name(files.pwrite(thread, fd, slot, length, at))).toBe(expected);
          break;
        }
        case 4: {
          const whence = [SEEK_SET, SEEK_CUR, SEEK_END][draw(3)], by = draw(30 * PAGE) - (whence === SEEK_SET ? PAGE : 20 * PAGE);
          const to = by + (whence === SEEK_SET ? 0 : whence === SEEK_CUR ? offset : model.length), expected = to < 0 ? 'EINVAL' : to;
          tally.note('lseek', expected);
          expect(name(files.lseek(fd, by, whence))).toBe(expected);
          if (to >= 0) offset = to;
          break;
        }
        default: {
          const to = draw(4) === 0 ? draw(40 * PAGE) : draw(10 * PAGE), resized = new Uint8Array(to);
          resized.set(model.subarray(0, to));
          model = resized;
          for (const page of pages) if (page >= Math.ceil(to / PAGE)) pages.delete(page);
          tally.note('ftruncate', to);
          expect(files.ftruncate(thread, fd, to)).toBe(0);
        }
      }
      if (i % 100 === 0) buffer.check();
      expect(available - frames.available).toBe(pages.size * PAGE);
    }
    for (const call of ['read', 'write', 'pread', 'pwrite', 'lseek', 'ftruncate']) expect(tally.of(`${call} ok`), call).toBeGreaterThan(0.3 * tally.of(call));
    for (const error of ['read EFAULT', 'write EFAULT', 'pread EFAULT', 'pwrite EFAULT', 'pwrite ENOSPC', 'lseek EINVAL']) expect(tally.of(error), error).toBeGreaterThan(9);
  });

  test.each(['pipe', 'socket'])('a %s is a queue of bytes <design/pipe#.inv.order> <design/pipe#.inv.keep> <design/pipe#.inv.atomic>', (kind) => {
    const r = fileRig({ seed }), { files, thread } = r, draw = random(seed), tally = new Tally();
    const [from, to] = pairOf(r, () => (kind === 'pipe' ? files.pipe(thread, BUFFER) : files.socketpair(thread, SOCK_STREAM, BUFFER)));
    const capacity = kind === 'pipe' ? PipeSIZE : SocketSIZE, buffer = new Window(r, seed);
    thread.hart.store32(BUFFER, 0, 0);
    thread.hart.store32(BUFFER, 4, 0);
    for (const fd of [from, to]) expect(files.fcntl(fd, F_SETFL, O_NONBLOCK)).toBe(0);
    let queue: number[] = [];
    const write = (place: number, length: number): number | string => {
      let done = 0;
      for (let isFirst = true; done < length; isFirst = false) {
        const room = capacity - queue.length, need = isFirst && length <= PIPE_BUF ? length : 1;
        if (room < need) return done > 0 ? done : 'EAGAIN';
        const some = buffer.room(place + done, Math.min(room, length - done));
        if (some === 0) return done > 0 ? done : 'EFAULT';
        queue.push(...buffer.bytes.subarray(place + done, place + done + some));
        done += some;
      }
      return done;
    };
    const read = (place: number, length: number): number | string => {
      if (length === 0) return 0;
      if (queue.length === 0) return 'EAGAIN';
      const some = buffer.room(place, Math.min(length, queue.length));
      buffer.bytes.set(queue.slice(0, some), place);
      queue = queue.slice(some);
      return some > 0 ? some : 'EFAULT';
    };
    for (let i = 0; i < 4000; i++) {
      const place = draw(size - PAGE), length = draw(3) === 0 ? draw(3 * PAGE) : draw(2 * PIPE_BUF);
      buffer.shuffle();
      if (draw(8) === 0) buffer.toggle();
      const slot = buffer.at(place), isWrite = draw(2) === 0;
      const expected = isWrite ? write(place, length) : read(place, length);
      tally.note(isWrite ? 'write' : 'read', expected);
      expect(now(isWrite ? files.write(thread, to, slot, length) : files.read(thread, from, slot, length))).toBe(expected);
      if (i % 100 === 0) buffer.check();
    }
    for (const call of ['read', 'write']) expect(tally.of(`${call} ok`), call).toBeGreaterThan(0.3 * tally.of(call));
    for (const error of ['read EFAULT', 'write EFAULT', 'read EAGAIN', 'write EAGAIN']) expect(tally.of(error), error).toBeGreaterThan(9);
  });
});

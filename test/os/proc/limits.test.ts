import { describe, expect, test } from 'vitest';
import { PageSIZE } from '../../../code/machine/machine.ts';
import { EBADF, EINVAL, ENOMEM, EPERM } from '../../../code/os/errno.ts';
import { fork } from '../../../code/os/proc/fork.ts';
import {
  Limits, MaxPROC, RLIM_INFINITY, RLIMIT_AS, RLIMIT_CORE, RLIMIT_FSIZE, RLIMIT_NOFILE, RLIMIT_NPROC, RLIMIT_STACK,
} from '../../../code/os/proc/limits.ts';
import { MapANON, MapPRIVATE, MapSHARED, MapSTACK, ProtREAD, ProtWRITE } from '../../../code/os/vm/mman.ts';
import { pages, play, system } from './rig.ts';

const RW = ProtREAD | ProtWRITE;

describe('setrlimit', () => {
  test('the soft limit up to the hard one, the hard one never up <design/limits#.set>', () => {
    const limits = new Limits();
    expect(limits.get(RLIMIT_NPROC)).toEqual({ soft: MaxPROC, hard: MaxPROC });
    const set = (soft: number, hard: number, resource: number = RLIMIT_NOFILE): number => limits.set(resource, { soft, hard });
    expect([set(5, 10), set(11, 10), set(10, 10), set(1, 11), set(0, 9), set(9, 10)]).toEqual([0, EINVAL, 0, EPERM, 0, EPERM]);
    expect([set(-1, 5), set(0.5, 5), set(NaN, 5), set(1, NaN), set(1, 1, 99), limits.get(99)]).toEqual(Array.from({ length: 6 }, () => EINVAL));
    expect([limits.get(RLIMIT_NOFILE), limits.soft(RLIMIT_NOFILE), limits.soft(99)]).toEqual([{ soft: 0, hard: 9 }, 0, RLIM_INFINITY]);
    for (const resource of [RLIMIT_AS, RLIMIT_CORE, RLIMIT_FSIZE]) expect(limits.get(resource)).toEqual({ soft: RLIM_INFINITY, hard: RLIM_INFINITY });
    expect(limits.get(RLIMIT_STACK)).toMatchObject({ soft: 0x80_0000 });
  });

  test('a copy is another\'s own <design/limits#.set>', () => {
    const one = new Limits(), other = new Limits(one);
    one.set(RLIMIT_NOFILE, { soft: 1, hard: 1 });
    expect(other.soft(RLIMIT_NOFILE)).toBe(1024);
  });
});

describe('address space', () => {
  test('no more is reserved than the limit says, in a child too, and less can be given back <design/limits#.as>', () => {
    play(system(), function* (t, thread) {
      const { process } = thread, map = (): number => {
        t.clear(6);
        return process.map.mmap(t, 6, 6, 4 * PageSIZE, RW, MapANON | MapPRIVATE);
      };
      pages(thread, 5, 4);
      expect(process.setrlimit(RLIMIT_AS, { soft: process.map.size + 4 * PageSIZE, hard: RLIM_INFINITY })).toBe(0);
      expect([map(), map(), process.map.munmap(t, 5, 4 * PageSIZE), map()]).toEqual([0, ENOMEM, 0, 0]);
      yield* fork(thread, function* (c, child) {
        c.clear(6);
        expect(child.process.map.mmap(c, 6, 6, PageSIZE, RW, MapANON | MapPRIVATE)).toBe(ENOMEM);
        expect(child.process.setrlimit(RLIMIT_AS, { soft: RLIM_INFINITY, hard: RLIM_INFINITY })).toBe(0);
        expect(child.process.map.mmap(c, 6, 6, PageSIZE, RW, MapANON | MapPRIVATE)).toBe(0);
      });
      expect(map()).toBe(ENOMEM);
    });
  });
});

describe('mmap of a descriptor', () => {
  test('EBADF comes before whatever else is wrong; what is anonymous has none <design/process#.mmap>', () => {
    play(system(), function* (t, thread) {
      const { process } = thread;
      t.clear(5);
      expect(process.mmap(t, 5, 5, 0, -1, MapPRIVATE, 9)).toBe(EBADF);
      expect(process.mmap(t, 5, 5, PageSIZE, RW, MapANON | MapPRIVATE, -1)).toBe(0);
      const fd = process.files.shmOpen(2);
      expect([fd, process.files.ftruncate(thread, fd, PageSIZE)]).toEqual([0, 0]);
      t.clear(6);
      t.clear(7);
      expect([process.mmap(t, 6, 6, PageSIZE, RW, MapSHARED, fd), process.mmap(t, 7, 7, PageSIZE, RW, MapSHARED, fd)]).toEqual([0, 0]);
      t.store32(6, 0, 77);
      expect(t.load32(7, 0)).toBe(77);
    });
  });

  test('MAP_STACK is anonymous memory, but under PCuABI of whatever is mapped <design/process#.mmap>', () => {
    for (const abi of ['cheribsd', 'pcuabi'] as const) {
      play(system({ abi }), function* (t, thread) {
        const { process } = thread, fd = process.files.shmOpen(2);
        process.files.ftruncate(thread, fd, PageSIZE);
        pages(thread, 5);
        t.store32(5, 0, 77);
        expect(process.files.pwrite(thread, fd, 5, 4, 0)).toBe(4);
        const map = (file: number): number => {
          t.clear(6);
          return process.mmap(t, 6, 6, PageSIZE, RW, MapSTACK | MapPRIVATE, file);
        };
        expect([map(-1), map(9), map(fd), t.isTagged(6) && t.load32(6, 0)]).toEqual(abi === 'cheribsd' ? [0, EINVAL, EINVAL, false] : [EBADF, EBADF, 0, 77]);
      });
    }
  });
});

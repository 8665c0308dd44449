import { describe, expect, test } from 'vitest';
import { PageSIZE } from '../../../code/machine/machine.ts';
import { ENOENT } from '../../../code/os/errno.ts';
import { kill } from '../../../code/os/kill.ts';
import { execute } from '../../../code/os/proc/exec.ts';
import { fork } from '../../../code/os/proc/fork.ts';
import { sysctl, sysctlCap, sysctlNames } from '../../../code/os/proc/sysctl.ts';
import { tableText, TextWIDTH } from '../../../code/os/proc/table.ts';
import {
  procstatFiles, procstatFilesText, procstatSignals, procstatSignalsText, procstatThreads, procstatThreadsText, procstatVm, procstatVmText, ps,
  psText,
} from '../../../code/os/proc/views.ts';
import { SIG_BLOCK, SIG_IGN, SIGSTOP, SIGUSR1, SIGUSR2, sigSet, SigSetEMPTY } from '../../../code/os/signal.ts';
import { MapANON, MapGUARD, MapSHARED, ProtNONE, ProtREAD, ProtWRITE } from '../../../code/os/vm/mman.ts';
import { pages, play, start, system, systems } from './rig.ts';

const RW = ProtREAD | ProtWRITE;
const lasting = function* (): Generator<{ what: string; ready: () => boolean }, void> { yield { what: 'nothing', ready: () => false }; };

describe('ps', () => {
  test('numbers, parents, states, threads, sizes, commands <design/views#.ps>', () => {
    const kernel = system(), states = new Map<number, string>();
    play(kernel, function* (t, thread) {
      const { process } = thread;
      pages(thread, 5, 4);
      t.store32(5, 0, 1);
      const sleeper = yield* fork(thread, lasting, { name: 'sleeper' }), stopped = yield* fork(thread, lasting);
      const zombie = yield* fork(thread, function* (_c, child) { child.process.exit(1); });
      kernel.process('idle', true);
      while (kernel.find(zombie)?.isOver !== true || kernel.find(sleeper)?.threads.values().next().value?.waitingFor == null) yield undefined;
      kill(kernel, stopped, SIGSTOP);
      while (kernel.find(stopped)?.isStopped !== true) yield undefined;
      for (const view of ps(kernel)) states.set(view.pid, view.state);
      const [own] = ps(kernel);
      expect(own).toMatchObject({ pid: process.pid, parent: 1, threads: 1, command: 'first', size: process.map.size });
      expect(own.resident).toBeGreaterThanOrEqual(PageSIZE);
      expect(ps(kernel).map(({ parent }) => parent)).toEqual([1, 2, 2, 2, 1]);
      expect(psText(kernel)[0]).toBe('  PID  PPID STAT NLWP      VSZ      RSS COMMAND');
      expect(psText(kernel).slice(3).map((line) => line.trimStart().split(/ +/)).map(([pid, , state, , , , command]) => [pid, state, command]))
        .toEqual([['4', 'T', 'first'], ['5', 'Z', '<defunct>'], ['6', 'I', 'idle']]);
      for (const pid of [sleeper, stopped]) kill(kernel, pid, 9);
    });
    expect([...states]).toEqual([[2, 'R'], [3, 'S'], [4, 'T'], [5, 'Z'], [6, 'I']]);
  });
});

describe('procstat', () => {
  test('the address map: a line for each run of like pages <design/views#.vm>', () => {
    const kernel = system();
    play(kernel, function* (t, thread) {
      const { process } = thread, { map } = process;
      pages(thread, 5, 3);
      t.store32(5, 0, 1);
      expect(map.munmap(t, 5, PageSIZE)).toBe(0);
      t.clear(6);
      expect(map.mmap(t, 6, 6, PageSIZE, RW, MapANON | MapSHARED)).toBe(0);
      t.clear(7);
      expect(map.mmap(t, 7, 7, PageSIZE, ProtNONE, MapGUARD)).toBe(0);
      const lines = procstatVmText(process), cells = lines.map((line) => line.trimStart().split(/ +/));
      expect(lines[0]).toBe('  PID        START          END PRT   MAX     RES FLAG TP       RESERV PATH');
      expect(procstatVm(process).length).toBe(lines.length - 1);
      const types = cells.slice(1).map((cell) => cell.slice(3).filter((text) => !text.startsWith('0x')).join(' '));
      expect(types).toContain('----- ----- 0 --- --');
      expect(types).toContain('rw-RW rw-RW 0 C-- df');
      expect(types.some((text) => /^rw-RW rw-RW 0 S-- (df|vn)/.test(text))).toBe(true);
      expect(types).toContain('----- ----- 0 --- gd');
      for (const [index, { base }] of procstatVm(process).entries()) expect(cells[index + 1][1]).toBe(`0x40${base.toString(16).padStart(8, '0')}`);
    });
  });

  test('threads, signals, descriptors <design/views#.rest>', () => {
    const kernel = system();
    play(kernel, function* (_t, thread) {
      const { process } = thread;
      process.spawn('other', lasting);
      yield undefined;
      expect(procstatThreads(process).map(({ id, name, stack }) => [id, name, stack])).toEqual([[thread.id, 'first', 0], [thread.id + 1, 'other', 0]]);
      expect(procstatThreadsText(process)[0]).toBe('  PID    TID TDNAME        STACK SUSP STATE');
      process.sigaction(SIGUSR1, { handler: function* () { /* Nothing. */ }, mask: SigSetEMPTY, flags: 0 });
      process.sigaction(SIGUSR2, { handler: SIG_IGN, mask: SigSetEMPTY, flags: 0 });
      thread.sigprocmask(SIG_BLOCK, sigSet(SIGUSR1));
      thread.kill(SIGUSR1);
      expect(procstatSignalsText(process).slice(1).map((line) => line.trimStart().split(/ +/))).toEqual([
        ['2', 'first', 'SIGUSR1', 'P-C'], ['2', 'first', 'SIGUSR2', '-I-'],
      ]);
      expect(procstatSignals(process).filter(({ action }) => action === 'default').length).toBe(62);
      process.files.shmOpen(2);
      expect(procstatFiles(process).map(({ fd }) => fd)).toEqual([0]);
      expect(procstatFilesText(process)[1]).toMatch(/^ +2 +0 shm .*SHM_ANON$/);
      kill(kernel, process.pid, 9);
    });
  });

  test('no line is longer than people read, whatever is named <design/views#.text>', () => {
    const kernel = system(), long = 'x'.repeat(300);
    start(kernel, long, function* (_t, thread) {
      pages(thread, 5);
      thread.process.spawn(long, lasting);
      yield undefined;
      const all = [psText(kernel), procstatVmText(thread.process), procstatThreadsText(thread.process), procstatSignalsText(thread.process)].flat();
      expect(Math.max(...all.map((line) => line.length))).toBe(TextWIDTH);
      kill(kernel, thread.process.pid, 9);
    });
    kernel.run();
    expect(tableText([{ heading: 'A', width: 3, isRight: true }, { heading: 'LONG', width: 1 }], [['1', 'x'], ['12345', 'y']]))
      .toEqual(['    A LONG', '    1 x', '12345 y']);
    const cell = (length: number): string => tableText([{ heading: 'A', width: 1 }, { heading: 'B', width: 1 }], [['1', 'x'.repeat(length)]])[1];
    expect([cell(TextWIDTH - 2), cell(TextWIDTH - 1)]).toEqual([`1 ${'x'.repeat(TextWIDTH - 2)}`, `1 ${'x'.repeat(TextWIDTH - 5)}...`]);
  });
});

describe('sysctl', () => {
  for (const [abi, format] of systems) {
    test(`what there is by name, and nothing else: ${abi} on ${format} <design/views#.sysctl>`, () => {
      const kernel = system({ abi, format }), process = kernel.process('shell');
      execute(process, {
        name: 'prog', text: 1, data: 0, bss: 0, main: function* (_t, thread) {
          const said = Object.fromEntries(sysctlNames().map((name) => [name, sysctl(thread, name)]));
          expect(said).toMatchObject({
            'hw.machine': format, 'hw.ncpu': 1, 'hw.pagesize': PageSIZE, 'hw.physmem': 0x100_0000, 'kern.maxproc': 1024, 'kern.maxfilesperproc': 1024,
            'kern.proc.args': 'prog a', 'kern.proc.cwd': '/', 'kern.proc.pathname': 'prog', 'kern.proc.nproc': 1,
            'vm.cheri_revoke.quarantine_unmapped_reservations': 0, 'security.cheri.sealcap': -ENOENT,
          });
          expect([sysctl(thread, 'kern.none'), sysctl(thread, 'toString'), sysctlCap(thread, 'security.cheri.none', 5)]).toEqual([-ENOENT, -ENOENT, ENOENT]);
          expect(sysctlNames().filter((name) => name.startsWith('security.')).map((name) => sysctlCap(thread, name, 5))).toEqual([0, 0]);
          return 0;
        },
      }, ['prog', 'a']);
      kernel.run();
      expect(process.status).toEqual({ exit: 0 });
    });
  }
});

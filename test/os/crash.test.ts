import { describe, expect, test } from 'vitest';
import { slotRead } from '../../code/machine/machine.ts';
import { SIGTERM, SIGSEGV, SIG_IGN, SigSetEMPTY, stepStore32 } from '../../code/os/os.ts';
import { close, pages, reportOf, rig, spawn } from './rig.ts';

describe('crash reports', () => {
  test('a report names process, thread, signal, access, authority, what is there, and what the others do <design/signal#.crash>', () => {
    const { kernel, process, hart, thread } = rig(1, 'explored');
    pages(thread, 1);
    hart.enter(10);
    hart.move(35, 1);
    hart.set(3, 0x99, 0, 0, 0);
    const waiter = spawn(process, 'waiter', function* () {
      yield { ready: () => false, what: 'a bus' };
    });
    const stepper = spawn(process, 'stepper', function* () {
      yield* stepStore32(10, 8, 1);
      yield;
    });
    kernel.suspend(stepper);
    while (waiter.waitingFor === null) kernel.step();
    kernel.resume(stepper);
    while (stepper.levelTop().operation === null) kernel.step();
    kernel.suspend(stepper);
    process.sigaction(SIGSEGV, { handler: SIG_IGN, mask: SigSetEMPTY, flags: 0 });
    close(thread, 1);
    expect(slotRead(hart, 1).tag).toBe(true);
    expect(() => hart.storeCap(1, 32, 35)).toThrow('died of SIGSEGV (SEGV_ACCERR) in thread 1 \'main\'');
    const lines = reportOf(process).split('\n'), at = hart.r[8].toString(16).padStart(8, '0');
    expect(lines).toEqual([
      `process ${process.pid} 'test' died of SIGSEGV (SEGV_ACCERR) in thread 1 'main'`,
      '  SIGSEGV is ignored: a fault cannot be',
      `  storecap of 16 bytes at 0x40${(hart.r[8] + 32).toString(16).padStart(8, '0')} through slot 1 offset 32:`,
      '    the page does not allow it',
      `  there: mapped 0x40${at}-0x40${(hart.r[8] + 4096).toString(16).padStart(8, '0')}, protection --- of rw-`,
      `  slot 1: 0x40${at} [rwRW,0x40${at}-0x40${(hart.r[8] + 4096).toString(16).padStart(8, '0')}]`,
      `  slot 35: 0x40${at} [rwRW,0x40${at}-0x40${(hart.r[8] + 4096).toString(16).padStart(8, '0')}]`,
      '  slot 3: 0x99',
      '  thread 2 \'waiter\' waits for a bus',
      '  thread 3 \'stepper\' is about to do store32 at 0x4000000008 through slot 10, suspended',
    ]);
  });

  test('no line is longer than 100 columns, however much is in use <design/signal#.crash>', () => {
    const { process, hart, thread } = rig();
    pages(thread, 1);
    for (let slot = 2; slot < 32; slot++) hart.move(slot, 1);
    for (let i = 0; i < 3; i++) spawn(process, 'x'.repeat(120), function* () { yield; });
    expect(() => process.kill(SIGTERM)).toThrow('SIGTERM');
    const lines = reportOf(process).split('\n');
    expect(lines.filter((line) => line.length > 100)).toEqual([]);
    expect(lines).toContain('  and 15 more slots in use');
  });
});

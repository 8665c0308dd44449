import { describe, expect, test } from 'vitest';
import {
  FaultCAUSE, faultDescribe, faultIsCapability, faultIsPage, faultMake, faultReportMorello, faultReportRiscv, type AccessKind, type FaultKind,
} from '../../code/machine/machine.ts';

const make = (kind: FaultKind, low = 0x10, high = 0x40): ReturnType<typeof faultMake> => faultMake(kind, 'store', low, high, 4, 3, -8);

describe('faults', () => {
  test('capability violations have ISAv9\'s causes; alignment and pages have none <design/machine#.fault.cause>', () => {
    expect(FaultCAUSE).toEqual({
      bounds: 0x01, tag: 0x02, seal: 0x03, execute: 0x11, load: 0x12, store: 0x13, storecap: 0x15, storelocal: 0x16,
      type: 0x04, loadcap: 0x14, invoke: 0x19,
    });
    const kinds: FaultKind[] = ['tag', 'seal', 'load', 'store', 'storecap', 'storelocal', 'bounds', 'misaligned', 'page', 'page-storecap'];
    expect(kinds.filter((kind) => !faultIsCapability(make(kind)))).toEqual(['misaligned', 'page', 'page-storecap']);
  });

  test('a description names access, size, address, slot, offset and reason; every address exactly <design/machine#.fault>', () => {
    expect(faultDescribe(make('tag'))).toBe('store of 4 bytes at 0x4000000010 through slot 3 offset -8: the capability has no tag');
    expect(faultDescribe(make('page', 0, 0))).toBe('store of 4 bytes at 0x0 through slot 3 offset -8: the page does not allow it');
    expect(faultDescribe(make('page', -1, -1))).toContain(' at 0xffffffffffffffff ');
    expect(faultDescribe(make('page', 0x123, 0))).toContain(' at 0x123 ');
  });

  /** Kind, access; scause; capability cause, 0 with an address in stval; Morello's class and status. */
  const reports: readonly (readonly [FaultKind, AccessKind, number, number, number, number])[] = [
    ['tag', 'load', 0x1c, 0x02, 0x24, 0x28], ['seal', 'store', 0x1c, 0x03, 0x24, 0x29], ['type', 'invoke', 0x1c, 0x04, 0x24, 0x2b],
    ['invoke', 'invoke', 0x1c, 0x19, 0x24, 0x2b], ['execute', 'jump', 0x1c, 0x11, 0x24, 0x2b], ['load', 'loadcap', 0x1c, 0x12, 0x24, 0x2b],
    ['store', 'storecap', 0x1c, 0x13, 0x24, 0x2b], ['loadcap', 'loadtags', 0x1c, 0x14, 0x24, 0x2b], ['storecap', 'storecap', 0x1c, 0x15, 0x24, 0x2b],
    ['storelocal', 'swapcap', 0x1c, 0x16, 0x24, 0x2b], ['bounds', 'amo', 0x1c, 0x01, 0x24, 0x2a],
    ['misaligned', 'load', 4, 0, 0x24, 0x21], ['misaligned', 'loadcap', 4, 0, 0x24, 0x21], ['misaligned', 'loadtags', 4, 0, 0x24, 0x21],
    ['misaligned', 'store', 6, 0, 0x24, 0x21], ['misaligned', 'storecap', 6, 0, 0x24, 0x21], ['misaligned', 'amo', 6, 0, 0x24, 0x21],
    ['misaligned', 'swapcap', 6, 0, 0x24, 0x21], ['misaligned', 'fetch', 0, 0, 0x20, 0x21], ['misaligned', 'jump', 0, 0, 0x24, 0x21],
    ['page', 'load', 13, 0, 0x24, 0x0f], ['page', 'loadtags', 13, 0, 0x24, 0x0f], ['page', 'store', 15, 0, 0x24, 0x0f], ['page', 'amo', 15, 0, 0x24, 0x0f],
    ['page', 'fetch', 12, 0, 0x20, 0x0f], ['page-loadcap', 'loadcap', 0x1a, 0, 0x24, 0x2c], ['page-loadcap', 'swapcap', 0x1a, 0, 0x24, 0x2c],
    ['page-storecap', 'storecap', 0x1b, 0, 0x24, 0x2c],
  ];
  for (const [kind, access, scause, cause, exceptionClass, status] of reports) {
    test(`${kind} on ${access} is reported as each architecture does <design/machine#.fault.report>`, () => {
      const fault = faultMake(kind, access, -16, 0x7fff, 16, 9, 0);
      const stval = cause === 0 ? { register: -1, low: -16, high: 0x7fff } : { register: 9, low: cause | (9 << 5), high: 0 };
      expect(faultReportRiscv(fault)).toEqual({ exception: scause, cause, ...stval });
      expect(faultReportMorello(fault, true)).toEqual({ exception: exceptionClass, cause: status, register: -1, low: -16, high: 0x7fff });
      expect([faultIsCapability(fault), faultIsPage(fault)]).toEqual([cause !== 0, kind.startsWith('page')]);
    });
  }

  test('a fetch is through the program counter, register 32; a slot that is no register counts as the last <design/machine#.departs.register>', () => {
    expect(faultReportRiscv(faultMake('tag', 'fetch', 0, 0, 2, 5, 0))).toMatchObject({ register: 0x20, low: 0x402 });
    expect(faultReportRiscv(faultMake('tag', 'load', 0, 0, 2, 31, 0)).register).toBe(31);
    expect(faultReportRiscv(faultMake('tag', 'load', 0, 0, 2, 400, 0)).register).toBe(31);
  });

  test('Morello tells a page that is not there from one that forbids <design/machine#.fault.report>', () => {
    expect(faultReportMorello(make('page'), false).cause).toBe(0x07);
    expect(faultReportMorello(make('page'), true).cause).toBe(0x0f);
    expect(faultReportMorello(make('tag'), false).cause).toBe(0x28);
  });
});

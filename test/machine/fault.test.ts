import { describe, expect, test } from 'vitest';
import { FaultCAUSE, faultDescribe, faultIsCapability, faultMake, type FaultKind } from '../../code/machine/machine.ts';

const make = (kind: FaultKind, low = 0x10, high = 0x40): ReturnType<typeof faultMake> => faultMake(kind, 'store', low, high, 4, 3, -8);

describe('faults', () => {
  test('capability violations have ISAv9\'s causes; alignment and pages have none <design/machine#.fault.cause>', () => {
    expect(FaultCAUSE).toEqual({
      bounds: 0x01, tag: 0x02, seal: 0x03, execute: 0x11, load: 0x12, store: 0x13, storecap: 0x15, storelocal: 0x16,
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
});

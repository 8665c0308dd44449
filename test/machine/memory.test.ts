import { expect, test } from 'vitest';
import { addrOfWindow, addrOfWords, highOfAddr, highOffset, lowOffset, lowOfAddr, Memory, MemoryLIMIT, WindowHIGH } from '../../code/machine/machine.ts';
import { hold, word } from './arbitrary.ts';
import fc from 'fast-check';

test('fresh memory is zero and untagged; all its views are the same bytes <design/machine#.memory.tag>', () => {
  const memory = new Memory(0x3000);
  expect([memory.size, memory.u8.length, memory.u16.length, memory.i32.length]).toEqual([0x3000, 0x3000, 0x1800, 0xc00]);
  expect([memory.tags.length, memory.tags32.length]).toEqual([0x300, 0xc0]);
  expect(memory.u8.every((byte) => byte === 0) && memory.tags.every((tag) => tag === 0)).toBe(true);
  memory.i32[3] = 0x0403_0201;
  memory.tags[5] = 1;
  expect([memory.u8[12], memory.u8[15], memory.u16[6], memory.tags32[1]]).toEqual([1, 4, 0x201, 0x100]);
});

test('sizes that are not whole pages, or beyond 32-bit addresses, are refused <design/machine#.memory.size>', () => {
  for (const size of [0, -4096, 100, 4097, NaN, 4096.5, MemoryLIMIT + 4096]) {
    expect(() => new Memory(size)).toThrow(`memory of ${size} bytes: it must be a multiple of 4096`);
  }
});

test('addresses come apart into words and together again; offsets carry <design/machine#.address.exact>', () => {
  hold(fc.tuple(fc.nat(0x7ff), word, word), ([high, low, offset]) => {
    const addr = addrOfWords(low, high);
    expect([lowOfAddr(addr), highOfAddr(addr)]).toEqual([low, high]);
    const sum = BigInt.asUintN(64, BigInt(addr) + BigInt(offset));
    expect([lowOffset(low, offset), highOffset(low, high, offset)].map((part) => BigInt(part >>> 0))).toEqual([sum & 0xffff_ffffn, sum >> 32n]);
  });
  expect([addrOfWindow(-1), addrOfWords(-1, WindowHIGH)]).toEqual([0x40_ffff_ffff, 0x40_ffff_ffff]);
});

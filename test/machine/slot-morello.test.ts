import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WindowHIGH } from '../../code/machine/address.ts';
import type { Capability } from '../../code/machine/format.ts';
import { morello } from '../../code/machine/morello.ts';
import {
  morelloDecode, morelloDecodeWords, MorelloGLOBAL, MorelloMUTABLE, morelloPerms, morelloSealed, morelloWeaken,
} from '../../code/machine/slot-morello.ts';
import {
  PermEXECUTE, PermGLOBAL, PermLOAD, PermLOADCAP, PermSTORE, PermSTORECAP, PermSTORELOCAL,
} from '../../code/machine/slot.ts';

const WindowBASE = BigInt(WindowHIGH) << 32n;
const WindowTOP = WindowBASE + (1n << 32n);

const word = fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff });

const capOf = (low: number, high: number, bounds: number, perms: number): Capability => ({
  hi: (BigInt(perms >>> 0) << 32n) | BigInt(bounds >>> 0), lo: (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0), tag: true,
});

/** Words 0 to 3. */
const wordsOf = ({ hi, lo }: Capability): [number, number, number, number] =>
  [lo, lo >> 32n, hi, hi >> 32n].map((half) => Number(BigInt.asIntN(32, half))) as [number, number, number, number];

/** What a room without regard to seal and permissions must be. */
function roomExpected(cap: Capability): number {
  const { base, top, exponent } = morello.fields(cap);
  const isWithin = WindowBASE <= cap.lo && base <= cap.lo && cap.lo <= top && top <= WindowTOP;
  return isWithin && exponent <= 16n ? Number(top - cap.lo) : 0;
}

/** Tag word and rooms of a slot amid others that stay as they are. */
function decoded(words: readonly number[]): number[] {
  const r = Int32Array.of(7, 7, 7, 7, 7, 7, 7, 7, ...words, 9, 9, 9, 5, 7, 7, 7, 7, 7, 7, 7, 7), same = r.slice();
  morelloDecode(r, 8);
  same.set(r.subarray(12, 15), 12);
  expect(r).toEqual(same);
  morelloDecodeWords(same, 0, words[0], words[1], words[2], words[3]);
  expect(same.subarray(4, 7)).toEqual(r.subarray(12, 15));
  return [...r.subarray(12, 15)];
}

/** Words 2 of an exponent; -1 stands for bounds that are exact to the byte. */
const boundsWith = (exponent: number): fc.Arbitrary<number> => word.map((bits) => {
  if (exponent < 0) return (bits & 0x3fff_ffff) | 0x4000_0000;
  return (bits & 0x3ff8_fff8) | (((63 - exponent) >> 3) << 16) | ((63 - exponent) & 7);
});

/** A low word near the base, the top, or the limits of the window. */
const lowNear = (bounds: number): fc.Arbitrary<number> => fc.tuple(word, fc.integer({ min: -3, max: 3 }), fc.nat(7)).map(([low, near, where]) => {
  const { base, top } = morello.bounds(capOf(low, WindowHIGH, bounds, 0));
  const places = [base, top, (base + top) / 2n, base + (top - base) / 4n, top + (top - base) / 4n, 0n];
  return where < places.length ? Number(BigInt.asIntN(32, places[where] + BigInt(near))) : low;
});

const placed = (exponents: readonly number[]): fc.Arbitrary<{ bounds: number; low: number }> =>
  fc.constantFrom(...exponents).chain(boundsWith).chain((bounds) => lowNear(bounds).map((low) => ({ bounds, low })));

const Near: readonly number[] = Array.from({ length: 18 }, (_, index) => index - 1);
const Every: readonly number[] = Array.from({ length: 65 }, (_, index) => index - 1);

/** Words 3 of unsealed capabilities. */
const PermsALL = -1 << 14;
const PermsLOAD = 1 << 31;
const PermsSTORE = 1 << 30;

describe('rooms are what the codec decodes, wherever they decide', () => {
  for (const exponent of [...Near, 17, 18, 48, 63]) {
    test(`room with ${exponent < 0 ? 'byte-exact bounds' : `exponent ${exponent}`} <design/machine#.slot.room>`, () => {
      let usable = 0;
      fc.assert(fc.property(placed([exponent]), ({ bounds, low }) => {
        const room = roomExpected(capOf(low, WindowHIGH, bounds, PermsALL));
        for (const [perms, rooms] of [[PermsALL, [room, room]], [PermsLOAD, [room, 0]], [PermsSTORE, [0, room]]] as const) {
          expect(decoded([low, WindowHIGH, bounds, perms]).slice(1)).toEqual(rooms);
        }
        if (room > 0) usable += 1;
      }), { numRuns: 600 });
      expect(usable).toBeGreaterThanOrEqual(exponent <= 16 ? 100 : 0);
    });
  }

  test('any 128 bits, by tag, seal, window, flags and permission <design/machine#.slot.tag>', () => {
    const high = fc.constantFrom(WindowHIGH, WindowHIGH, WindowHIGH, 0, -1, WindowHIGH + 1, WindowHIGH | (1 << 24), WindowHIGH | (-1 << 31));
    const kinds = fc.constantFrom('open', 'open', 'open', 'low bit', 'others');
    let usable = 0, sealed = 0;
    fc.assert(fc.property(placed([...Near, ...Near, ...Every]), high, word, kinds, ({ bounds, low }, upper, bits, kind) => {
      const w2 = kind === 'low bit' ? bounds | (1 << 31) : bounds, w3 = kind === 'others' ? bits : bits & PermsALL;
      const cap = capOf(low, upper, w2, w3), isSealed = morello.isSealed(cap);
      const room = upper === WindowHIGH && !isSealed ? roomExpected(cap) : 0;
      expect(morelloSealed(w2, w3)).toBe(isSealed);
      expect(decoded([low, upper, w2, w3])).toEqual([
        morelloPerms(w3) | 1, (w3 & (1 << 31)) === 0 ? 0 : room, (w3 & (1 << 30)) === 0 ? 0 : room,
      ]);
      if (room > 0) usable += 1;
      if (isSealed) sealed += 1;
    }), { numRuns: 5000 });
    expect(usable).toBeGreaterThan(150);
    expect(sealed).toBeGreaterThan(900);
  });

  test('what a heap is full of has room, from its base to its top <design/machine#.slot.room>', () => {
    const sizes = [16, 48, 4096, 0x3fff, 0x4000, 0x7ff8, 0x8000, 0x1_0000, 0x10_0000, 0x1000_0000];
    for (const size of sizes) {
      for (const base of [0, 0x1_0000_0000 - size, 0x1000_0000, 0x8000_0000 - (size & -0x1000)]) {
        const from = WindowBASE + BigInt(base), bounds = { base: from, top: from + BigInt(size) };
        const { cap, exact } = morello.encode(bounds, from + 8n, morello.perm.all, 0, 0n, true);
        expect([size, base, exact, decoded(wordsOf(cap)).slice(1)]).toEqual([size, base, true, [size - 8, size - 8]]);
      }
    }
  });

  test('at the last byte of the window there is room for that one, and none where the top is beyond <design/machine#.slot.room>', () => {
    for (const [size, rooms] of [[16n, 1], [17n, 0], [0x3fffn, 0]] as const) {
      const base = WindowTOP - 16n, { cap, exact } = morello.encode({ base, top: base + size }, WindowTOP - 1n, morello.perm.all, 0, 0n, true);
      expect([size, exact, ...decoded(wordsOf(cap)).slice(1)]).toEqual([size, true, rooms, rooms]);
    }
  });

  test('room up to the limit of the window, and none where it would reach beyond <design/machine#.slot.room>', () => {
    const { all, load, store } = morello.perm;
    for (const [size, granule] of [[16n, 1n], [0x3fffn, 1n], [0x7ff8n, 8n], [0x10_0000n, 0x200n]]) {
      for (const beyond of [-granule, 0n, granule]) {
        const top = WindowTOP + beyond, address = WindowTOP - granule - 1n, rooms = beyond > 0n ? 0 : Number(top - address);
        const roomsFor = (perms: number): number[] => {
          const { cap, exact } = morello.encode({ base: top - size, top }, address, perms, 0, 0n, true);
          return [size, beyond, exact, ...decoded(wordsOf(cap)).slice(1)].map(Number);
        };
        const expected = [size, beyond, true].map(Number);
        expect(roomsFor(all)).toEqual([...expected, rooms, rooms]);
        expect(roomsFor(load)).toEqual([...expected, rooms, 0]);
        expect(roomsFor(store)).toEqual([...expected, 0, rooms]);
      }
    }
  });
});

test('each bit of the object type seals, and no other bit of words 2 and 3 does <design/machine#.slot.room>', () => {
  for (let bit = 0; bit < 64; bit += 1) {
    const [bounds, perms] = bit < 32 ? [1 << bit, 0] : [0, 1 << (bit - 32)];
    expect([bit, morelloSealed(bounds, perms)]).toEqual([bit, bit >= 31 && bit < 46]);
  }
  expect([morelloSealed(-1, 0), morelloSealed(0x7fff_ffff, -1 << 14)]).toEqual([true, false]);
});

describe('permissions', () => {
  test('each permission that accesses ask for has its Perm bit, and no other has one <design/machine#.slot.tag>', () => {
    const { global, execute, load, store, loadCap, storeCap, storeLocal } = morello.perm;
    const canonical = new Map([
      [global, PermGLOBAL], [execute, PermEXECUTE], [load, PermLOAD], [store, PermSTORE], [loadCap, PermLOADCAP],
      [storeCap, PermSTORECAP], [storeLocal, PermSTORELOCAL],
    ]);
    for (let bit = 0; bit < 32; bit += 1) expect([bit, morelloPerms(1 << bit)]).toEqual([bit, canonical.get(2 ** (bit - 14)) ?? 0]);
  });

  test('word 3 as a tag word has it is what the codec says <design/machine#.slot.tag>', () => {
    fc.assert(fc.property(word, word, (bounds, perms) => {
      expect(morelloPerms(perms)).toBe(morello.slotPerms(capOf(0, 0, bounds, perms)));
    }));
  });

  test('weakening is what a load through an authority without MUTABLE_LOAD does <design/machine#.ladder.strip>', () => {
    const { load, loadCap, mutableLoad } = morello.perm;
    const through = (perms: number): Capability => morello.encode({ base: 0n, top: 1n << 64n }, 0n, perms, 0, 0n, true).cap;
    fc.assert(fc.property(word, word, (bounds, bits) => {
      const perms = bits & PermsALL, memory = capOf(0, 0, bounds & 0x7fff_ffff, perms);
      const weak = morello.loaded(memory, through(load | loadCap)), same = morello.loaded(memory, through(load | loadCap | mutableLoad));
      expect(wordsOf(weak)).toEqual([0, 0, bounds & 0x7fff_ffff, morelloWeaken(perms)]);
      expect(same).toEqual(memory);
    }));
    expect([MorelloMUTABLE, MorelloGLOBAL]).toEqual([mutableLoad << 14, morello.perm.global << 14]);
    expect(morelloWeaken(-1)).toBe(~(0x1_3040 << 14));
  });
});

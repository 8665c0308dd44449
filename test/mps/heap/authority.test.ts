import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { boundsDecode, boundsFit, BoundsMASK } from '../../machine/windowed.ts';
import { PermDATA, WindowHIGH, boundsGranule, boundsRound, slotDecode } from '../../../code/machine/machine.ts';
import { deriveMoved, deriveNew } from '../../../code/mps/heap/authority.ts';

const HIGH = BigInt(WindowHIGH) << 32n;
const address = (low: number): bigint => HIGH + BigInt(low >>> 0);
const decode = (w: Int32Array, at = 0): { base: bigint; top: bigint } => boundsDecode(BigInt(w[at + 2] >>> 0), address(w[at]));

/** A place for an object: anything that collectors hand out, from one granule to large. */
const place = fc.record({
  size: fc.oneof(fc.integer({ min: 1, max: 255 }), fc.integer({ min: 1, max: 0x4000 })).map((granules) => boundsRound(granules * 16)),
  from: fc.integer({ min: 0x0100_00, max: 0x0ff0_000 }), to: fc.integer({ min: 0x0100_00, max: 0x0ff0_000 }),
}).map(({ size, from, to }) => {
  const granule = Math.max(16, boundsGranule(size)), align = (at: number): number => Math.ceil((at * 16) / granule) * granule;
  return { size, from: align(from), to: align(to) };
});

test('a new capability is to exactly its bytes, for data and capabilities, and unsealed <design/authority#.inv.rights>', () => {
  const r = new Int32Array(8);
  fc.assert(fc.property(place, ({ size, from }) => {
    deriveNew(r, 0, from | 0, size);
    expect(decode(r)).toEqual({ base: address(from), top: address(from) + BigInt(size) });
    expect([r[1], r[3], r[4]]).toEqual([WindowHIGH, PermDATA, PermDATA | 1]);
    const rooms = [r[5], r[6]];
    slotDecode(r, 0);
    expect([r[5], r[6]]).toEqual(rooms);
  }));
});

describe('a capability whose object moves', () => {
  /** The capability to `len` bytes at `off`, with its address at `at`, in an object at `base`; null if there is none. */
  function words(base: number, off: number, len: number, at: number, perms: number, type: number): Int32Array | null {
    const { bits, exact } = boundsFit(address(base + off), BigInt(len)), w = new Int32Array([base + at, WindowHIGH, Number(bits) | (type << 27), perms]);
    const found = decode(w);
    return exact && found.base === address(base + off) && found.top === address(base + off + len) ? w : null;
  }

  test('keeps length, offset, permissions and seal, or cannot be written and says so <design/authority#.inv.rights>', () => {
    let moved = 0, lost = 0;
    fc.assert(fc.property(
      place, fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: -30_000, max: 60_000 }), fc.boolean(), fc.integer(), fc.nat(31),
      ({ size, from, to }, x, y, far, isFar, perms, type) => {
        const off = Math.floor(x * size), len = Math.floor(y * (size - off)), at = isFar ? far : off;
        const w = words(from, off, len, at, perms, type);
        if (w === null) return;
        const isKept = deriveMoved(w, 0, (from + off) | 0, (to - from) | 0);
        const want = words(to, off, len, at, perms, type);
        expect(isKept).toBe(want !== null);
        if (want !== null) expect([...w]).toEqual([...want]);
        if (isKept) moved += 1;
        else lost += 1;
      },
    ), { numRuns: 4000 });
    expect(moved, 'weak run').toBeGreaterThan(1000);
    expect(lost, 'weak run').toBeGreaterThan(10);
  });

  test('within or one past its object never loses its tag <design/authority#.unrepresentable>', () => {
    fc.assert(fc.property(place, fc.double({ min: 0, max: 1, noNaN: true }), ({ size, from, to }, x) => {
      for (const at of [0, Math.floor(x * size), size]) {
        const w = words(from, 0, size, at, PermDATA, 0);
        expect(w).not.toBeNull();
        expect(deriveMoved(w!, 0, from | 0, (to - from) | 0)).toBe(true);
        expect(BigInt(w![2] >>> 0) & BoundsMASK).toBe(boundsFit(address(to), BigInt(size)).bits);
      }
    }));
  });
});

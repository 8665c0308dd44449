import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { boundsHold } from '../../code/machine/bounds.ts';
import { isInside, ladder } from '../../code/machine/ladder.ts';
import {
  addrOfWindow, FaultCAUSE, PageALL, PageSIZE, PermGLOBAL, PermLOAD, PermLOADCAP, PermSTORE, PermSTORECAP, PermSTORELOCAL, slotWrite,
  WindowHIGH, type AccessKind, type Addr, type Fault,
} from '../../code/machine/machine.ts';
import { Every, hold, placed, word } from './arbitrary.ts';
import { give, giveAt, rig, RigMAPPED, type Rig } from './rig.ts';
import { capIn, numberIn, rowsOf } from './vectors.ts';

const kindOf = (found: Fault | number): string => (typeof found === 'number' ? 'none' : found.kind);

const kinds: ReadonlySet<unknown> = new Set<AccessKind>(['load', 'store', 'loadcap', 'storecap']);

describe('the ladder is ISAv9\'s', () => {
  test('every access of the vectors that a hart can make has their answer <design/machine#.req.exact>', () => {
    const { hart, space } = rig();
    space.unmap(addrOfWindow(0), RigMAPPED);
    let tried = 0, granted = 0;
    for (const row of (rowsOf('riscv').get('access') ?? []).filter(({ in: { kind } }) => kinds.has(kind))) {
      const cap = capIn(row), addr = numberIn(row, 'addr'), size = Number(numberIn(row, 'size'));
      const offset = BigInt.asIntN(64, addr - cap.lo), access = row.in['kind'] as AccessKind;
      if (offset >= 1n << 52n || offset <= -1n << 52n) continue;
      slotWrite(hart, 1, cap);
      const tag = row.in['vtag'] === true ? 1 | (row.in['vglobal'] === true ? PermGLOBAL : 0) : 0;
      const found = ladder(hart, access, 1, Number(offset), size, access === 'storecap' ? tag : 0);
      tried += 1;
      if (row.out['fault'] === 'none') {
        // Data may be misaligned in the vectors; and nothing is mapped there.
        expect(kindOf(found)).toBe((addr & BigInt(size - 1)) === 0n ? 'page' : 'misaligned');
        granted += 1;
        if (addr >> 43n !== 0n || (addr & BigInt(size - 1)) !== 0n) continue;
        const page = Number(addr & ~0xfffn) as Addr;
        space.map(page, PageSIZE, 0x3000, PageALL);
        expect(ladder(hart, access, 1, Number(offset), size, 0)).toBe(0x3000 + Number(addr & 0xfffn));
        space.unmap(page, PageSIZE);
      } else {
        const fault = found as Fault;
        const code = fault.kind === 'misaligned' ? (access === 'loadcap' ? 4 : 6) : FaultCAUSE[fault.kind];
        expect({ row, code: `0x${code?.toString(16)}` }).toEqual({ row, code: row.out['code'] });
        expect([(BigInt(fault.high >>> 0) << 32n) | BigInt(fault.low >>> 0)]).toEqual([addr]);
      }
    }
    expect(tried).toBeGreaterThan(250);
    expect(granted).toBeGreaterThan(50);
  });

  test('plain numbers and the 64-bit codec agree on bounds: any bounds, address and offset <design/machine#.ladder.exact>', () => {
    const high = fc.oneof(fc.constantFrom(WindowHIGH, 0, -1, 1, -2, 0x7fff_ffff, -0x8000_0000), word);
    const offsets = fc.oneof(fc.integer({ min: -0x4000, max: 0x4000 }), word, fc.maxSafeInteger());
    let held = 0;
    hold(fc.tuple(placed(Every), high, offsets, fc.constantFrom(1, 2, 4, 8, 16)), ([{ low, bounds }, upper, offset, size]) => {
      const inside = isInside(low, upper, bounds, offset, size);
      expect(inside).toBe(boundsHold(low, upper, bounds, offset, size));
      if (inside) held += 1;
    }, 20_000);
    expect(held).toBeGreaterThan(1000);
  });

  test('the address is the sum modulo 2^64, also across words, and far outside the window <design/machine#.ladder.exact>', () => {
    const { hart, space } = rig();
    space.map(0x1_ffff_f000 as Addr, 2 * PageSIZE, 0x4000, PageALL);
    space.map(addrOfWindow(-PageSIZE), PageSIZE, 0x6000, PageALL);
    space.map((WindowHIGH + 1) * 0x1_0000_0000 as Addr, PageSIZE, 0x7000, PageALL);
    const at = (address: bigint, offset: number, size = 8): Fault | number => {
      giveAt(hart, 1, 0n, 1n << 64n, address);
      return ladder(hart, 'load', 1, offset, size, 0);
    };
    expect(at(0x1_ffff_fff8n, 0)).toBe(0x4ff8);
    expect(at(0x1_ffff_fff8n, 8)).toBe(0x5000);
    expect(at(0x2_0000_0000n, -8)).toBe(0x4ff8);
    expect(at(0x2_0000_0000n, 0xff8)).toBe(0x5ff8);
    expect(at(0x2_0000_0000n, 0x1000)).toMatchObject({ kind: 'page', low: 0x1000, high: 2, addr: 0x2_0000_1000 });
    expect(at(0n, 0x1_ffff_fff8)).toBe(0x4ff8);
    expect(at((1n << 64n) - 8n, 0x2_0000_0008)).toBe(0x5000);
    expect(at(0n, -8)).toMatchObject({ kind: 'page', low: -8, high: -1 });
    expect(at(0x40_ffff_fff8n, 0)).toBe(0x6ff8);
    expect(at(0x40_ffff_fff8n, 8)).toBe(0x7000);
    expect(at(0x41_0000_0000n, -8)).toBe(0x6ff8);
  });

  test('bounds do not wrap where the address does: from the end of the space to its beginning is outside <design/machine#.ladder.exact>', () => {
    const { hart } = rig();
    giveAt(hart, 1, (1n << 64n) - 16n, 1n << 64n);
    expect(kindOf(ladder(hart, 'load', 1, 0, 8, 0))).toBe('page');
    expect(kindOf(ladder(hart, 'load', 1, 15, 2, 0))).toBe('bounds');
    expect(kindOf(ladder(hart, 'load', 1, 16, 8, 0))).toBe('bounds');
  });
});

/** What is wrong with an access, one thing a rung, the first rung first; each repair uncovers the next. */
type Rung = readonly [refusal: string, repair: (rig: Rig) => void];

const unseal: Rung = ['seal', ({ hart }) => { change(hart.r, 11, ~0x1fff); }];
const permit = (refusal: string, perm: number): Rung => [refusal, ({ hart }) => { change(hart.r, 11, -1, perm); }];
const widen: Rung = ['bounds', ({ hart }) => { give(hart, 2, 0, 0x1000, hart.r[11]); hart.r.copyWithin(10, 18, 19); hart.r[8] = 0x108; }];
const align: Rung = ['misaligned', ({ hart }) => { hart.r[8] = 0x110; }];
const page = (refusal: string, rights: number): Rung => [refusal, ({ space }) => { space.map(addrOfWindow(0), PageSIZE, 0, rights); }];
const tag: Rung = ['tag', ({ hart }) => { hart.r[12] = 1; }];

function change(r: Int32Array, at: number, keep: number, add = 0): void {
  r[at] = (r[at] & keep) | add;
}

const orders: Record<AccessKind, readonly Rung[]> = {
  load: [tag, unseal, permit('load', PermLOAD), widen, align, page('page', 1)],
  loadcap: [tag, unseal, permit('load', PermLOAD), widen, align, page('page', 1)],
  store: [tag, unseal, permit('store', PermSTORE), widen, align, page('page', 2)],
  storecap: [
    tag, unseal, permit('store', PermSTORE), permit('storecap', PermSTORECAP), permit('storelocal', PermSTORELOCAL), widen, align,
    page('page', 2), page('page-storecap', 10),
  ],
};

describe('the order of the rungs', () => {
  for (const [access, rungs] of Object.entries(orders) as [AccessKind, readonly Rung[]][]) {
    test(`${access}: ${rungs.map(([refusal]) => refusal).join(', ')} <design/machine#.ladder.order>`, () => {
      const set = rig();
      // Slot 1 begins untagged, sealed, without permissions, too small, misaligned, on a page without rights.
      set.space.protect(addrOfWindow(0), PageSIZE, 0);
      give(set.hart, 1, 0x118, 4, 1);
      set.hart.r[12] = 0;
      const attempt = (): Fault | number => ladder(set.hart, access, 1, 0, 16, access === 'storecap' ? 1 : 0);
      for (const [refusal, repair] of rungs) {
        expect(kindOf(attempt())).toBe(refusal);
        repair(set);
      }
      expect(attempt()).toBe(0x110);
    });
  }

  test('the value decides: untagged needs STORE alone, global does not need STORE_LOCAL <design/machine#.ladder.authority>', () => {
    const { hart, space } = rig();
    const store = (perms: number, value: number): string => {
      give(hart, 1, 0, 64, perms);
      return kindOf(ladder(hart, 'storecap', 1, 0, 16, value));
    };
    expect(store(PermSTORE, 0)).toBe('none');
    expect(store(PermSTORE, 1)).toBe('storecap');
    expect(store(PermSTORE | PermSTORECAP, 1)).toBe('storelocal');
    expect(store(PermSTORE | PermSTORECAP, 1 | PermGLOBAL)).toBe('none');
    expect(store(PermSTORE | PermSTORECAP | PermSTORELOCAL, 1)).toBe('none');
    expect(store(PermSTORE | PermSTORELOCAL, 1 | PermGLOBAL)).toBe('storecap');
    expect(store(PermLOAD | PermLOADCAP | PermSTORECAP | PermSTORELOCAL, 0)).toBe('store');
    space.protect(addrOfWindow(0), PageSIZE, 2);
    expect(store(PermSTORE, 0)).toBe('none');
    expect(store(PermSTORE | PermSTORECAP, 1 | PermGLOBAL)).toBe('page-storecap');
  });
});

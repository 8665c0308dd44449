/* look.test.ts: what is said of a capability is what the machine does with it. */
import { describe, expect, test } from 'vitest';
import { random } from '../../code/base/base.ts';
import { morello, riscv, type Bounds, type Capability, type Format } from '../../code/machine/machine.ts';
import { capLook, regionHas, type Region } from '../../code/observe/look.ts';
import { lookJson, lookText, narrowJson, narrowText } from '../../code/observe/look-text.ts';
import { narrowLook } from '../../code/observe/narrow.ts';
import { seeds } from '../seed.ts';
import { capsDerived, capsOfVectors } from './caps.ts';

const formats = [riscv, morello] as const;
const SpaceSIZE = 1n << 64n;
const wrap = (value: bigint): bigint => BigInt.asUintN(64, value);

/** Bits and tag of every sort. */
const capsOf = (format: Format): Capability[] => [...capsOfVectors(format), ...seeds(4).flatMap((seed) => capsDerived(format, seed, 500))];

/** The first and the last address of a region, and those just outside it; none where there are none. */
const inside = ({ base, size }: Region): bigint[] => (size === 0n ? [] : [base, wrap(base + size / 2n), wrap(base + size - 1n)]);
const isSame = (one: Bounds, other: Bounds): boolean => one.base === other.base && one.top === other.top;
const outside = ({ base, size }: Region): bigint[] => (size === 0n || size === SpaceSIZE ? [] : [wrap(base - 1n), wrap(base + size)]);

describe.each(formats)('$name', (format) => {
  const caps = capsOf(format);

  test('bounds are the same in the region, and others beyond it <design/look#.region> <design/look#.req.honest>', () => {
    let beyond = 0;
    for (const cap of caps) {
      const { region, fields } = capLook(format, cap), decoded = (lo: bigint): Bounds => format.bounds({ ...cap, lo });
      const bounds: Bounds = fields;
      for (const address of inside(region)) if (!isSame(decoded(address), bounds)) expect([cap, address]).toEqual('has the same bounds');
      for (const address of outside(region)) {
        // Where Morello's places end, flags begin.
        if (format.name === 'morello' && BigInt.asIntN(56, address) !== BigInt.asIntN(64, address)) continue;
        if (isSame(decoded(address), bounds)) expect([cap, address]).toEqual('has other bounds');
        beyond += 1;
      }
    }
    expect(beyond).toBeGreaterThan(2000);
  });

  test('the place is in the region; moving the address keeps the tag where it is said to, and not beyond <design/look#.keeps> <design/look#.req.honest>', () => {
    let moves = 0;
    for (const cap of caps) {
      const { region, place, set, add } = capLook(format, cap);
      expect(regionHas(region, place)).toBe(true);
      for (const [reach, may] of [[set, format.maySet.bind(format)], [add, format.mayAdd.bind(format)]] as const) {
        for (const address of inside(reach)) if (!may(cap, address)) expect([cap, address]).toEqual('keeps the tag');
        for (const address of outside(reach)) if (may(cap, address)) expect([cap, address]).toEqual('loses the tag');
        if (reach.size === 0n) expect(may(cap, cap.lo)).toBe(false);
        moves += inside(reach).length + outside(reach).length;
      }
    }
    expect(moves).toBeGreaterThan(10_000);
  });

  test('base and top are multiples of the granule, and the granule is the greatest such for lengths of that exponent <design/look#.req.honest>', () => {
    for (const cap of caps) {
      const { granule, fields: { base, top, internal, exponent, valid } } = capLook(format, cap), e = exponent > 52n ? 52n : exponent;
      const wanted = !internal ? 1n : format.name === 'riscv' || exponent <= 50n ? 8n << e : 8n << 50n;
      if (granule !== wanted || (valid && (base % granule !== 0n || top % granule !== 0n))) expect([cap, granule]).toEqual([cap, wanted]);
    }
  });

  test('what derivation makes has no oddity <design/look#.oddity>', () => {
    for (const cap of seeds(4).flatMap((seed) => capsDerived(format, seed, 500))) {
      expect([cap, capLook(format, cap).oddities]).toEqual([cap, []]);
      expect(capLook(format, format.sealEntry(cap)).oddities).toEqual([]);
      expect(capLook(format, format.andPerm(cap, 0)).oddities).toEqual([]);
    }
    expect(capLook(format, format.nullAt(5n)).oddities).toEqual([]);
    expect(capLook(format, format.rootAt(5n)).oddities).toEqual([]);
  });

  test('a tag is said to be lost in narrowing if and only if it is, and the result to reach as far as it does <design/look#.narrow> <design/look#.req.honest>', () => {
    const draw = random(1), kept = { yes: 0, no: 0, exact: 0 };
    for (const cap of caps) {
      const { length, place } = capLook(format, cap), share = BigInt(draw(2 ** 20)), offset = draw(4) === 0 ? 0n : share * length >> 22n;
      const moved = draw(2) === 0 ? cap : format.setAddress(cap, wrap(format.bounds(cap).base + offset));
      const asked = wrap(length * BigInt(draw(2 ** 20)) >> 20n), look = narrowLook(format, moved, asked), { cap: made, exact } = format.setBounds(moved, asked);
      expect([look.result.cap, look.exact]).toEqual([made, exact]);
      expect([moved, asked, look.lost.length === 0]).toEqual([moved, asked, made.tag]);
      if (look.below !== null && look.above !== null) {
        const { base, top } = format.bounds(made);
        expect([base, top]).toEqual([look.request.base - look.below, look.request.top + look.above]);
        expect(look.below === 0n && look.above === 0n).toBe(exact);
      } else expect(made.tag).toBe(false);
      expect(place).toBe(capLook(format, cap).place);
      kept[made.tag ? 'yes' : 'no'] += 1;
      kept.exact += Number(exact);
    }
    for (const count of Object.values(kept)) expect(count).toBeGreaterThan(200);
  });

  test('lines have at most 80 columns, and the JSON has every field, whatever the bits <design/look#.shown> <design/look#.json> <design/look#.req.any>', () => {
    for (const [index, cap] of caps.entries()) {
      const look = capLook(format, cap), narrow = narrowLook(format, cap, look.length >> BigInt(index % 60) & ((1n << 64n) - 1n));
      const lines = `${lookText(format, look)}${narrowText(format, narrow)}`.split('\n').filter((line) => line !== look.text && line !== narrow.result.text);
      expect(lines.filter((line) => line.length > 80 || line !== line.trimEnd())).toEqual([]);
      const json = JSON.parse(JSON.stringify({ ...lookJson(look), narrow: narrowJson(narrow) })) as Record<string, unknown>;
      expect(Object.keys(json)).toHaveLength(27);
      expect([BigInt(json['hi'] as string), BigInt(json['lo'] as string), json['tag']]).toEqual([cap.hi, cap.lo, cap.tag]);
      if (index > 1500) break;
    }
  });
});

test('bits have an oddity if and only if CBuildCap refuses them as beyond any derivation <design/look#.oddity>', () => {
  const counts = { odd: 0, even: 0 };
  for (const cap of capsOf(riscv)) {
    // CBuildCap drops other seals, reserved ones too.
    const unsealed: Capability = { ...cap, hi: cap.hi & ~(0x3_ffffn << 27n) }, { oddities } = capLook(riscv, unsealed);
    expect([unsealed, oddities.length === 0]).toEqual([unsealed, riscv.build(unsealed, riscv.rootAt(0n)).tag]);
    counts[oddities.length === 0 ? 'even' : 'odd'] += 1;
  }
  expect(counts.odd).toBeGreaterThan(100);
  expect(counts.even).toBeGreaterThan(100);
});

describe('each oddity has its line <design/look#.oddity>', () => {
  const raw = (high: bigint): Capability => ({ hi: high ^ 0x1fff_fc01_8004n, lo: 0n, tag: true });
  const examples: readonly (readonly [Format, Capability, readonly string[]])[] = [
    [riscv, raw(0x1fff_fc00_0000n | (7n << 14n) | 1n), ['exponent 57 is above 52, and is taken for 52']],
    [riscv, raw(0x1fff_fc01_8004n ^ (1n << 17n)), ['the top is beyond the address space']],
    [riscv, raw(0x1fff_fc01_8004n | 0xff8n), ['the top is below the base']],
    [riscv, raw(0x9fff_fc01_8004n), ['reserved bits 111 and 110 are 10, not 00']],
    [riscv, raw(0x1fff_fc01_8004n ^ (2n << 27n)), ['object type 0x3fffd is reserved']],
    [riscv, raw(0x1fff_fc01_8004n | 0x1000n), ['narrowing writes these bounds with other bits']],
    [morello, { hi: 0x0000_0000_0000_0001n, lo: 0n, tag: true }, ['exponent 62 is above 50: the bounds are invalid']],
    [morello, { hi: 0xffff_c000_0000_0000n, lo: 0n, tag: true }, ['exponent 63 is above 50, and NULL\'s alone']],
  ];
  for (const [format, cap, oddities] of examples) {
    test(`${format.name}: ${oddities.join('; ')} <design/look#.oddity>`, () => {
      expect(capLook(format, cap).oddities).toEqual(oddities);
      expect(lookText(format, capLook(format, cap))).toContain(`No derivation makes this: ${oddities[0]}.\n`);
    });
  }
});

describe('each reason for which narrowing loses the tag has its line <design/look#.narrow>', () => {
  const cap = riscv.setBounds(riscv.rootAt(0x1000n), 0x100n).cap, arm = morello.setBounds(morello.rootAt(0x1000n), 0x100n).cap;
  const examples: readonly (readonly [Format, Capability, bigint, readonly string[]])[] = [
    [riscv, cap, 0x100n, []],
    [riscv, cap, 0x101n, ['it ends 1 byte beyond the top']],
    [riscv, riscv.setAddress(cap, 0xff0n), 0x200n, ['it begins 0x10 bytes below the base', 'it ends 0xf0 bytes beyond the top']],
    [riscv, riscv.sealEntry(cap), 1n, ['the capability is sealed']],
    [riscv, riscv.setHigh(cap, cap.hi), 1n, ['it had none']],
    [morello, arm, 0x100n, []],
    [morello, { hi: 1n, lo: 0n, tag: true }, 1n, ['its bounds are invalid']],
    [morello, morello.setFlags(morello.rootAt(0n), 0xabn << 56n), 1n, ['the address has flags, and bounds so narrow leave flags out']],
    // Bounds that do not use the value have no flags to lose.
    [morello, morello.setFlags(morello.rootAt(0n), 0x10n << 56n), 1n << 63n, []],
  ];
  for (const [format, from, length, lost] of examples) {
    test(`${format.name}: ${lost.length === 0 ? `none to lose it, for 0x${length.toString(16)}` : lost.join('; ')} <design/look#.narrow>`, () => {
      expect(narrowLook(format, from, length).lost).toEqual(lost);
    });
  }
});

import { describe, expect, test } from 'vitest';
import { ladder } from '../../code/machine/ladder.ts';
import {
  addrOfWindow, formatOf, PageALL, PageEXECUTE, PageLOADCAP, PageREAD, PageSIZE, PageSTORECAP, PageTRAPCAP, PageWRITE, PermGLOBAL, PermLOAD,
  PermLOADCAP, PermSTORE, PermSTORECAP, PermSTORELOCAL, slotWrite, WindowHIGH, type AccessKind, type Addr, type Fault, type FormatName,
  type PermBits,
} from '../../code/machine/machine.ts';
import { WindowBASE } from './arbitrary.ts';
import { give, giveAt, rig } from './rig.ts';

const kindOf = (found: Fault | number): string => (typeof found === 'number' ? 'none' : found.kind);

describe('the ladder is the architecture\'s', () => {
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

/** What slot 1, its page and memory are like. */
interface Setting {
  tag: boolean;
  sealed: boolean;
  perms: number;
  size: bigint;
  address: bigint;
  rights: number;
}

/** One thing that is wrong with an access: the refusal, and its repair, which uncovers the next. */
type Rung = readonly [refusal: string, repair: (setting: Setting, perm: PermBits) => void];

const tag: Rung = ['tag', (setting) => { setting.tag = true; }];
const unseal: Rung = ['seal', (setting) => { setting.sealed = false; }];
const permit = (refusal: string, name: keyof PermBits): Rung => [refusal, (setting, perm) => { setting.perms |= perm[name]; }];
const widen: Rung = ['bounds', (setting) => { setting.size = 0x1000n; }];
const align: Rung = ['misaligned', (setting) => { setting.address += 1n; }];
const page = (refusal: string, rights: number): Rung => [refusal, (setting) => { setting.rights |= rights; }];

const load = permit('load', 'load'), store = permit('store', 'store');
const storeCaps = [permit('storecap', 'storeCap'), permit('storelocal', 'storeLocal')] as const;
const both = page('page', PageREAD | PageWRITE);
// The authority's right to load a capability does not refuse: a missing one strips, and the page is not asked.
const loadsCap: Rung = ['page-loadcap', (setting) => { setting.rights |= PageLOADCAP; }];

const orders: readonly (readonly [access: AccessKind, formats: readonly FormatName[], rungs: readonly Rung[]])[] = [
  ['load', ['riscv', 'morello'], [tag, unseal, load, widen, align, page('page', PageREAD)]],
  ['store', ['riscv', 'morello'], [tag, unseal, store, widen, align, page('page', PageWRITE)]],
  ['loadcap', ['riscv', 'morello'], [tag, unseal, load, widen, align, page('page', PageREAD), loadsCap]],
  ['storecap', ['riscv', 'morello'], [tag, unseal, store, ...storeCaps, widen, align, page('page', PageWRITE), page('page-storecap', PageSTORECAP)]],
  ['amo', ['riscv'], [tag, unseal, load, store, widen, align, both]],
  ['amo', ['morello'], [tag, unseal, load, widen, store, align, both]],
  ['swapcap', ['riscv'], [tag, unseal, load, store, ...storeCaps, widen, align, both, page('page-storecap', PageSTORECAP), loadsCap]],
  ['swapcap', ['morello'], [tag, unseal, load, widen, store, ...storeCaps, align, both, page('page-storecap', PageSTORECAP), loadsCap]],
  ['loadtags', ['riscv'], [tag, unseal, load, permit('loadcap', 'loadCap'), widen, align, page('page', PageREAD)]],
  ['loadtags', ['morello'], [tag, unseal, load, widen, align, page('page', PageREAD)]],
  ['fetch', ['riscv', 'morello'], [tag, unseal, permit('execute', 'execute'), widen, align, page('page', PageEXECUTE)]],
];

const sizeOf = (access: AccessKind): number => (access === 'loadtags' ? 64 : access === 'fetch' ? 4 : 16);

describe('the order of the rungs', () => {
  for (const [access, formats, rungs] of orders) {
    for (const format of formats) {
      test(`${access}: ${rungs.map(([refusal]) => refusal).join(', ')} <design/machine#.ladder.order> <design/machine#.ladder.morello> ${format}`, () => {
        const set = rig(format), { hart, space } = set, codec = formatOf(hart), isValue = access === 'storecap' || access === 'swapcap';
        const setting: Setting = {
          tag: false, sealed: true, perms: codec.perm.user0 | codec.perm.loadCap, size: 2n, address: WindowBASE + 0x13fn, rights: PageTRAPCAP,
        };
        if (access === 'loadtags') setting.perms = codec.perm.user0;
        set.memory.tags[0x14] = 1;
        const attempt = (): Fault | number => {
          const { address, size, perms, sealed, rights } = setting;
          const type = sealed ? codec.types.sentry : codec.types.unsealed;
          slotWrite(hart, 1, codec.encode({ base: address, top: address + size }, address, perms, type, 0n, setting.tag).cap);
          space.protect(addrOfWindow(0), PageSIZE, rights);
          return ladder(hart, access, 1, 0, sizeOf(access), isValue ? 1 : 0);
        };
        for (const [refusal, repair] of rungs) {
          expect(kindOf(attempt())).toBe(refusal);
          repair(setting, codec.perm);
        }
        expect(attempt()).toBe(0x140);
      });
    }
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
    space.protect(addrOfWindow(0), PageSIZE, PageWRITE);
    expect(store(PermSTORE, 0)).toBe('none');
    expect(store(PermSTORE | PermSTORECAP, 1 | PermGLOBAL)).toBe('page-storecap');
  });
});

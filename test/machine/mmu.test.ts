import { describe, expect, test } from 'vitest';
import {
  addrOfWindow, formatOf, PageALL, PageDIRTYCAP, PageLOADCAP, pageLoadCap, PageREAD, PageSIZE, PageSTORECAP, PageTRAPCAP, PageVALID, PageWRITE, WindowHIGH,
  type Addr, type Fault, type FormatName, type Generation,
} from '../../code/machine/machine.ts';
import { WindowBASE } from './arbitrary.ts';
import { giveAt, isAsBefore, outcome, rig, snapshot, type Rig } from './rig.ts';

const formats: readonly FormatName[] = ['riscv', 'morello'];
const generations: readonly Generation[] = [0, 1];

/** A rig whose slot 1 reaches page 2 of the window, where the first granule is tagged and the second is not. */
function paged(format: FormatName, rights: number): Rig {
  const set = rig(format), base = WindowBASE + 0x2000n;
  giveAt(set.hart, 1, base, base + 0x1000n);
  set.hart.storeCap(1, 0, 1);
  set.space.protect(addrOfWindow(0x2000), PageSIZE, rights);
  return set;
}

const rightsAt = ({ space }: Rig): number => space.entry(0x2000, WindowHIGH);

/** What a load of the granule at `offset` comes to: 'kept', 'stripped', or the fault. */
function loaded({ hart }: Rig, offset: number): unknown {
  return outcome(() => {
    hart.loadCap(2, 1, offset);
    return hart.isTagged(2) ? 'kept' : 'stripped';
  });
}

describe('page rights to capabilities', () => {
  /** Rights beside READ, and what a tagged load does in generations 0 and 1. */
  const rows = [
    ['no right', 0, 'stripped', 'stripped'],
    ['TRAPCAP', PageTRAPCAP, 'page-loadcap', 'page-loadcap'],
    ['LOADCAP', PageLOADCAP, 'kept', 'kept'],
    ['LOADCAP and TRAPCAP', PageLOADCAP | PageTRAPCAP, 'kept', 'kept'],
    ['LOADCAP in generation 0', pageLoadCap(0), 'kept', 'page-loadcap'],
    ['LOADCAP in generation 1', pageLoadCap(1), 'page-loadcap', 'kept'],
    ['TRAPCAP, LOADCAP in generation 1', PageTRAPCAP | pageLoadCap(1), 'page-loadcap', 'kept'],
  ] as const;
  for (const format of formats) {
    for (const [name, rights, ...outcomes] of rows) {
      for (const generation of generations) {
        test(`${name}: in generation ${generation} a tagged load is ${outcomes[generation]} <design/machine#.pages.generation> ${format}`, () => {
          const set = paged(format, PageREAD | rights), before = snapshot(set);
          set.hart.generationSet(generation);
          expect(loaded(set, 0)).toBe(outcomes[generation]);
          if (outcomes[generation] === 'page-loadcap') expect(isAsBefore(set, before)).toBe(true);
          // What is not tagged never asks; nor does a load of data, nor one whose authority would strip the tag.
          expect(loaded(set, 16)).toBe('stripped');
          expect(outcome(() => set.hart.load32(1, 0))).toBe(set.memory.i32[0x2000 >>> 2]);
          const { all, loadCap } = formatOf(set.hart).perm;
          giveAt(set.hart, 1, WindowBASE + 0x2000n, WindowBASE + 0x3000n, WindowBASE + 0x2000n, all & ~loadCap);
          expect(loaded(set, 0)).toBe('stripped');
          expect(set.memory.tags[0x200]).toBe(1);
        });
      }
    }

    test(`rights of data come before those of capabilities <design/machine#.ladder.order> ${format}`, () => {
      expect(loaded(paged(format, PageTRAPCAP), 0)).toBe('page');
      const set = paged(format, PageREAD);
      expect(outcome(() => { set.hart.storeCap(1, 0, 1); })).toBe('page');
    });

    test(`storing what is tagged needs STORECAP and makes the page dirty; other stores do not <design/machine#.inv.dirty> ${format}`, () => {
      const set = paged(format, PageREAD | PageWRITE), { hart, space } = set;
      space.clean(addrOfWindow(0x2000), PageSIZE);
      hart.clear(3);
      expect(outcome(() => { hart.storeCap(1, 0, 1); })).toBe('page-storecap');
      hart.storeCap(1, 0, 3);
      space.protect(addrOfWindow(0x2000), PageSIZE, PageREAD | PageWRITE | PageLOADCAP | PageSTORECAP);
      hart.storeCap(1, 0, 3);
      hart.store8(1, 5, 1);
      expect(rightsAt(set) & PageDIRTYCAP).toBe(0);
      hart.storeCap(1, 32, 1);
      expect(rightsAt(set) & PageDIRTYCAP).toBe(PageDIRTYCAP);
      expect(loaded(set, 32)).toBe('kept');
      // A change of rights does not clean, and the next store takes the fast path with the same result.
      space.protect(addrOfWindow(0x2000), PageSIZE, PageREAD);
      expect(rightsAt(set) & PageDIRTYCAP).toBe(PageDIRTYCAP);
      space.clean(addrOfWindow(0x2000), PageSIZE);
      expect(rightsAt(set) & 0xfff).toBe(PageREAD | PageVALID);
    });
  }

  test('pages outside of the window are dirtied and cleaned as well <design/machine#.pages.dirty>', () => {
    const { hart, space } = rig(), page = 0x3_0000_0000 as Addr;
    space.map(page, PageSIZE, 0x5000, PageALL & ~PageDIRTYCAP);
    giveAt(hart, 1, BigInt(page), BigInt(page) + 64n);
    hart.storeCap(1, 48, 1);
    expect(space.entry(0, 3) & PageDIRTYCAP).toBe(PageDIRTYCAP);
    space.clean(page, PageSIZE);
    expect(space.entry(0, 3)).toBe(0x5000 | (PageALL & ~PageDIRTYCAP));
    hart.loadCap(2, 1, 48);
    expect(hart.isSame(1, 2)).toBe(true);
  });

  test('who handles a fault of the load barrier may bring the page up to date: the load is made again <design/machine#.fault.retry>', () => {
    for (const format of formats) {
      const set = paged(format, PageREAD | pageLoadCap(1)), faults: Fault[] = [];
      set.hart.trap = (_hart, fault) => {
        faults.push(fault);
        set.space.protect(addrOfWindow(0x2000), PageSIZE, PageREAD | pageLoadCap(0));
        return -1;
      };
      expect(loaded(set, 0)).toBe('kept');
      expect(faults.map(({ kind, access, low, slot }) => [kind, access, low, slot])).toEqual([['page-loadcap', 'loadcap', 0x2000, 1]]);
    }
  });

  test('a trap may grant a load that the generation forbids; the authority still decides about the tag <design/machine#.fault.grant>', () => {
    const set = paged('riscv', PageREAD | pageLoadCap(1));
    set.hart.trap = () => 0x2000;
    expect(loaded(set, 0)).toBe('kept');
    expect(loaded(set, 16)).toBe('stripped');
  });
});

describe('address spaces', () => {
  test('a hart enters another space: other pages, that space\'s generation, the same slots <design/machine#.hart.space>', () => {
    for (const format of formats) {
      const { hart, space, memory } = paged(format, PageALL), other = rig(format).space;
      const words = hart.r.slice(8, 16);
      memory.i32[0x4000 >>> 2] = 77;
      other.unmap(addrOfWindow(0), 0x1_0000);
      other.generation = 1;
      other.map(addrOfWindow(0x2000), PageSIZE, 0x4000, PageREAD | pageLoadCap(1));
      hart.enterSpace(other);
      expect([hart.space, hart.generation, hart.load32(1, 0)]).toEqual([other, 1, 77]);
      expect(outcome(() => hart.load32(1, 0x1000 - 0x2000))).toBe('bounds');
      memory.tags[0x401] = 1;
      hart.loadCap(2, 1, 16);
      expect(hart.isTagged(2)).toBe(true);
      expect(hart.r.slice(8, 16)).toEqual(words);
      hart.enterSpace(space);
      expect([hart.generation, hart.load32(1, 0)]).toEqual([0, words[0]]);
    }
  });

  test('a hart whose accesses are explored stays so in another space <design/machine#.explore>', () => {
    const { hart } = paged('riscv', PageALL), other = rig().space, blank = new Int32Array(0x10_0000);
    let heard = 0;
    hart.pte = blank;
    hart.explore = () => { heard += 1; };
    hart.enterSpace(other);
    hart.load8(1, 0);
    expect([hart.pte === blank, heard]).toEqual([true, 1]);
  });
});

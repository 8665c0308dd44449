/* forge.test.ts: NO PROGRAM FORGES A CAPABILITY
 *
 * Random programs over everything a program can do, in lockstep with a model <design/control#.test.forge>. A step is drawn as numbers;
 * what they choose depends on the state, so that most steps do something, and whatever is left of a program when it is shrunk is one.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  alignDown, andPerm, clearTag, copyType, incOffset, seal, sealIf, setAddress, setBounds, setBoundsExact, setFlags, setHigh, setOffset,
  slotRead, slotWrite, type FormatName,
} from '../../code/machine/machine.ts';
import { seeds } from '../seed.ts';
import { fetches, invokes, jumps, pairs, through } from './forge-control.ts';
import { addressFor, builds, checks, derives, sealed, seals, sentries, unseals, type Step } from './forge-derive.ts';
import { Slots, World } from './forge-model.ts';
import {
  copies, fills, forges, generations, loads, loadsCap, moves, protects, readsTags, stores, storesCap, swaps, swapsData, takes, writesWords,
} from './forge-steps.ts';

/** What a step is drawn as. */
type Draw = readonly [op: number, a: number, b: number, c: number, n: number];

/** Every kind of step, and how often it is drawn. */
const kinds: readonly (readonly [name: string, often: number, step: Step])[] = [
  ['take', 5, takes], ['move', 2, moves], ['forge', 1, forges],
  ['incOffset', 1, derives('incOffset', (hart, dst, src, _world, c, n) => { incOffset(hart, dst, src, c % 4 === 0 ? n << 6 : (n % 64) - 16); })],
  ['setOffset', 1, derives('setOffset', (hart, dst, src, _world, c, n) => { setOffset(hart, dst, src, c % 4 === 0 ? -n : n % 64); })],
  ['setAddress', 2, derives('setAddress', (hart, dst, src, world, c, n) => { setAddress(hart, dst, src, addressFor(world, world.slot(src), c, n)); })],
  ['setBounds', 2, derives('setBounds', (hart, dst, src, _world, c, n) => { setBounds(hart, dst, src, c % 4 === 0 ? n : n % 256); })],
  ['setBoundsExact', 1, derives('setBoundsExact', (hart, dst, src, _world, c, n) => { setBoundsExact(hart, dst, src, c % 4 === 0 ? n : n % 256); })],
  ['andPerm', 1, derives('andPerm', (hart, dst, src, _world, c, n) => { andPerm(hart, dst, src, ~(1 << (c % 19)) & ~(1 << (n % 19))); })],
  ['setFlags', 1, derives('setFlags', (hart, dst, src, _world, _c, n) => { setFlags(hart, dst, src, BigInt(n) << 50n | BigInt(n & 1)); })],
  ['setHigh', 1, derives('setHigh', (hart, dst, src, world, c) => { setHigh(hart, dst, src, world.slot(c % Slots).hi); })],
  ['clearTag', 1, derives('clearTag', (hart, dst, src) => { clearTag(hart, dst, src); })],
  ['copyType', 1, derives('copyType', (hart, dst, src, world, c) => { copyType(hart, dst, src, sealed(world, c)); })],
  ['alignDown', 1, derives('alignDown', (hart, dst, src, { format }, c) => {
    slotWrite(hart, dst, format.name === 'riscv' ? format.setAddress(slotRead(hart, src), (slotRead(hart, src).lo >> 4n) << 4n) : alignDown(slotRead(hart, src), c % 20));
  })],
  ['sealEntry', 2, sentries], ['seal', 2, seals('seal', seal)], ['sealIf', 1, seals('sealIf', sealIf)], ['unseal', 3, unseals], ['build', 2, builds],
  ['unsealIfSubset', 1, checks], ['pair', 2, pairs],
  ['load8', 1, loads(1)], ['load16', 1, loads(2)], ['load32', 1, loads(4)], ['loadDouble', 1, loads(8)],
  ['store8', 1, stores(1)], ['store16', 1, stores(2)], ['store32', 1, stores(4)], ['storeDouble', 1, stores(8)], ['words', 1, writesWords],
  ['loadCap', 8, loadsCap], ['storeCap', 9, storesCap], ['swap', 3, swaps], ['swapData', 1, swapsData], ['loadTags', 1, readsTags], ['copy', 2, copies], ['fill', 1, fills],
  ['jump', 3, jumps], ['invoke', 3, invokes], ['through', 2, through], ['fetch', 1, fetches],
  ['protect', 3, protects], ['generation', 1, generations],
];
const lottery = kinds.flatMap(([name, often, step]) => Array.from({ length: often }, () => [name, step] as const));

/** run -- a program from the beginning. */
function run(world: World, program: readonly Draw[]): void {
  world.begin();
  for (const [op, a, b, c, n] of program) {
    const [name, step] = lottery[op % lottery.length];
    step(world, a, b, c, n);
    world.compare(name);
  }
  world.sweep();
}

const draw: fc.Arbitrary<Draw> = fc.tuple(fc.nat(lottery.length - 1), fc.nat(0xff), fc.nat(0xff), fc.nat(0xff), fc.nat(0xfffff));
const programs = fc.array(draw, { maxLength: 300, size: 'max' });

/** What a run must have met, so often at least; what one format has not is not asked of it. */
const Least: readonly (readonly [what: string, times: number, format?: FormatName])[] = [
  ['tag stored', 500], ['tag loaded', 100], ['tag stripped', 8], ['cleared', 100], ['tag copied', 20], ['weakened', 3, 'morello'], ['room', 2000],
  ['setBounds', 300], ['setBounds refused', 20], ['setAddress', 100], ['setAddress refused', 20], ['incOffset', 100], ['incOffset refused', 20],
  ['seal', 100], ['seal refused', 10], ['unseal', 20], ['unseal refused', 20], ['sealEntry', 50], ['sealEntry refused', 10], ['build', 15], ['build refused', 20],
  ['built from data', 2], ['copyType', 1], ['compared the same', 5], ['unsealed by a superset', 5, 'morello'],
  ['jump', 50], ['linked', 50], ['invoke', 20], ['through', 3, 'morello'], ['arrived untagged', 10, 'morello'],
  ['fault tag', 20], ['fault seal', 20], ['fault load', 5], ['fault store', 5], ['fault storecap', 5], ['fault storelocal', 5], ['fault bounds', 20],
  ['fault misaligned', 5], ['fault page', 20], ['fault page-loadcap', 2], ['fault page-storecap', 5], ['fault execute', 3], ['fault type', 1, 'riscv'], ['fault invoke', 1, 'riscv'],
];

/** With locks other programs are tried than without. */
const first = seeds(1)[0];

/** How many programs a test runs. */
const Programs = 150;

describe('random programs', () => {
  for (const [format, isShared] of [['riscv', false], ['morello', false], ['riscv', true], ['morello', true]] as const) {
    test(`${format}${isShared ? ', with locks' : ''}: forge no tag, gain no authority, open no seal, and change nothing where they fault `
      + '<design/machine#.inv.tag.data> <design/capability#.inv.monotonic> <design/capability#.inv.sealed> <design/machine#.inv.slot.decoded> '
      + '<design/machine#.inv.fault.nothing> <design/control#.inv.authority>', () => {
      const world = new World(format, isShared);
      fc.assert(fc.property(programs, (program) => { run(world, program); }), { numRuns: Programs, seed: first + (isShared ? 1000 : 0) });
      const weak = Least.filter(([what, times, only]) => (only ?? format) === format && (world.counts.get(what) ?? 0) < times);
      expect(weak.map(([what, times]) => `${what}: ${world.counts.get(what) ?? 0} of ${times}`)).toEqual([]);
    });
  }
});

/* mutants.list.ts: PLANTED DEFECTS
 *
 * Each is a small change to the source that some test must notice <design/mutants>. `old` occurs exactly once in `file`. `tests`
 * are the files of which at least one must fail; name the nearest, for they are run for each mutant.
 */
import type { Mutant } from './mutant.ts';

/** The list. Add beside your kind; the name says what is broken. */
export const mutants: readonly Mutant[] = [
  // base
  {
    name: 'aver never fails',
    file: 'code/base/check.ts',
    old: 'if (!condition) throw',
    new: 'if (false) throw',
    tests: ['test/base/check.test.ts'],
  },
  {
    name: 'a structure of the wrong class passes for any other',
    file: 'code/base/check.ts',
    old: 'aver(structure.sig === sig,',
    new: 'aver(structure.sig !== SigINVALID,',
    tests: ['test/base/check.test.ts'],
  },
  {
    name: 'a finished structure still passes',
    file: 'code/base/check.ts',
    old: 'aver(structure.sig === sig,',
    new: 'aver(structure.sig === sig || structure.sig === SigINVALID,',
    tests: ['test/base/check.test.ts'],
  },
  {
    name: 'the seed is ignored',
    file: 'code/base/random.ts',
    old: 'Math.imul(seed | 0, 0x9e3779b1)',
    new: 'Math.imul(1, 0x9e3779b1)',
    tests: ['test/base/random.test.ts'],
  },
  {
    name: 'a limit can be drawn',
    file: 'code/base/random.ts',
    old: '/ 0x1_0000_0000) * limit)',
    new: '/ 0xffff_ffff) * (limit + 0.5))',
    tests: ['test/base/random.test.ts'],
  },
  {
    name: 'one seed gives a generator that is stuck',
    file: 'code/base/random.ts',
    old: 'if (state === 0) state = 1;',
    new: '',
    tests: ['test/base/random.test.ts'],
  },
  {
    name: 'a node may be in two rings',
    file: 'code/base/ring.ts',
    old: "aver(node.isSingle, '<design/ring#.append.single>');",
    new: '',
    tests: ['test/base/ring.test.ts'],
  },
  {
    name: 'a node that left still points into the ring',
    file: 'code/base/ring.ts',
    old: '    this.next = this;\n    this.prev = this;\n  }\n}',
    new: '  }\n}',
    tests: ['test/base/ring.test.ts'],
  },
  {
    name: 'the visited node may not leave its ring',
    file: 'code/base/ring.ts',
    old: 'node = next, next = node.next) visit',
    new: 'node = node.next) visit',
    tests: ['test/base/ring.test.ts'],
  },

  // machine
  {
    name: 'a data store of 4 bytes leaves the tag',
    file: 'code/machine/hart.ts',
    old: 'this.i32[p >>> 2] = value;\n    this.tags[p >>> 4] = 0;',
    new: 'this.i32[p >>> 2] = value;',
    tests: ['test/machine/access.test.ts'],
  },
  {
    name: 'a data store of 1 byte leaves the tag',
    file: 'code/machine/hart.ts',
    old: 'this.u8[p >>> 0] = value;\n    this.tags[p >>> 4] = 0;',
    new: 'this.u8[p >>> 0] = value;',
    tests: ['test/machine/access.test.ts'],
  },
  {
    name: 'a capability is stored without its tag',
    file: 'code/machine/hart.ts',
    old: 'this.tags[p >>> 4] = r[v + 4] & 1;',
    new: 'this.tags[p >>> 4] = 0;',
    tests: ['test/machine/access.test.ts'],
  },
  {
    name: 'the tag that is stored is the one from before the fault',
    file: 'code/machine/hart.ts',
    old: 'this.tags[p >>> 4] = r[v + 4] & 1;',
    new: 'this.tags[p >>> 4] = tag & 1;',
    tests: ['test/machine/access.test.ts'],
  },
  {
    name: 'loading through an authority without LOAD_CAP keeps the tag',
    file: 'code/machine/hart.ts',
    old: '(r[c + 4] & LoadCAP) !== 0',
    new: 'true',
    tests: ['test/machine/access.test.ts'],
  },
  {
    name: 'storing a tagged value needs no STORE_CAP',
    file: 'code/machine/hart.ts',
    old: '&& (r[c + 4] & StoreAnyCAP) === StoreAnyCAP && (tag',
    new: '&& (tag',
    tests: ['test/machine/access.test.ts'],
  },
  {
    name: 'a load may reach one byte beyond the bounds',
    file: 'code/machine/hart.ts',
    old: 'this.r[c + 5] - 4 && (e & 1) !== 0 && (a & 3)',
    new: 'this.r[c + 5] - 3 && (e & 1) !== 0 && (a & 3)',
    tests: ['test/machine/access.test.ts'],
  },
  {
    name: 'a load does not ask the page',
    file: 'code/machine/hart.ts',
    old: 'this.r[c + 5] - 4 && (e & 1) !== 0 && (a & 3)',
    new: 'this.r[c + 5] - 4 && (a & 3)',
    tests: ['test/machine/access.test.ts'],
  },
  {
    name: 'a store asks for the right to read',
    file: 'code/machine/hart.ts',
    old: 'this.r[c + 6] - 4 && (e & 2) !== 0 && (a & 3)',
    new: 'this.r[c + 6] - 4 && (e & 1) !== 0 && (a & 3)',
    tests: ['test/machine/access.test.ts'],
  },
  {
    name: 'claimed slots are not cleared',
    file: 'code/machine/hart.ts',
    old: 'this.r.fill(0, base << SlotSHIFT, top << SlotSHIFT);',
    new: '',
    tests: ['test/machine/hart.test.ts'],
  },
  {
    name: 'the ladder lets untagged authority pass',
    file: 'code/machine/ladder.ts',
    old: 'if (tag === 0) return \'tag\';',
    new: '',
    tests: ['test/machine/ladder.test.ts'],
  },
  {
    name: 'the ladder asks for bounds after alignment',
    file: 'code/machine/ladder.ts',
    old: '?? (isInside(low, high, bounds, offset, size) ? null : \'bounds\')\n    ?? ((at & (size - 1)) === 0 ? null : \'misaligned\')',
    new: '?? ((at & (size - 1)) === 0 ? null : \'misaligned\')\n    ?? (isInside(low, high, bounds, offset, size) ? null : \'bounds\')',
    tests: ['test/machine/ladder.test.ts', 'test/machine/access.test.ts'],
  },
  {
    name: 'the ladder allows one byte beyond the top',
    file: 'code/machine/ladder.ts',
    old: 'above + offset + size <= length;',
    new: 'above + offset + size <= length + 1;',
    tests: ['test/machine/ladder.test.ts', 'test/machine/access.test.ts'],
  },
  {
    name: 'a tagged value may be stored to any page',
    file: 'code/machine/ladder.ts',
    old: 'valueTag !== 0 && (entry & PageSTORECAP) === 0 ?',
    new: 'valueTag !== 0 && entry === 0 ?',
    tests: ['test/machine/ladder.test.ts', 'test/machine/access.test.ts'],
  },
  {
    name: 'rights of a page are never withdrawn',
    file: 'code/machine/pages.ts',
    old: '(old & ~PageRIGHTS) | rights | PageVALID',
    new: 'old | rights | PageVALID',
    tests: ['test/machine/pages.test.ts'],
  },
  {
    name: 'the bounds of a moved object keep their base',
    file: 'code/machine/slot.ts',
    old: 'const step = delta >> exponent;',
    new: 'const step = 0;',
    tests: ['test/machine/slot.test.ts'],
  },
];

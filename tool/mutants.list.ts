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
];

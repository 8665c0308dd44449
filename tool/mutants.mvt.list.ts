/* mutants.mvt.list.ts: PLANTED DEFECTS OF TEMPORAL FIT
 *
 * What can be wrong in the order in which memory is used again <design/mutants>.
 */
import type { Mutant } from './mutant.ts';

const queues = ['test/mps/programs/abqtest.test.ts'];
const pools = ['test/mps/pools/mvt.test.ts'];
const failures = ['test/mps/programs/manual-failures.test.ts'];

/** A part of the list in `mutants.list.ts`. */
export const mutantsOfMvt: readonly Mutant[] = [
  {
    name: 'a queue does not go on at the beginning of its array',
    file: 'code/mps/land/abq.ts',
    old: 'return at < this.capacity ? at : at - this.capacity;',
    new: 'return at < this.capacity ? at : at - this.capacity + 1;',
    tests: queues,
  },
  {
    name: 'only what is the same is deleted from a queue',
    file: 'code/mps/land/abq.ts',
    old: 'if (bases[from] < limit && base < limits[from]) continue;',
    new: 'if (bases[from] === base && limits[from] === limit) continue;',
    tests: queues,
  },
  {
    name: 'a queue that is full takes one more',
    file: 'code/mps/land/abq.ts',
    old: 'if (this.count === this.capacity) return false;',
    new: 'if (this.count > this.capacity) return false;',
    tests: queues,
  },
  {
    name: 'what is in a splinter may be freed',
    file: 'code/mps/pools/mvt.ts',
    old: '    if (base < this.splinterLimit && this.splinterBase < limit) return ResFAIL;\n',
    new: '',
    tests: pools,
  },
  {
    name: 'what a buffer has not given out may be freed',
    file: 'code/mps/pools/manual.ts',
    old: 'seg !== null && from < to && base < to && from < limit',
    new: 'false',
    tests: ['test/mps/pools/mvt.test.ts', 'test/mps/pools/mvff.test.ts'],
  },
  {
    name: 'what is freed keeps its tags in a temporal pool',
    file: 'code/mps/pools/mvt.ts',
    old: '    this.wipe(base, size);\n    this.settle();',
    new: '    this.settle();',
    tests: pools,
  },
  {
    name: 'the smaller splinter is kept',
    file: 'code/mps/pools/mvt.ts',
    old: 'limit - base <= splinterLimit - splinterBase) {',
    new: 'limit - base > splinterLimit - splinterBase) {',
    tests: pools,
  },
  {
    name: 'what is below the least size is a splinter',
    file: 'code/mps/pools/mvt.ts',
    old: 'if (limit - base < this.minSize || ',
    new: 'if (',
    tests: pools,
  },
  {
    name: 'a queued range that grows keeps its turn',
    file: 'code/mps/pools/mvt.ts',
    old: '      queue.delete(base, limit);\n      if (queue.push(base, limit)) return;',
    new: '      if (queue.push(base, limit)) return;',
    tests: pools,
  },
  {
    name: 'a queue that has overflowed is never filled again',
    file: 'code/mps/pools/mvt.ts',
    old: 'if (this.isOverflowed && (this.queue === null || this.queue.count === 0)) this.refill();',
    new: '',
    tests: pools,
  },
  {
    name: 'the contingency comes whatever is free',
    file: 'code/mps/pools/mvt.ts',
    old: '(this.land.size > this.fragLimit * this.total && ',
    new: '(this.land.size > 0 && ',
    tests: pools,
  },
  {
    name: 'there is no last resort',
    file: 'code/mps/pools/mvt.ts',
    old: 'if (res !== ResOK && !this.findFirst(size, alignment)) return res;',
    new: 'if (res !== ResOK) return res;',
    tests: pools,
  },
  {
    name: 'an oversize block leaves its segment behind',
    file: 'code/mps/pools/mvt.ts',
    old: '    else this.giveBack(seg);\n  }',
    new: '    else this.reserve(base, limit);\n  }',
    tests: pools,
  },
  {
    name: 'a segment goes back while a buffer lets go of it',
    file: 'code/mps/pools/mvt.ts',
    old: '    else if (seg === this.emptying) this.surplus = seg;\n',
    new: '',
    tests: pools,
  },
  {
    name: 'what lies below the place of a large block is lost',
    file: 'code/mps/pools/mvt.ts',
    old: '    if (base < place) this.put(base, place);\n',
    new: '',
    tests: pools,
  },
  {
    name: 'a queue is not paid back',
    file: 'code/mps/pools/mvt.ts',
    old: '    if (this.queue !== null) this.arena.ledger.credit(abqRecord(this.queue.capacity));\n',
    new: '',
    tests: failures,
  },
];

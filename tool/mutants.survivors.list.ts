/* mutants.survivors.list.ts: PLANTED DEFECTS OF WHAT MUST SURVIVE
 *
 * What an oracle can get wrong of weak references, guardians and messages; and a trace that is left half done where there are no barriers
 * <design/mutants>.
 */
import type { Mutant } from './mutant.ts';

/** A part of the list in `mutants.list.ts`. */
export const mutantsOfSurvivors: readonly Mutant[] = [
  {
    name: 'an oracle follows weak references',
    file: 'code/observe/graph.ts',
    old: 'if (this.queue[index].seg.rank === RankWEAK) this.weaks.push(index);',
    new: 'if (this.queue[index].seg.rank > RankWEAK) this.weaks.push(index);',
    tests: ['test/observe/mixed.test.ts'],
  },
  {
    name: 'an oracle takes registrations for messages',
    file: 'code/observe/graph.ts',
    old: 'if (isPosted !== posted) return;',
    new: 'if (isPosted === posted) return;',
    tests: ['test/observe/mixed.test.ts'],
  },
  {
    name: 'an oracle lets any weak reference become NULL',
    file: 'code/observe/graph-change.ts',
    old: 'const isLost = list[b] === ItemREFERENCE ? list[b + 1] >= nodes :',
    new: 'const isLost = list[b] === ItemREFERENCE ? list[b + 1] >= nodes - nodes :',
    tests: ['test/observe/mixed.test.ts'],
  },
  {
    name: 'an oracle lets what is referred to be told of',
    file: 'code/observe/graph-change.ts',
    old: 'if (isPosted || !isDead) this.say(',
    new: 'if (isPosted && !isDead) this.say(',
    tests: ['test/observe/mixed.test.ts'],
  },
  {
    name: 'an oracle does not ask who has been told',
    file: 'code/observe/oracle.ts',
    old: '.find(([, isTold]) => !isTold)',
    new: '.find(([n, isTold]) => !isTold && n < 0)',
    tests: ['test/observe/mixed.test.ts'],
  },
  {
    name: 'without barriers a trace is left half done',
    file: 'code/mps/arena/control.ts',
    old: 'const atOnce = trace.emergency || this.parameters.everyPoll || !plinth.incremental;',
    new: 'const atOnce = trace.emergency || this.parameters.everyPoll || (!plinth.incremental && why === \'poll\');',
    tests: ['test/mps/pools/awl.test.ts', 'test/mps/arena/states.test.ts'],
  },
];

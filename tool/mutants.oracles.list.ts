/* mutants.oracles.list.ts: PLANTED DEFECTS THAT ORACLES CONVICT, AND DEFECTS OF ORACLES
 *
 * What breaks a collector in one of the five ways that matter, while named programs run under an oracle. That something fails is not
 * enough there: an oracle must say it <design/mutants#.convict>. And what would have oracles convict a collector that is right.
 */
import type { Mutant } from './mutant.ts';

/** A mutant that only an oracle's error kills. */
export interface OracleMutant extends Mutant {
  /** What the error says, as a regular expression: under which tag. */
  readonly verdict: string;
}

const tests: readonly string[] = ['test/observe/programs.test.ts'];

/** The collector's defects, a part of the list in `mutants.list.ts`. */
export const mutantsConvicted: readonly OracleMutant[] = [
  {
    name: 'oracle: ProtSet does nothing',
    file: 'code/mps/ix/ix.ts',
    old: '    this.vmix.protect(base, (limit - base) >>> 0, protixConvert(mode, this.protsgix.options.execute));\n',
    new: '',
    tests,
    verdict: '#\\.inv\\.black>',
  },
  {
    name: 'oracle: there is no write barrier',
    file: 'code/mps/ix/protix.ts',
    old: '(mode & AccessWRITE) !== 0 ? most & ~ProtWRITE : most',
    new: 'most',
    tests,
    verdict: '#\\.inv\\.(summary|black|graph)>',
  },
  {
    name: 'oracle: a thread is not suspended',
    file: 'code/mps/ix/thix.ts',
    old: 'if (thread !== thread.process.kernel.current && this',
    new: 'if (thread !== thread.process.kernel.current && stopped.length !== 1 && this',
    tests,
    verdict: '#\\.inv\\.(black|graph)>',
  },
  {
    name: 'oracle: slots are not scanned at the flip',
    file: 'code/mps/heap/root.ts',
    old: '      if (hart !== null) scanSlots(ss, hart);\n',
    new: '',
    tests,
    verdict: '#\\.inv\\.graph>',
  },
  {
    name: 'oracle: a commit ignores a flip',
    file: 'code/mps/heap/buffer.ts',
    old: 'return words[FLIPPED] === 0 || this.trip(slot, init);',
    new: 'return true;',
    tests,
    verdict: '#\\.inv\\.(black|graph)>',
  },
];

/** The oracles' own defects, another part. */
export const mutantsOfOracles: readonly Mutant[] = [
  {
    name: 'the graph takes pads for objects',
    file: 'code/observe/graph.ts',
    old: '    if (heap.isPad(start)) return null;\n',
    new: '',
    tests: ['test/observe/acquit.test.ts'],
  },
  {
    name: 'in the graph an empty capability refers to what comes behind its object',
    file: 'code/observe/graph.ts',
    old: 'if (room === 0) {',
    new: 'if (room < 0) {',
    tests: ['test/observe/acquit.test.ts'],
  },
  {
    name: 'what is pinned counts as preserved though it has moved',
    file: 'code/observe/black.ts',
    old: 'heap.starts[g] !== StartFORWARDED && ',
    new: '',
    tests: ['test/observe/acquit.test.ts'],
  },
  {
    name: 'garbage is looked for though mutators have run',
    file: 'code/observe/oracle.ts',
    old: 'return this.hasRun || hasPinned',
    new: 'return hasPinned',
    tests: ['test/observe/acquit.test.ts'],
  },
  {
    name: 'garbage is looked for though something was pinned',
    file: 'code/observe/oracle.ts',
    old: 'this.hasRun || hasPinned ||',
    new: 'this.hasRun ||',
    tests: ['test/observe/acquit.test.ts'],
  },
  {
    name: 'garbage is looked for though a tag was lost',
    file: 'code/observe/oracle.ts',
    old: ' || ss.tagsLost !== this.tagsLostBefore',
    new: '',
    tests: ['test/observe/acquit.test.ts'],
  },
];

/* mutants.list.ts: PLANTED DEFECTS
 *
 * Each is a small change to the source that some test must notice <design/mutants>. `old` occurs exactly once in `file`. `tests`
 * are the files of which at least one must fail; name the nearest, for they are run for each mutant.
 */
import type { Mutant } from './mutant.ts';
import { mutantsOfAmc } from './mutants.amc.list.ts';
import { mutantsOfArenas } from './mutants.arena.list.ts';
import { mutantsWithBarriers } from './mutants.barriers.list.ts';
import { mutantsOfFiles } from './mutants.files.list.ts';
import { mutantsOfMachine } from './mutants.machine.list.ts';
import { mutantsOfManual } from './mutants.manual.list.ts';
import { mutantsOfMarking } from './mutants.marking.list.ts';
import { mutantsOfMvt } from './mutants.mvt.list.ts';
import { mutantsConvicted, mutantsOfOracles, type OracleMutant } from './mutants.oracles.list.ts';
import { mutantsOfSystem } from './mutants.os.list.ts';
import { mutantsOfPages } from './mutants.pages.list.ts';
import { mutantsOfProcesses } from './mutants.processes.list.ts';
import { mutantsOfRoots } from './mutants.roots.list.ts';
import { mutantsOfServices } from './mutants.services.list.ts';
import { mutantsOfSurvivors } from './mutants.survivors.list.ts';
import { mutantsOfTables } from './mutants.tables.list.ts';
import { mutantsOfSpaces } from './mutants.vm.list.ts';

/** The list. Add beside your kind; the name says what is broken. */
export const mutants: readonly (Mutant | OracleMutant)[] = [
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
    old: 'this.enterDeeper(base, top);\n    this.r.fill(0, base << SlotSHIFT, top << SlotSHIFT);',
    new: 'this.enterDeeper(base, top);',
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
    name: 'the bounds of a moved object keep their base',
    file: 'code/machine/slot.ts',
    old: 'const step = delta >> exponent;',
    new: 'const step = 0;',
    tests: ['test/machine/slot.test.ts'],
  },
  // mps, by the oracles and by tests of its own
  {
    name: 'a forwarded copy is never scanned',
    file: 'code/mps/pools/amc-fix.ts',
    old: '  if (!toSeg.grey && toSeg.rank !== LEAF) toSeg.setGrey(true);\n',
    new: '',
    tests: ['test/observe/oracle.test.ts'],
  },
  {
    name: 'a copy loses its tags',
    file: 'code/mps/pools/amc-fix.ts',
    old: 'tags[copy + k] = tags[g + k];',
    new: 'tags[copy + k] = 0;',
    tests: ['test/observe/oracle.test.ts'],
  },
  {
    name: 'a copy is a granule short',
    file: 'code/mps/pools/amc-fix.ts',
    old: 'from + (granules << 2); from < limit;',
    new: 'from + (granules << 2) - 4; from < limit;',
    tests: ['test/observe/oracle.test.ts'],
  },
  {
    name: 'a large object that is kept is not scanned',
    file: 'code/mps/pools/amc-fix.ts',
    old: '  seg.rescan();\n  if (seg.rank !== LEAF) seg.setGrey(true);',
    new: '  seg.rescan();',
    tests: ['test/observe/oracle.test.ts'],
  },
  {
    name: 'an object in a buffer\'s part is moved',
    file: 'code/mps/pools/amc-fix.ts',
    old: '    if (base >>> 0 >= (heap.segs[s] as Seg).whiteLimit) return base;\n',
    new: '',
    tests: ['test/mps/heap/buffer.test.ts'],
  },
  {
    name: 'where a moved reference points now is left out of the summary',
    file: 'code/mps/trace/scan.ts',
    old: '  ss.fixed |= 1 << (now >>> heap.zoneShift);\n',
    new: '',
    tests: ['test/mps/trace/scan.test.ts'],
  },
  {
    name: 'references to what is not white are left out of the summary',
    file: 'code/mps/trace/scan.ts',
    old: '    ss.fixed |= zone;\n',
    new: '',
    tests: ['test/mps/trace/scan.test.ts'],
  },
  {
    name: 'the last slot in use is not a root',
    file: 'code/mps/trace/scan.ts',
    old: 'slot < hart.top; ++slot',
    new: 'slot < hart.top - 1; ++slot',
    tests: ['test/observe/oracle.test.ts'],
  },
  {
    name: 'what was old at the start of a trace is not scanned',
    file: 'code/mps/trace/trace.ts',
    old: '        seg.setGrey(true);\n',
    new: '',
    tests: ['test/observe/oracle.test.ts'],
  },
  {
    name: 'everything condemned is kept',
    file: 'code/mps/pools/amc-fix.ts',
    old: '  return seg.board !== null && seg.board.has(g - seg.granuleBase);\n}\n\n/** amcPromote',
    new: '  return true;\n}\n\n/** amcPromote',
    tests: ['test/mps/pools/amc.test.ts'],
  },
  {
    name: 'freed grains keep their tags',
    file: 'code/mps/heap/pool.ts',
    old: '    this.arena.heap.wipe(seg.granuleBase, seg.granuleLimit);\n',
    new: '',
    tests: ['test/mps/pools/amc.test.ts', 'test/mps/heap/seg.test.ts'],
  },
  {
    name: 'a commit does not notice a flip',
    file: 'code/mps/heap/buffer.ts',
    old: 'return words[FLIPPED] === 0 || this.trip(slot, init);',
    new: 'return true;',
    tests: ['test/mps/heap/buffer.test.ts'],
  },
  {
    name: 'a segment is freed under a buffer that is quite full',
    file: 'code/mps/pools/amc.ts',
    old: 'seg.board === null && seg.buffer === null && seg.whiteLimit',
    new: 'seg.board === null && seg.whiteLimit',
    tests: ['test/mps/heap/buffer.test.ts'],
  },
  {
    name: 'segments with nothing in them stay',
    file: 'code/mps/heap/buffer.ts',
    old: '    this.pool.segTidy(seg);\n',
    new: '',
    tests: ['test/mps/heap/buffer.test.ts'],
  },
  {
    name: 'exact roots are scanned first',
    file: 'code/mps/trace/trace.ts',
    old: '[RankAMBIG, RankEXACT]',
    new: '[RankEXACT, RankAMBIG]',
    tests: ['test/mps/heap/root.test.ts'],
  },
  {
    name: 'pads keep tags',
    file: 'code/mps/heap/heap.ts',
    old: '    this.wipe(g, limit);\n    this.starts[g] = StartPAD;',
    new: '    this.starts.fill(0, g, limit);\n    this.starts[g] = StartPAD;',
    tests: ['test/mps/heap/heap.test.ts'],
  },
  {
    name: 'slots that are not in use keep old references',
    file: 'code/mps/heap/root.ts',
    old: '    if (hart !== null) hart.r.fill(0, hart.top << 3);\n',
    new: '',
    tests: ['test/mps/heap/root.test.ts'],
  },
  {
    name: 'a summary leaves out what was not fixed',
    file: 'code/mps/trace/scan.ts',
    old: 'return this.fixed | (this.unfixed & ~this.white);',
    new: 'return this.fixed;',
    tests: ['test/observe/oracle.test.ts'],
  },
  {
    name: 'a scan does not note the zones that it meets',
    file: 'code/mps/trace/scan.ts',
    old: '        unfixed |= zone;\n',
    new: '',
    tests: ['test/observe/oracle.test.ts'],
  },
  {
    name: 'a large object is promoted once only',
    file: 'code/mps/heap/seg.ts',
    old: '    this.generation = generation;\n    this.forward = forward;\n',
    new: '    this.generation = generation;\n',
    tests: ['test/mps/pools/large.test.ts'],
  },
  ...mutantsOfMachine,
  ...mutantsOfSpaces,
  ...mutantsOfPages,
  ...mutantsOfFiles,
  ...mutantsOfSystem,
  ...mutantsOfProcesses,
  ...mutantsOfArenas,
  ...mutantsOfAmc,
  ...mutantsOfMarking,
  ...mutantsOfManual,
  ...mutantsOfRoots,
  ...mutantsOfServices,
  ...mutantsOfMvt,
  ...mutantsOfTables,
  ...mutantsOfSurvivors,
  ...mutantsWithBarriers,
  ...mutantsConvicted,
  ...mutantsOfOracles,
];

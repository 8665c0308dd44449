/* mutants.pages.list.ts: PLANTED DEFECTS OF PAGES
 *
 * What can be wrong with frames and who has them, with pages that come, are copied and go, with the objects behind them, and with what a child
 * is given of them <design/mutants>.
 */
import type { Mutant } from './mutant.ts';

/** A part of the list in `mutants.list.ts`. */
export const mutantsOfPages: readonly Mutant[] = [
  // frames and pages
  {
    name: 'a free frame keeps its tags',
    file: 'code/os/vm/frames.ts',
    old: '    this.memory.tags.fill(0, frame >>> GranuleSHIFT, (frame + PageSIZE) / 2 ** GranuleSHIFT);\n',
    new: '',
    tests: ['test/os/vm/frames.test.ts'],
  },
  {
    name: 'a frame is free while one still has it',
    file: 'code/os/vm/frames.ts',
    old: '    if (this.holders[frame >>> PageSHIFT] > 0) return;\n',
    new: '    if (this.holders[frame >>> PageSHIFT] > 1) return;\n',
    tests: ['test/os/vm/frames.test.ts'],
  },
  {
    name: 'single frames never become runs again',
    file: 'code/os/vm/frames.ts',
    old: '      this.land.insert(stack[first], stack[next - 1] + PageSIZE);\n',
    new: '',
    tests: ['test/os/vm/frames.test.ts'],
  },
  {
    name: 'a copy is of bytes alone',
    file: 'code/os/vm/page-fault.ts',
    old: '  memory.tags.copyWithin(to >>> GranuleSHIFT, from >>> GranuleSHIFT, (from + PageSIZE) / 2 ** GranuleSHIFT);\n',
    new: '',
    tests: ['test/os/vm/reservation.test.ts'],
  },
  {
    name: 'who copies a page still has the other frame',
    file: 'code/os/vm/page-fault.ts',
    old: '  frames.drop(frame);\n  pte[table + page] = copy',
    new: '  pte[table + page] = copy',
    tests: ['test/os/vm/fork.test.ts', 'test/os/vm/fault.test.ts'],
  },
  {
    name: 'a private page that was given back is the file\'s to write',
    file: 'code/os/vm/page-fault.ts',
    old: '    states[page] = state & ~(StateOPEN | StateMODIFIED);\n',
    new: '    states[page] = state & ~StateMODIFIED;\n',
    tests: ['test/os/vm/object.test.ts'],
  },
  {
    name: 'there is a page behind the last one of a file',
    file: 'code/os/vm/page-fault.ts',
    old: 'pages[page] * PageSIZE >= object.size',
    new: 'pages[page] * PageSIZE > object.size',
    tests: ['test/os/vm/object.test.ts'],
  },
  {
    name: 'a page that holds capabilities counts as clean when it is brought in',
    file: 'code/os/vm/page-fault.ts',
    old: 'const dirty = isTagged(reservation.memory, frame) ? PageDIRTYCAP : 0;',
    new: 'const dirty = 0;',
    tests: ['test/os/vm/object.test.ts'],
  },
  {
    name: 'a stack grows a page further than it may',
    file: 'code/os/vm/reservation.ts',
    old: 'from < growth.floor',
    new: 'from + PageSIZE < growth.floor',
    tests: ['test/os/vm/reservation.test.ts', 'test/os/vm/fault.test.ts'],
  },
  {
    name: 'guards are protected like memory',
    file: 'code/os/vm/reservation.ts',
    old: '      if ((state & KIND) !== MAPPED) continue;\n',
    new: '      if ((state & MAPPED) === 0) continue;\n',
    tests: ['test/os/vm/mprotect.test.ts'],
  },
  {
    name: 'new rights of a page forget its capabilities',
    file: 'code/os/vm/reservation.ts',
    old: '(entry & KEPT) | RIGHTS[',
    new: '(entry & -PageSIZE) | RIGHTS[',
    tests: ['test/os/vm/object.test.ts'],
  },

  // fork
  {
    name: 'a child is given what its parent may write',
    file: 'code/os/vm/page-fork.ts',
    old: 'state = from.states[page] & ~StateOPEN;',
    new: 'state = from.states[page];',
    tests: ['test/os/vm/fork.test.ts'],
  },
  {
    name: 'a parent goes on writing what its child has',
    file: 'code/os/vm/page-fork.ts',
    old: 'to.pte[to.table + page] = from.pte[from.table + page] = (entry',
    new: 'to.pte[to.table + page] = (entry',
    tests: ['test/os/vm/reservation.test.ts'],
  },
  {
    name: 'a child does not count among those who have a shared frame',
    file: 'code/os/vm/page-fork.ts',
    old: '  from.frames.hold(frameOf(entry));\n  to.pte[to.table + page] = entry;',
    new: '  to.pte[to.table + page] = entry;',
    tests: ['test/os/vm/reservation.test.ts'],
  },
  {
    name: 'a run is copied where it was written alone',
    file: 'code/os/vm/page-fork.ts',
    old: '  if ((state & StateUSED) !== 0) frameCopy(from.memory, frameOf(entry), runFrame(to, page)',
    new: '  if ((state & StateMODIFIED) !== 0) frameCopy(from.memory, frameOf(entry), runFrame(to, page)',
    tests: ['test/os/vm/reservation.test.ts'],
  },
  {
    name: 'a fork that fails keeps what it has made',
    file: 'code/os/vm/address-map.ts',
    old: '        for (const made of children) made.finish();\n',
    new: '',
    tests: ['test/os/vm/fork.test.ts', 'test/os/proc/fork.test.ts'],
  },
  {
    name: 'memory goes while a second process lives in it',
    file: 'code/os/vm/address-map.ts',
    old: 'if (this.holders === 0) this.clear();',
    new: 'if (this.holders <= 1) this.clear();',
    tests: ['test/os/proc/fork.test.ts'],
  },

  // moves, advice, objects
  {
    name: 'a page that was moved is where it was as well',
    file: 'code/os/vm/page-fork.ts',
    old: '  from.pte[from.table + page] = 0;\n',
    new: '',
    tests: ['test/os/vm/mremap.test.ts'],
  },
  {
    name: 'mlock keeps what it has brought in when it fails',
    file: 'code/os/vm/page-advice.ts',
    old: '      undo();\n      return null;\n',
    new: '      return null;\n',
    tests: ['test/os/vm/reservation.test.ts', 'test/os/vm/advice.test.ts'],
  },
  {
    name: 'msync throws private copies away',
    file: 'code/os/vm/page-advice.ts',
    old: 'if (invalidate && (isShared || isBorrowed(reservation, page)))',
    new: 'if (invalidate)',
    tests: ['test/os/vm/object.test.ts', 'test/os/vm/advice.test.ts'],
  },
  {
    name: 'memory that minherit shares is never given back',
    file: 'code/os/vm/page-advice.ts',
    old: '  object.drop();\n',
    new: '',
    tests: ['test/os/vm/reservation.test.ts', 'test/os/vm/fork.test.ts', 'test/os/vm/advice.test.ts'],
  },
  {
    name: 'what is cut off an object stays mapped',
    file: 'code/os/vm/object.ts',
    old: '    for (const mapper of this.mappers.keys()) mapper.forget(this, count);\n',
    new: '',
    tests: ['test/os/vm/object.test.ts'],
  },
  {
    name: 'what is cut off the last page keeps its tags',
    file: 'code/os/vm/object.ts',
    old: '    this.memory.tags.fill(0, (last + used) >>> GranuleSHIFT, (last + PageSIZE) / 2 ** GranuleSHIFT);\n',
    new: '',
    tests: ['test/os/vm/object.test.ts'],
  },
  {
    name: 'a page that the host does not have costs a frame',
    file: 'code/os/vm/object.ts',
    old: '      this.frames.drop(made);\n      return -2;\n',
    new: '      return -2;\n',
    tests: ['test/os/vm/object.test.ts'],
  },
  {
    name: 'a page that may not hold capabilities holds them',
    file: 'code/os/vm/page-state.ts',
    old: '(index & ProtHASCAP) !== 0 && !has(StatePLAIN)',
    new: '(index & ProtHASCAP) !== 0',
    tests: ['test/os/vm/object.test.ts'],
  },
  {
    name: 'a page that is unmapped still counts for its object',
    file: 'code/os/vm/pages.ts',
    old: '      if ((state & StateBACKED) !== 0) this.unback(page);\n',
    new: '',
    tests: ['test/os/vm/object.test.ts', 'test/os/vm/munmap.test.ts'],
  },
  {
    name: 'the first page that is cut off an object stays in place',
    file: 'code/os/vm/pages.ts',
    old: 'pages[page] >= first)',
    new: 'pages[page] > first)',
    tests: ['test/os/vm/object.test.ts'],
  },
  {
    name: 'pages of a file in any order are one run',
    file: 'code/os/vm/map-entry.ts',
    old: ' && pages[page] - pages[first] === page - first',
    new: '',
    tests: ['test/os/vm/reservation.test.ts'],
  },
  {
    name: 'pages of a run are resident before they are used',
    file: 'code/os/vm/map-entry.ts',
    old: ' && (states[page] & (StateRUN | StateUSED)) !== StateRUN',
    new: '',
    tests: ['test/os/vm/advice.test.ts', 'test/os/vm/reservation.test.ts', 'test/os/proc/views.test.ts'],
  },
];

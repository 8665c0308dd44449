/* mutants.processes.list.ts: PLANTED DEFECTS OF PROCESSES
 *
 * What can be wrong with fork and exec, with parents and children, with limits, and with what there is to be seen of processes
 * <design/mutants>.
 */
import type { Mutant } from './mutant.ts';

/** A part of the list in `mutants.list.ts`. */
export const mutantsOfProcesses: readonly Mutant[] = [
  {
    name: 'a signal frame is read where nothing may be read any more',
    file: 'code/os/sigplace.ts',
    old: 'if ((entry & ReadRIGHTS) === ReadRIGHTS) return',
    new: 'if (entry !== -1) return',
    tests: ['test/os/sigplace.test.ts'],
  },
  {
    name: 'a child has no alternate stack',
    file: 'code/os/proc/fork.ts',
    old: '  thread.altstack = parent.altstack;\n',
    new: '',
    tests: ['test/os/proc/fork.test.ts'],
  },
  {
    name: 'what is to be done before a fork is done in the order in which it was asked for',
    file: 'code/os/proc/fork.ts',
    old: 'of handlers.toReversed())',
    new: 'of handlers)',
    tests: ['test/os/proc/fork.test.ts'],
  },
  {
    name: 'one process more than may be',
    file: 'code/os/proc/fork.ts',
    old: 'kernel.processes.size >= Math.min',
    new: 'kernel.processes.size > Math.min',
    tests: ['test/os/proc/limits.test.ts', 'test/os/proc/fork.test.ts'],
  },
  {
    name: 'a program has the descriptors that were to be closed',
    file: 'code/os/proc/exec.ts',
    old: '  process.files.exec();\n',
    new: '',
    tests: ['test/os/proc/exec.test.ts', 'test/os/fs/files.test.ts'],
  },
  {
    name: 'a program ignores nothing any more',
    file: 'code/os/proc/exec.ts',
    old: '    if (process.dispositions[signal].action.handler === SIG_IGN && !(isCheribsd && signal === SIGCHLD)) continue;\n',
    new: '',
    tests: ['test/os/proc/exec.test.ts'],
  },
  {
    name: 'signals that waited for a thread are gone when it executes',
    file: 'code/os/proc/exec.ts',
    old: '    thread.pendingSet = caller.pendingSet;\n',
    new: '',
    tests: ['test/os/proc/exec.test.ts'],
  },
  {
    name: 'an orphan that is over stays',
    file: 'code/os/proc/family.ts',
    old: '  if (child.isOver) reap(child);\n}',
    new: '}',
    tests: ['test/os/proc/process.test.ts'],
  },
  {
    name: 'a parent hears twice that a child has stopped',
    file: 'code/os/proc/family.ts',
    old: '  else child.changed = null;\n',
    new: '',
    tests: ['test/os/proc/process.test.ts'],
  },
  {
    name: 'SA_NOCLDWAIT leaves zombies',
    file: 'code/os/proc/family.ts',
    old: 'handler === SIG_IGN || (flags & SA_NOCLDWAIT) !== 0',
    new: 'handler === SIG_IGN',
    tests: ['test/os/proc/process.test.ts'],
  },
  {
    name: 'a hard limit can be raised',
    file: 'code/os/proc/limits.ts',
    old: '    if (hard > now.hard) return EPERM;\n',
    new: '',
    tests: ['test/os/proc/limits.test.ts'],
  },
  {
    name: 'arguments lie where a capability for them is not exact',
    file: 'code/os/proc/loader.ts',
    old: 'unit = Math.max(granule, alignment);',
    new: 'unit = Math.max(granule * 0, alignment);',
    tests: ['test/os/proc/exec.test.ts'],
  },
  {
    name: 'ps shows one that waits as one that runs',
    file: 'code/os/proc/views.ts',
    old: '.some((thread) => thread.waitingFor === null)',
    new: '.some((thread) => thread.suspended === 0)',
    tests: ['test/os/proc/views.test.ts'],
  },
  {
    name: 'the stack of a child of vfork goes with it',
    file: 'code/os/proc/fork.ts',
    old: 'parent.stack.hold()',
    new: 'parent.stack',
    tests: ['test/os/proc/stack.test.ts', 'test/os/proc/fork.test.ts'],
  },
  {
    name: 'an alarm rings after the end',
    file: 'code/os/process.ts',
    old: '    if (this.alarm !== null) this.kernel.clock.cancel(this.alarm.timer);\n',
    new: '',
    tests: ['test/os/signal-alarm.test.ts', 'test/os/proc/process.test.ts'],
  },
  {
    name: 'arguments do not end with NULL',
    file: 'code/os/proc/auxiliary.ts',
    old: 'this.layout.take((parts.length + 1) * CapSIZE, CapSIZE)',
    new: 'this.layout.take(Math.max(parts.length, 1) * CapSIZE, CapSIZE)',
    tests: ['test/os/proc/exec.test.ts'],
  },
  {
    name: 'a program may change mappings through what it begins with',
    file: 'code/os/proc/registers.ts',
    old: 'ProtREAD | ProtWRITE | ProtHASCAP, 0) & ~permVmem(format);',
    new: 'ProtREAD | ProtWRITE | ProtHASCAP, 0) | permVmem(format);',
    tests: ['test/os/proc/exec.test.ts', 'test/os/acceptance/pcuabi-process.test.ts'],
  },
  {
    name: 'a program may write to its text',
    file: 'code/os/proc/image.ts',
    old: '  loader.protectText(text);\n',
    new: '',
    tests: ['test/os/proc/exec.test.ts', 'test/os/acceptance/pcuabi-process.test.ts'],
  },
  {
    name: 'a process may seal with all types',
    file: 'code/os/proc/roots.ts',
    old: '{ first: 0, limit: 0x2_0000 }',
    new: '{ first: 0, limit: 0x4_0000 }',
    tests: ['test/os/proc/views.test.ts', 'test/os/proc/exec.test.ts', 'test/os/acceptance/pcuabi-process.test.ts'],
  },
  {
    name: 'the last column is not cut',
    file: 'code/os/proc/table.ts',
    old: 'line.length > TextWIDTH ?',
    new: 'line.length > TextWIDTH * 2 ?',
    tests: ['test/os/proc/views.test.ts'],
  },
  {
    name: 'a program has less than a page of stack',
    file: 'code/os/proc/image.ts',
    old: 'Math.max(PageSIZE, Math.floor(Math.min(limits.soft(RLIMIT_STACK), MaxSTACK) / PageSIZE) * PageSIZE)',
    new: 'Math.floor(Math.min(limits.soft(RLIMIT_STACK), MaxSTACK) / PageSIZE) * PageSIZE',
    tests: ['test/os/proc/exec.test.ts', 'test/os/proc/limits.test.ts'],
  },
];

/* family.ts: PARENTS AND CHILDREN
 *
 * What becomes of a process that is over, and how its parent hears of it: zombies, orphans, SIGCHLD and waitpid <design/process>.
 */
import { ECHILD, EINVAL } from '../errno.ts';
import type { Process, Status } from '../process.ts';
import { CLD_DUMPED, CLD_EXITED, CLD_KILLED, SA_NOCLDWAIT, SIG_IGN, SIGCHLD } from '../signal.ts';
import { childNotify } from '../stop.ts';
import { sharedRemove } from '../taker.ts';
import type { Thread } from '../thread.ts';
import { sleep, type Wait } from '../wait.ts';

/** The process that has no parent's place: the kernel itself, which waits for whoever comes to it. */
export const InitPID = 1;

/** Options of waitpid: do not wait; hear also of children that stop, and that go on. */
export const WNOHANG = 1;
export const WUNTRACED = 2;
export const WCONTINUED = 4;

const WaitKNOWN: number = WNOHANG | WUNTRACED | WCONTINUED;

/** What waitpid tells of a child: how it is, as a word that the functions below take apart. */
export interface WaitStatus {
  word: number;
}

// The word: FreeBSD's.
const WordSTOPPED = 0x7f;
const WordCONTINUED = 0x13;
const WordCORE = 0x80;

/** wifExited -- it has exited; wexitStatus is its code, from 0 to 255. */
export const wifExited = (word: number): boolean => (word & 0x7f) === 0;
export const wexitStatus = (word: number): number => word >>> 8;

/** wifSignaled -- a signal has ended it; wtermSig is which, and wCoreDump whether there is a core. */
export const wifSignaled = (word: number): boolean => !wifExited(word) && (word & 0x7f) !== WordSTOPPED && word !== WordCONTINUED;
export const wtermSig = (word: number): number => word & 0x7f;
export const wCoreDump = (word: number): boolean => wifSignaled(word) && (word & WordCORE) !== 0;

/** wifStopped -- it is stopped, by signal wstopSig. */
export const wifStopped = (word: number): boolean => (word & 0xff) === WordSTOPPED;
export const wstopSig = (word: number): number => word >>> 8;

/** wifContinued -- it was stopped, and has gone on. */
export const wifContinued = (word: number): boolean => word === WordCONTINUED;

/** statusWord -- how a process has ended. */
export const statusWord = (status: Status): number =>
  'exit' in status ? (status.exit & 0xff) << 8 : status.signal | (status.core === true ? WordCORE : 0);

// A child that is over -------------------------------------------------------------------------------------------------

/** familyEnd -- a process is over: its children are the kernel's now, and its parent hears of it <design/process#.orphan>. */
export function familyEnd(process: Process): void {
  for (const child of [...process.children]) orphan(child);
  const { parent } = process;
  if (parent === null) reap(process);
  else if (isCareless(parent)) {
    // In Linux who has a handler is told all the same.
    if (parent.kernel.profile.abi === 'pcuabi' && parent.dispositions[SIGCHLD].handler !== null) notify(process);
    reap(process);
    parent.childChange.wake();
  } else notify(process);
}

/** isCareless -- it has said that it will not wait for its children: none becomes a zombie. */
function isCareless(parent: Process): boolean {
  const { handler, flags } = parent.dispositions[SIGCHLD].action;
  return handler === SIG_IGN || (flags & SA_NOCLDWAIT) !== 0;
}

function notify(process: Process): void {
  const { status } = process;
  if (status === null) return;
  if ('exit' in status) childNotify(process, CLD_EXITED, status.exit & 0xff);
  else childNotify(process, status.core === true ? CLD_DUMPED : CLD_KILLED, status.signal);
}

/** orphan -- its parent is the kernel, which waits for it at once if it is over. */
function orphan(child: Process): void {
  child.parent?.children.delete(child);
  child.parent = null;
  if (child.isOver) reap(child);
}

/** reap -- somebody has heard of its end: nothing is left of it but what the host has. */
function reap(process: Process): void {
  process.parent?.children.delete(process);
  process.parent = null;
  process.kernel.forget(process);
}

// Waiting --------------------------------------------------------------------------------------------------------------

/** waitpid -- wait for a child, or with a pid of -1 or 0 for any: its pid, with its status in `into`; 0 with WNOHANG where nothing has happened
 *
 * -ECHILD without such a child, also where there was one whose parent does not care for its children; -EINVAL for other options; -EINTR
 * <design/process#.wait>.
 */
export function* waitpid(thread: Thread, pid: number, options: number = 0, into: WaitStatus | null = null): Generator<Wait, number, unknown> {
  const { process } = thread;
  thread.testCancel();
  if ((options & ~WaitKNOWN) !== 0) return -EINVAL;
  for (;;) {
    const children = childrenOf(process, pid), found = children.find((child) => hasNews(child, options));
    if (children.length === 0) return -ECHILD;
    if (found !== undefined) return tell(process, found, into);
    if ((options & WNOHANG) !== 0) return 0;
    const condition = (): boolean => {
      const now = childrenOf(process, pid);
      return now.length === 0 || now.some((child) => hasNews(child, options));
    };
    const broken = yield* sleep(thread, pid > 0 ? `process ${pid}` : 'a child', [process.childChange], condition);
    if (broken !== 0) return -broken;
  }
}

/** childrenOf -- those that a pid stands for; there are no groups: 0 is any, and below -1 none <design/os#.departs.group>. */
function childrenOf({ children }: Process, pid: number): Process[] {
  return pid < -1 ? [] : [...children].filter((child) => pid <= 0 || child.pid === pid);
}

const hasNews = (child: Process, options: number): boolean =>
  child.isOver || (child.changed === 'stopped' && (options & WUNTRACED) !== 0) || (child.changed === 'continued' && (options & WCONTINUED) !== 0);

/** tell -- say how a child is, once. In FreeBSD SIGCHLD waits no longer when there is nothing more to be said. */
function tell(parent: Process, child: Process, into: WaitStatus | null): number {
  const { pid, status, stopSignal } = child;
  if (into !== null) {
    into.word = child.isOver && status !== null ? statusWord(status)
      : child.changed === 'stopped' ? (stopSignal << 8) | WordSTOPPED : WordCONTINUED;
  }
  if (child.isOver) reap(child);
  else child.changed = null;
  const isAll = ![...parent.children].some((other) => hasNews(other, WUNTRACED | WCONTINUED));
  if (isAll && parent.kernel.profile.abi === 'cheribsd') sharedRemove(parent, SIGCHLD);
  return pid;
}

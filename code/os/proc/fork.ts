/* fork.ts: FORK
 *
 * A process becomes two: what is in memory and in the kernel is copied, what a program has in JavaScript is not <design/fork>.
 */
import { AddressSpace, SlotSHIFT } from '../../machine/machine.ts';
import { EAGAIN, ENOMEM } from '../errno.ts';
import type { Process } from '../process.ts';
import { safetyCheck } from '../safety.ts';
import { takersAsk } from '../taker.ts';
import type { Thread, ThreadBody, ThreadRun, Yielded } from '../thread.ts';
import type { Wait } from '../wait.ts';
import { endingCheck } from './ending.ts';
import { MaxPROC, RLIMIT_NPROC } from './limits.ts';

/** What one caller of atFork wants done: before a fork, and after it in the parent, and in the child. */
export interface AtFork {
  readonly prepare?: (thread: Thread) => ThreadRun;
  readonly parent?: (thread: Thread) => ThreadRun;
  readonly child?: (thread: Thread) => ThreadRun;
}

/** What a child may be given. */
export interface ForkOptions {
  /** Of the process; default its parent's. */
  readonly name?: string;
  /** The child's program yields its accesses; default as its parent's. */
  readonly stepped?: boolean;
}

/** atFork -- pthread_atfork: from now on have this done at each fork of the process. */
export function atFork(process: Process, handlers: AtFork): void {
  const { current } = process.kernel;
  endingCheck(process.kernel);
  if (current !== null) safetyCheck(current, 'pthread_atfork');
  process.atFork.push(handlers);
}

/** fork -- a child process with one thread, which runs `body`: its number, or -EAGAIN or -ENOMEM and no child
 *
 * The child's thread has the slots, the stack, the mask and the alternate stack of the caller, no signals that wait, and of its memory
 * what the caller has, copied when it is written to. Handlers of atFork run here and there, the last asked for first before the fork
 * and the first asked for first after it; where it fails, the parent's run all the same.
 */
export function* fork(thread: Thread, body: ThreadBody, options: ForkOptions = {}): Generator<Yielded, number, unknown> {
  endingCheck(thread.process.kernel);
  const handlers = [...thread.process.atFork];
  for (const { prepare } of handlers.toReversed()) if (prepare !== undefined) yield* prepare(thread);
  const child = forkNow(thread, childBody(handlers, body), options);
  for (const { parent } of handlers) if (parent !== undefined) yield* parent(thread);
  return typeof child === 'number' ? child : child.pid;
}

/** childBody -- a child's program, after what is to be done first. */
function childBody(handlers: readonly AtFork[], body: ThreadBody): ThreadBody {
  return function* (hart, thread) {
    for (const { child } of handlers) if (child !== undefined) yield* child(thread);
    yield* body(hart, thread);
  };
}

/** vfork -- a child that lives in the caller's memory, on the caller's stack: its number, or -EAGAIN
 *
 * The caller goes on when the child has executed a program, or is over; until then it takes no signals <design/fork#.vfork>. Handlers of
 * atFork do not run.
 */
export function* vfork(thread: Thread, body: ThreadBody, options: ForkOptions = {}): Generator<Wait, number, unknown> {
  const { process } = thread, { kernel, map } = process;
  endingCheck(kernel);
  if (isFull(process)) return -EAGAIN;
  map.hold();
  const child = kernel.enrol(options.name ?? process.name, false, map, process);
  child.guest = spawnCopy(child, thread, body, options);
  child.lender = thread;
  // Not a wait alone, which a handler could run in: on the stack that the child has.
  suspendSelf(thread);
  yield { what: `process ${child.pid} to execute a program or to end`, channels: [], ready: () => child.lender === null };
  return child.pid;
}

/** suspendSelf -- Kernel.suspend of who runs: its child will resume it. */
function suspendSelf(thread: Thread): void {
  const { kernel } = thread.process;
  thread.suspended += 1;
  takersAsk(thread);
  kernel.counts.suspensions += 1;
  kernel.watcher?.suspended?.(thread);
}

/** forkNow -- the fork itself: the child, or what is wrong, negative. */
function forkNow(thread: Thread, body: ThreadBody, options: ForkOptions): Process | number {
  const { process } = thread, { kernel } = process;
  if (isFull(process)) return -EAGAIN;
  const map = process.map.fork(new AddressSpace(kernel.memory.size));
  if (map === null) return -ENOMEM;
  const child = kernel.enrol(options.name ?? process.name, false, map, process);
  spawnCopy(child, thread, body, options);
  return child;
}

/** isFull -- no process more is allowed: the kernel's limit, or this one's. */
const isFull = ({ kernel, limits }: Process): boolean =>
  kernel.processes.size >= Math.min(MaxPROC, limits.soft(RLIMIT_NPROC));

/** spawnCopy -- the thread of a child: where the parent's is, and about to run `body`. */
function spawnCopy(child: Process, parent: Thread, body: ThreadBody, { stepped }: ForkOptions): Thread {
  const { hart } = parent, isLent = child.map === parent.process.map, stack = isLent ? parent.stack.hold() : parent.stack.fork(child.map);
  const thread = child.enrol(parent.name, stepped ?? parent.isStepped ? 'stepped' : 'plain', stack, hart.limit, parent.slotSize > 0);
  thread.hart.r.set(hart.r.subarray(0, hart.top << SlotSHIFT));
  thread.hart.top = hart.top;
  thread.mask = parent.mask;
  thread.altstack = parent.altstack;
  thread.sp = parent.sp;
  thread.specifics = parent.specifics === null ? null : new Map(parent.specifics);
  thread.mayCancel = parent.mayCancel;
  thread.cancelWanted = parent.cancelWanted;
  const level = thread.levelNext();
  level.sp = spOfStack(parent);
  level.stackFrom = level.sp;
  thread.levelPush(body(thread.hart, thread));
  child.kernel.scheduler.add(thread);
  return thread;
}

/** spOfStack -- down to where a thread's own stack is in use, also while it runs on the alternate one. */
function spOfStack({ sp, levels, depth, stackBase, stackLimit }: Thread): number {
  const all = [...levels.slice(0, depth).map((level) => level.sp), sp];
  return all.findLast((at) => at >= stackBase && at <= stackLimit) ?? stackLimit;
}

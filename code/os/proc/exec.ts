/* exec.ts: EXECVE
 *
 * A process begins anew with another program: new memory, one thread, the arguments where the ABI has them <design/exec>. A program is
 * sizes and a generator function; there are no instructions to be loaded.
 */
import { aver } from '../../base/base.ts';
import { HartSLOTS, type Hart } from '../../machine/machine.ts';
import { E2BIG, EINVAL, ENOENT, ENOEXEC, ENOMEM } from '../errno.ts';
import type { AddressMap } from '../vm/address-map.ts';
import { Pending } from '../pending.ts';
import type { Process } from '../process.ts';
import { Keys } from '../pthread/keys.ts';
import { SIG_IGN, SIGCHLD, SignalMAX } from '../signal.ts';
import { Stack } from '../stack.ts';
import { takersAsk, takersClear } from '../taker.ts';
import type { Thread, ThreadRun, Yielded } from '../thread.ts';
import { Unwind } from '../unwind.ts';
import { endingCheck } from './ending.ts';
import { load, type Image } from './image.ts';
import { RLIMIT_AS } from './limits.ts';

/** What a program does; it ends with its exit code. */
export type ProgramBody = (t: Hart, thread: Thread) => Generator<Yielded, number, unknown>;

/** A program: sizes in bytes. */
export interface Program {
  readonly name: string;
  /** Of what can be executed, and read; of what can be written; and of that which begins as zero. */
  readonly text: number;
  readonly data: number;
  readonly bss: number;
  readonly main: ProgramBody;
  /** It yields its accesses. */
  readonly stepped?: boolean;
  /** Slots of the hart of its first thread. */
  readonly slots?: number;
}

/** Bytes of arguments and environment, the terminators and the capabilities for them included. */
export const ARG_MAX = 0x8_0000;

/** execve -- have the process of the running thread execute a program, by itself or by its path in Kernel.programs
 *
 * Does not return but to fail, and then nothing has changed: ENOENT, ENOEXEC for sizes that are none, E2BIG, EINVAL for no arguments or a
 * NUL in one, ENOMEM. It throws Unwind through the caller, whose thread ends like every other of the process.
 */
export function execve(thread: Thread, program: Program | string, argv: readonly string[], envp: readonly string[] = []): number {
  const started = execute(thread.process, program, argv, envp, thread);
  if (typeof started === 'number') return started;
  throw thread.unwind ?? new Unwind(thread, 'has executed a program');
}

/** execute -- the same for the host, in a process without a running thread: the new thread, or an errno and nothing changed. */
export function execute(
  process: Process, which: Program | string, argv: readonly string[], envp: readonly string[] = [], caller: Thread | null = null,
): Thread | number {
  const { kernel } = process;
  endingCheck(kernel);
  aver(process.status === null, '<design/os#.process.over>');
  const program = typeof which === 'string' ? kernel.programs.get(which) : which;
  if (program === undefined) return ENOENT;
  const refusal = programRefuses(program) || argumentsRefuse(argv, envp);
  if (refusal !== 0) return refusal;
  const map = kernel.map();
  map.sizeLimit = process.limits.soft(RLIMIT_AS);
  const image = load(process, map, program, argv, envp);
  if (image !== null) return replace(process, map, program, argv, image, caller);
  map.drop();
  return ENOMEM;
}

function programRefuses({ text, data, bss }: Program): number {
  const isSize = (size: number): boolean => Number.isSafeInteger(size) && size >= 0;
  return isSize(text) && isSize(data) && isSize(bss) && text > 0 ? 0 : ENOEXEC;
}

/** argumentsRefuse -- what is wrong with arguments and environment. */
function argumentsRefuse(argv: readonly string[], envp: readonly string[]): number {
  const all = [...argv, ...envp], size = all.reduce((sum, text) => sum + new TextEncoder().encode(text).length + 1 + 16, 0);
  if (argv.length === 0 || all.some((text) => text.includes('\0'))) return EINVAL;
  return size > ARG_MAX ? E2BIG : 0;
}

/** replace -- from here on nothing can fail: the old threads and the old memory go. */
function replace(process: Process, map: AddressMap, program: Program, argv: readonly string[], image: Image, caller: Thread | null): Thread {
  const old = [...process.threads], reason = `process ${process.pid} '${process.name}' has executed '${program.name}'`;
  process.threads.clear();
  for (const thread of old) {
    thread.condemn(new Unwind(thread, reason));
    thread.stack.drop();
  }
  actionsReset(process);
  process.move(map, image.stack.base | 0);
  process.awaiters.clear();
  process.addressed.clear();
  takersClear(process);
  process.keys = new Keys();
  process.name = program.name;
  process.args = [...argv];
  process.atFork.length = 0;
  process.files.exec();
  return begin(process, program, image, caller);
}

/** actionsReset -- what was handled has its default action, and in FreeBSD waits no longer where that is to ignore it
 * <design/exec#.keeps>. */
function actionsReset(process: Process): void {
  const isCheribsd = process.kernel.profile.abi === 'cheribsd';
  for (let signal = 1; signal <= SignalMAX; signal++) {
    if (process.dispositions[signal].action.handler === SIG_IGN && !(isCheribsd && signal === SIGCHLD)) continue;
    process.reset(signal);
    if (isCheribsd && process.ignores(signal)) process.forget(signal);
  }
}

/** begin -- the one thread of a process that begins anew: the caller's mask, and the signals that wait for it, are its own. */
function begin(process: Process, program: Program, image: Image, caller: Thread | null): Thread {
  const thread = process.enrol(program.name, program.stepped === true ? 'stepped' : 'plain', new Stack(process.map, image.stack), program.slots ?? HartSLOTS);
  thread.hart.r.set(image.registers);
  if (caller !== null) {
    thread.mask = caller.mask;
    thread.pendingSet = caller.pendingSet;
    caller.pendingSet = new Pending();
    process.addressed.add(thread);
  }
  takersAsk(thread);
  thread.levelNext();
  thread.levelPush(run(program, thread));
  process.kernel.scheduler.add(thread);
  return thread;
}

/** run -- a program, and with its end that of its process. */
function* run(program: Program, thread: Thread): ThreadRun {
  thread.process.exit(yield* program.main(thread.hart, thread));
}

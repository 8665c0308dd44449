/* signal.ts: SIGNALS
 *
 * Numbers, names, codes, sets and actions of signals. The numbers are FreeBSD's, with CheriBSD's SIGPROT and the codes of either system
 * <design/signal>.
 */
import type { SigContext, SigInfo } from './sigframe.ts';
import type { Thread, ThreadRun } from './thread.ts';
import type { Abi } from './vm/profile.ts';

export const SIGHUP = 1;
export const SIGINT = 2;
export const SIGQUIT = 3;
export const SIGILL = 4;
export const SIGTRAP = 5;
export const SIGABRT = 6;
export const SIGEMT = 7;
export const SIGFPE = 8;
export const SIGKILL = 9;
export const SIGBUS = 10;
export const SIGSEGV = 11;
export const SIGSYS = 12;
export const SIGPIPE = 13;
export const SIGALRM = 14;
export const SIGTERM = 15;
export const SIGURG = 16;
export const SIGSTOP = 17;
export const SIGTSTP = 18;
export const SIGCONT = 19;
export const SIGCHLD = 20;
export const SIGTTIN = 21;
export const SIGTTOU = 22;
export const SIGIO = 23;
export const SIGXCPU = 24;
export const SIGXFSZ = 25;
export const SIGVTALRM = 26;
export const SIGPROF = 27;
export const SIGWINCH = 28;
export const SIGINFO = 29;
export const SIGUSR1 = 30;
export const SIGUSR2 = 31;
export const SIGTHR = 32;
export const SIGLIBRT = 33;
/** CheriBSD's own: a capability forbids an access. */
export const SIGPROT = 34;

/** Signals are numbered from 1 to this. */
export const SignalMAX = 64;

/** Real-time signals: as often as they are sent, so often they are delivered <design/signal#.departs.realtime>. */
export const SIGRTMIN = 35;
export const SIGRTMAX: number = SignalMAX;

const names: readonly string[] = [
  '', 'HUP', 'INT', 'QUIT', 'ILL', 'TRAP', 'ABRT', 'EMT', 'FPE', 'KILL', 'BUS', 'SEGV', 'SYS', 'PIPE', 'ALRM', 'TERM', 'URG', 'STOP', 'TSTP',
  'CONT', 'CHLD', 'TTIN', 'TTOU', 'IO', 'XCPU', 'XFSZ', 'VTALRM', 'PROF', 'WINCH', 'INFO', 'USR1', 'USR2', 'THR', 'LIBRT', 'PROT',
];

/** signalName -- 'SIGSEGV', 'SIGRTMIN+5'; 'signal 70' for what is none. */
export function signalName(signal: number): string {
  if (signal > 0 && signal < names.length) return `SIG${names[signal]}`;
  if (signal < SIGRTMIN || signal > SIGRTMAX) return `signal ${signal}`;
  return signal === SIGRTMIN ? 'SIGRTMIN' : `SIGRTMIN+${signal - SIGRTMIN}`;
}

/** signalExists -- whether a signal has this number. */
export const signalExists = (signal: number): boolean => Number.isInteger(signal) && signal >= 1 && signal <= SignalMAX;

// Codes --------------------------------------------------------------------------------------------------------------

/** Codes of SIGSEGV and SIGBUS. */
export const SEGV_MAPERR = 1;
export const SEGV_ACCERR = 2;
export const BUS_ADRALN = 1;
export const BUS_ADRERR = 2;
export const BUS_OBJERR = 3;
export const BUS_OOMERR = 100;

/** CheriBSD's codes of SIGSEGV: a page does not let tagged capabilities be loaded, or stored. */
export const SEGV_LOADTAG = 14;
export const SEGV_STORETAG = 15;

/** Morello Linux's codes of SIGSEGV: what a capability forbids, and what a page without tags does. */
export const SEGV_CAPTAGERR = 10;
export const SEGV_CAPSEALEDERR = 11;
export const SEGV_CAPBOUNDSERR = 12;
export const SEGV_CAPPERMERR = 13;
export const SEGV_CAPACCESSERR = 14;

/** Codes of SIGPROT. The machine has nothing that STORETAG, IMPRECISE, CRETURN and SYSREG tell of. */
export const PROT_CHERI_BOUNDS = 1;
export const PROT_CHERI_TAG = 2;
export const PROT_CHERI_SEALED = 3;
export const PROT_CHERI_TYPE = 4;
export const PROT_CHERI_PERM = 5;
export const PROT_CHERI_STORETAG = 6;
export const PROT_CHERI_IMPRECISE = 7;
export const PROT_CHERI_STORELOCAL = 8;
export const PROT_CHERI_CINVOKE = 9;
export const PROT_CHERI_CRETURN = 10;
export const PROT_CHERI_SYSREG = 11;

/** Codes of SIGCHLD: what has become of a child. */
export const CLD_EXITED = 1;
export const CLD_KILLED = 2;
export const CLD_DUMPED = 3;
export const CLD_STOPPED = 5;
export const CLD_CONTINUED = 6;

/** Codes of signals that somebody sent: to the process, with a value, by the kernel of itself, or to the thread. */
export const SI_USER = 0x10001;
export const SI_QUEUE = 0x10002;
export const SI_KERNEL = 0x10006;
export const SI_LWP = 0x10007;

const sentNames: Readonly<Record<number, string>> = { [SI_USER]: 'SI_USER', [SI_QUEUE]: 'SI_QUEUE', [SI_KERNEL]: 'SI_KERNEL', [SI_LWP]: 'SI_LWP' };

type CodeNames = Readonly<Record<number, Readonly<Record<number, string>>>>;

const codeNames: CodeNames = {
  [SIGSEGV]: { [SEGV_MAPERR]: 'SEGV_MAPERR', [SEGV_ACCERR]: 'SEGV_ACCERR', [SEGV_LOADTAG]: 'SEGV_LOADTAG', [SEGV_STORETAG]: 'SEGV_STORETAG' },
  [SIGBUS]: { [BUS_ADRALN]: 'BUS_ADRALN', [BUS_ADRERR]: 'BUS_ADRERR', [BUS_OBJERR]: 'BUS_OBJERR', [BUS_OOMERR]: 'BUS_OOMERR' },
  [SIGPROT]: {
    [PROT_CHERI_BOUNDS]: 'PROT_CHERI_BOUNDS', [PROT_CHERI_TAG]: 'PROT_CHERI_TAG', [PROT_CHERI_SEALED]: 'PROT_CHERI_SEALED',
    [PROT_CHERI_TYPE]: 'PROT_CHERI_TYPE', [PROT_CHERI_PERM]: 'PROT_CHERI_PERM', [PROT_CHERI_STORETAG]: 'PROT_CHERI_STORETAG',
    [PROT_CHERI_IMPRECISE]: 'PROT_CHERI_IMPRECISE', [PROT_CHERI_STORELOCAL]: 'PROT_CHERI_STORELOCAL',
    [PROT_CHERI_CINVOKE]: 'PROT_CHERI_CINVOKE', [PROT_CHERI_CRETURN]: 'PROT_CHERI_CRETURN', [PROT_CHERI_SYSREG]: 'PROT_CHERI_SYSREG',
  },
  [SIGCHLD]: {
    [CLD_EXITED]: 'CLD_EXITED', [CLD_KILLED]: 'CLD_KILLED', [CLD_DUMPED]: 'CLD_DUMPED', [CLD_STOPPED]: 'CLD_STOPPED',
    [CLD_CONTINUED]: 'CLD_CONTINUED',
  },
};

/** What Morello Linux calls otherwise. */
const pcuabiNames: CodeNames = {
  [SIGSEGV]: {
    [SEGV_MAPERR]: 'SEGV_MAPERR', [SEGV_ACCERR]: 'SEGV_ACCERR', [SEGV_CAPTAGERR]: 'SEGV_CAPTAGERR', [SEGV_CAPSEALEDERR]: 'SEGV_CAPSEALEDERR',
    [SEGV_CAPBOUNDSERR]: 'SEGV_CAPBOUNDSERR', [SEGV_CAPPERMERR]: 'SEGV_CAPPERMERR', [SEGV_CAPACCESSERR]: 'SEGV_CAPACCESSERR',
  },
};

/** codeName -- the name of a signal's code under an ABI; the number if it has none. */
export function codeName(signal: number, code: number, abi: Abi = 'cheribsd'): string {
  const own = abi === 'pcuabi' ? pcuabiNames[signal] : undefined;
  return sentNames[code] ?? (own ?? codeNames[signal])?.[code] ?? String(code);
}

// Sets ---------------------------------------------------------------------------------------------------------------

/** A set of signals, bit (signal - 1) of two words. */
export interface SigSet {
  readonly low: number;
  readonly high: number;
}

export const SigSetEMPTY: SigSet = { low: 0, high: 0 };
export const SigSetFULL: SigSet = { low: -1, high: -1 };

/** lowOfSignal, highOfSignal -- the words of the set of one signal. .critical */
export const lowOfSignal = (signal: number): number => (signal <= 32 ? 1 << (signal - 1) : 0);
export const highOfSignal = (signal: number): number => (signal > 32 ? 1 << (signal - 33) : 0);

/** sigSet -- the set of these signals. */
export const sigSet = (...signals: number[]): SigSet => signals.reduce(sigSetAdd, SigSetEMPTY);

/** sigSetAdd -- the set with a signal in it. */
export const sigSetAdd = (set: SigSet, signal: number): SigSet =>
  ({ low: set.low | lowOfSignal(signal), high: set.high | highOfSignal(signal) });

/** sigSetDelete -- the set without a signal. */
export const sigSetDelete = (set: SigSet, signal: number): SigSet =>
  ({ low: set.low & ~lowOfSignal(signal), high: set.high & ~highOfSignal(signal) });

/** sigSetHas -- whether a signal is in the set. */
export const sigSetHas = (set: SigSet, signal: number): boolean =>
  ((set.low & lowOfSignal(signal)) | (set.high & highOfSignal(signal))) !== 0;

/** sigSetUnion -- what is in either. */
export const sigSetUnion = (one: SigSet, other: SigSet): SigSet => ({ low: one.low | other.low, high: one.high | other.high });

/** sigSetLess -- what is in one and not in the other. */
export const sigSetLess = (one: SigSet, other: SigSet): SigSet => ({ low: one.low & ~other.low, high: one.high & ~other.high });

/** sigSetFirst -- the lowest signal of two words of a set; 0 if there is none. */
export function sigSetFirst(low: number, high: number): number {
  if (low !== 0) return 32 - Math.clz32(low & -low);
  return high === 0 ? 0 : 64 - Math.clz32(high & -high);
}

/** What no mask contains, and no action is for: SIGKILL and SIGSTOP. */
export const MaskNEVER: number = lowOfSignal(SIGKILL) | lowOfSignal(SIGSTOP);

/** How sigprocmask changes a mask. */
export const SIG_BLOCK = 1;
export const SIG_UNBLOCK = 2;
export const SIG_SETMASK = 3;

// Actions ------------------------------------------------------------------------------------------------------------

/** What happens when a signal is delivered, other than a handler: the default, and nothing. */
export const SIG_DFL = 'SIG_DFL';
export const SIG_IGN = 'SIG_IGN';

/** Flags of an action. */
export const SA_ONSTACK = 0x1;
/** A call that the handler interrupts begins anew, where it can. */
export const SA_RESTART = 0x2;
export const SA_RESETHAND = 0x4;
/** Of SIGCHLD: none for children that stop or go on. */
export const SA_NOCLDSTOP = 0x8;
export const SA_NODEFER = 0x10;
/** Of SIGCHLD: children that are over do not wait for their parent. */
export const SA_NOCLDWAIT = 0x20;
export const SA_SIGINFO = 0x40;
const SA_KNOWN = SA_ONSTACK | SA_RESTART | SA_RESETHAND | SA_NOCLDSTOP | SA_NODEFER | SA_NOCLDWAIT | SA_SIGINFO;

/** Runs on the thread that has the signal. `info` and `context` are null without SA_SIGINFO, and hold until the handler returns. */
export type SigHandler = (signal: number, info: SigInfo | null, context: SigContext | null, thread: Thread) => ThreadRun;

/** What a process does about a signal. */
export interface SigAction {
  readonly handler: SigHandler | typeof SIG_DFL | typeof SIG_IGN;
  /** Blocked, beside the signal itself, while the handler runs. */
  readonly mask: SigSet;
  readonly flags: number;
}

/** keepsBlocked -- whether a signal that is blocked waits though it be ignored: in Linux, where its action may change meanwhile. */
export const keepsBlocked: Readonly<Record<Abi, boolean>> = { cheribsd: false, pcuabi: true };

/** sigFlagsAreKnown -- whether flags of an action are among those that there are. */
export const sigFlagsAreKnown = (flags: number): boolean => (flags & ~SA_KNOWN) === 0;

/** An action as it is delivered: the handler apart from the words, and the signal itself in its mask unless SA_NODEFER. */
export interface Disposition {
  readonly action: SigAction;
  readonly handler: SigHandler | null;
  readonly low: number;
  readonly high: number;
  readonly flags: number;
}

/** dispositionOf -- an action for a signal, made ready. */
export function dispositionOf(signal: number, action: SigAction): Disposition {
  const { handler, flags } = action;
  const mask = (flags & SA_NODEFER) === 0 ? sigSetAdd(action.mask, signal) : action.mask;
  return { action, handler: typeof handler === 'function' ? handler : null, low: mask.low & ~MaskNEVER, high: mask.high, flags };
}

export const SigActionDEFAULT: SigAction = { handler: SIG_DFL, mask: SigSetEMPTY, flags: 0 };

/** What a signal does to a process that has not said anything: `core` ends it and leaves a report of the state it was in. */
export type SigDefault = 'terminate' | 'core' | 'ignore' | 'stop' | 'continue';

/** signalDefault -- the default action of a signal. */
export function signalDefault(signal: number): SigDefault {
  switch (signal) {
    case SIGCHLD: case SIGURG: case SIGWINCH: case SIGINFO: case SIGIO: return 'ignore';
    case SIGSTOP: case SIGTSTP: case SIGTTIN: case SIGTTOU: return 'stop';
    case SIGCONT: return 'continue';
    case SIGQUIT: case SIGILL: case SIGTRAP: case SIGABRT: case SIGEMT: case SIGFPE: case SIGBUS: case SIGSEGV: case SIGSYS:
    case SIGPROT: return 'core';
    default: return 'terminate';
  }
}

/** signalStops -- whether a signal stops a process by default. */
export const signalStops = (signal: number): boolean => signalDefault(signal) === 'stop';

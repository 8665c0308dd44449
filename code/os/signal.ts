/* signal.ts: SIGNALS
 *
 * Numbers, names, sets and actions of signals, and which signal a fault is. The numbers are FreeBSD's, with CheriBSD's SIGPROT
 * <design/signal>.
 */
import { faultException, faultIsPage, type Fault, type FaultKind } from '../machine/machine.ts';
import type { PageFound } from './address-map.ts';
import type { SigContext, SigInfo } from './sigframe.ts';
import type { Thread, ThreadRun } from './thread.ts';

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

const names: readonly string[] = [
  '', 'HUP', 'INT', 'QUIT', 'ILL', 'TRAP', 'ABRT', 'EMT', 'FPE', 'KILL', 'BUS', 'SEGV', 'SYS', 'PIPE', 'ALRM', 'TERM', 'URG', 'STOP', 'TSTP',
  'CONT', 'CHLD', 'TTIN', 'TTOU', 'IO', 'XCPU', 'XFSZ', 'VTALRM', 'PROF', 'WINCH', 'INFO', 'USR1', 'USR2', 'THR', 'LIBRT', 'PROT',
];

/** signalName -- 'SIGSEGV'; 'signal 40' for one without a name. */
export const signalName = (signal: number): string => (signal > 0 && signal < names.length ? `SIG${names[signal]}` : `signal ${signal}`);

/** signalExists -- whether a signal has this number. */
export const signalExists = (signal: number): boolean => Number.isInteger(signal) && signal >= 1 && signal <= SignalMAX;

// Codes --------------------------------------------------------------------------------------------------------------

/** Codes of SIGSEGV and SIGBUS. */
export const SEGV_MAPERR = 1;
export const SEGV_ACCERR = 2;
export const SEGV_LOADTAG = 14;
export const SEGV_STORETAG = 15;
export const BUS_ADRALN = 1;
export const BUS_ADRERR = 2;

/** Codes of SIGPROT. */
export const PROT_CHERI_BOUNDS = 1;
export const PROT_CHERI_TAG = 2;
export const PROT_CHERI_SEALED = 3;
export const PROT_CHERI_TYPE = 4;
export const PROT_CHERI_PERM = 5;
export const PROT_CHERI_STORELOCAL = 8;
export const PROT_CHERI_CINVOKE = 9;

/** Codes of signals that somebody sent: to the process, or to the thread. */
export const SI_USER = 0x10001;
export const SI_LWP = 0x10007;

const protCodes: Readonly<Partial<Record<FaultKind, number>>> = {
  bounds: PROT_CHERI_BOUNDS, tag: PROT_CHERI_TAG, seal: PROT_CHERI_SEALED, type: PROT_CHERI_TYPE, storelocal: PROT_CHERI_STORELOCAL,
  invoke: PROT_CHERI_CINVOKE,
};

/** faultFind -- what a process's address map makes of a fault; a capability's is no concern of its. .critical */
export const faultFind = ({ process }: Thread, fault: Fault): PageFound => (faultIsPage(fault) ? process.map.fault(fault) : 'accerr');

/** signalOfFault -- the signal that a fault is <design/signal#.fault>. */
export function signalOfFault(fault: Fault, found: PageFound): number {
  if (found === 'bus') return SIGBUS;
  switch (fault.kind) {
    case 'page': case 'page-loadcap': case 'page-storecap': return SIGSEGV;
    case 'misaligned': return SIGBUS;
    default: return SIGPROT;
  }
}

/** codeOfFault -- its code; `found` is what the address map makes of it. */
export function codeOfFault(fault: Fault, found: PageFound): number {
  if (found === 'bus') return BUS_ADRERR;
  switch (fault.kind) {
    case 'page': return found === 'accerr' ? SEGV_ACCERR : SEGV_MAPERR;
    case 'page-loadcap': return SEGV_LOADTAG;
    case 'page-storecap': return SEGV_STORETAG;
    case 'misaligned': return BUS_ADRALN;
    default: return protCodes[fault.kind] ?? PROT_CHERI_PERM;
  }
}

/** trapOfFault -- the exception number of CHERI-RISC-V, for si_trapno. */
export const trapOfFault = (fault: Fault): number => faultException(fault);

const codeNames: Readonly<Record<number, Readonly<Record<number, string>>>> = {
  [SIGSEGV]: { [SEGV_MAPERR]: 'SEGV_MAPERR', [SEGV_ACCERR]: 'SEGV_ACCERR', [SEGV_LOADTAG]: 'SEGV_LOADTAG', [SEGV_STORETAG]: 'SEGV_STORETAG' },
  [SIGBUS]: { [BUS_ADRALN]: 'BUS_ADRALN', [BUS_ADRERR]: 'BUS_ADRERR' },
  [SIGPROT]: {
    [PROT_CHERI_BOUNDS]: 'PROT_CHERI_BOUNDS', [PROT_CHERI_TAG]: 'PROT_CHERI_TAG', [PROT_CHERI_SEALED]: 'PROT_CHERI_SEALED',
    [PROT_CHERI_TYPE]: 'PROT_CHERI_TYPE', [PROT_CHERI_CINVOKE]: 'PROT_CHERI_CINVOKE',
    [PROT_CHERI_PERM]: 'PROT_CHERI_PERM', [PROT_CHERI_STORELOCAL]: 'PROT_CHERI_STORELOCAL',
  },
};

/** codeName -- the name of a signal's code; the number if it has none. */
export function codeName(signal: number, code: number): string {
  if (code === SI_USER) return 'SI_USER';
  if (code === SI_LWP) return 'SI_LWP';
  return codeNames[signal]?.[code] ?? String(code);
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
/** Recorded: no system call can be interrupted yet. */
export const SA_RESTART = 0x2;
export const SA_RESETHAND = 0x4;
export const SA_NODEFER = 0x10;
export const SA_SIGINFO = 0x40;
const SA_KNOWN = SA_ONSTACK | SA_RESTART | SA_RESETHAND | SA_NODEFER | SA_SIGINFO;

/** Runs on the thread that has the signal. `info` and `context` are null without SA_SIGINFO, and hold until the handler returns. */
export type SigHandler = (signal: number, info: SigInfo | null, context: SigContext | null, thread: Thread) => ThreadRun;

/** What a process does about a signal. */
export interface SigAction {
  readonly handler: SigHandler | typeof SIG_DFL | typeof SIG_IGN;
  /** Blocked, beside the signal itself, while the handler runs. */
  readonly mask: SigSet;
  readonly flags: number;
}

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

/** What a signal does to a process that has not said anything. */
export type SigDefault = 'terminate' | 'ignore' | 'stop' | 'continue';

/** signalDefault -- the default action of a signal. */
export function signalDefault(signal: number): SigDefault {
  switch (signal) {
    case SIGCHLD: case SIGURG: case SIGWINCH: case SIGINFO: case SIGIO: return 'ignore';
    case SIGSTOP: case SIGTSTP: case SIGTTIN: case SIGTTOU: return 'stop';
    case SIGCONT: return 'continue';
    default: return 'terminate';
  }
}

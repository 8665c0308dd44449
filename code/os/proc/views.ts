/* views.ts: VIEWS OF THE SYSTEM
 *
 * What ps and procstat show, as data and as text of 80 columns, in FreeBSD's order of columns as far as there is what they show
 * <design/views>. Looking changes nothing.
 */
import { addrOfWindow, hexText, PageSIZE } from '../../machine/machine.ts';
import { doing } from '../crash.ts';
import type { FileView } from '../fs/descriptors.ts';
import type { Kernel } from '../kernel.ts';
import type { Process } from '../process.ts';
import { SIG_DFL, SIG_IGN, SignalMAX, signalName } from '../signal.ts';
import type { Thread } from '../thread.ts';
import type { MapEntry } from '../vm/map-entry.ts';
import { ProtEXEC, ProtHASCAP, ProtREAD, ProtWRITE, type Prot } from '../vm/mman.ts';
import { tableText, type Column } from './table.ts';

// ps -----------------------------------------------------------------------------------------------------------------

/** R can run; S waits; T is stopped; Z is over and has not been waited for; E is ending; I has no thread. */
export type ProcessState = 'R' | 'S' | 'T' | 'Z' | 'E' | 'I';

/** A process, as ps shows it. */
export interface ProcessView {
  readonly pid: number;
  readonly parent: number;
  readonly state: ProcessState;
  readonly threads: number;
  /** Bytes that are reserved, and bytes that are in frames. */
  readonly size: number;
  readonly resident: number;
  readonly command: string;
}

/** ps -- every process that has a number, in the order in which they were made. */
export const ps = (kernel: Kernel): ProcessView[] => [...kernel.processes.values()].map(processView);

function processView(process: Process): ProcessView {
  const entries = process.map.entries();
  return {
    pid: process.pid, parent: process.parentPid, state: stateOf(process), threads: process.threads.size,
    size: entries.reduce((sum, { base, limit }) => sum + limit - base, 0),
    resident: entries.reduce((sum, { resident }) => sum + resident, 0) * PageSIZE,
    command: process.isOver ? '<defunct>' : process.args.join(' '),
  };
}

function stateOf({ isOver, status, isStopped, threads }: Process): ProcessState {
  if (isOver) return 'Z';
  if (status !== null) return 'E';
  if (isStopped) return 'T';
  if (threads.size === 0) return 'I';
  return [...threads].some((thread) => thread.waitingFor === null) ? 'R' : 'S';
}

const psColumns: readonly Column[] = [
  { heading: 'PID', width: 5, isRight: true }, { heading: 'PPID', width: 5, isRight: true }, { heading: 'STAT', width: 4 },
  { heading: 'NLWP', width: 4, isRight: true }, { heading: 'VSZ', width: 8, isRight: true }, { heading: 'RSS', width: 8, isRight: true },
  { heading: 'COMMAND', width: 7 },
];

/** psText -- sizes are in KiB. */
export const psText = (kernel: Kernel): string[] => tableText(psColumns, ps(kernel).map((view) => [
  String(view.pid), String(view.parent), view.state, String(view.threads), String(view.size / 1024), String(view.resident / 1024), view.command,
]));

// procstat -v ---------------------------------------------------------------------------------------------------------

const vmColumns: readonly Column[] = [
  { heading: 'PID', width: 5, isRight: true }, { heading: 'START', width: 12, isRight: true }, { heading: 'END', width: 12, isRight: true },
  { heading: 'PRT', width: 5 }, { heading: 'MAX', width: 5 }, { heading: 'RES', width: 5, isRight: true }, { heading: 'FLAG', width: 4 },
  { heading: 'TP', width: 2 }, { heading: 'RESERV', width: 12, isRight: true }, { heading: 'PATH', width: 4 },
];

/** procstatVm -- the address map, in order. */
export const procstatVm = ({ map }: Process): MapEntry[] => map.entries();

/** procstatVmText -- FLAG: C copied when it is written to, S shared, N none of it in a child, Z zero in a child, W wired. TP: vn a file, df
 * memory, gd a guard, -- nothing. */
export const procstatVmText = (process: Process): string[] => tableText(vmColumns, process.map.entries().map((entry) => [
  String(process.pid), addrText(entry.base), addrText(entry.limit), protText(entry.prot), protText(entry.max), String(entry.resident),
  flagText(entry), typeText(entry), addrText(entry.reservation), entry.object ?? '',
]));

const addrText = (low: number): string => hexText(addrOfWindow(0) + low);

/** protText -- CheriBSD's: R and W are of capabilities. */
function protText(prot: Prot): string {
  const letters: readonly (readonly [number, string])[] = [
    [ProtREAD, 'r'], [ProtWRITE, 'w'], [ProtEXEC, 'x'], [ProtHASCAP | ProtREAD, 'R'], [ProtHASCAP | ProtWRITE, 'W'],
  ];
  return letters.map(([need, letter]) => ((prot & need) === need ? letter : '-')).join('');
}

function flagText({ kind, isShared, inherit, locked }: MapEntry): string {
  if (kind !== 'mapped') return '---';
  const child = inherit === 'none' ? 'N' : inherit === 'zero' ? 'Z' : '-';
  return `${isShared ? 'S' : 'C'}${child}${locked > 0 ? 'W' : '-'}`;
}

function typeText({ kind, object }: MapEntry): string {
  if (kind === 'hole') return '--';
  return kind === 'guard' ? 'gd' : object === null ? 'df' : 'vn';
}

// procstat -t ---------------------------------------------------------------------------------------------------------

/** A thread, as procstat -t shows it. */
export interface ThreadView {
  readonly id: number;
  readonly name: string;
  /** In words. */
  readonly doing: string;
  readonly suspended: number;
  /** Bytes of its stack that are in use. */
  readonly stack: number;
}

/** procstatThreads -- the threads, in the order in which they were made. */
export const procstatThreads = ({ threads }: Process): ThreadView[] => [...threads].map((thread) => ({
  id: thread.id, name: thread.name, doing: doing(thread), suspended: thread.suspended, stack: stackOf(thread),
}));

const stackOf = ({ sp, stackBase, stackLimit }: Thread): number => (sp >= stackBase && sp <= stackLimit ? stackLimit - sp : 0);

const threadColumns: readonly Column[] = [
  { heading: 'PID', width: 5, isRight: true }, { heading: 'TID', width: 6, isRight: true }, { heading: 'TDNAME', width: 12 },
  { heading: 'STACK', width: 6, isRight: true }, { heading: 'SUSP', width: 4, isRight: true }, { heading: 'STATE', width: 5 },
];

export const procstatThreadsText = (process: Process): string[] => tableText(threadColumns, procstatThreads(process).map((view) => [
  String(process.pid), String(view.id), view.name, String(view.stack), String(view.suspended), view.doing,
]));

// procstat -i ---------------------------------------------------------------------------------------------------------

/** What is done about a signal, as procstat -i shows it. */
export interface SignalView {
  readonly signal: number;
  readonly name: string;
  /** It waits for the process, or for a thread of it. */
  readonly isPending: boolean;
  readonly action: 'default' | 'ignored' | 'caught';
}

/** procstatSignals -- each signal. */
export const procstatSignals = (process: Process): SignalView[] => Array.from({ length: SignalMAX }, (_, index) => signalView(process, index + 1));

function signalView(process: Process, signal: number): SignalView {
  const { handler } = process.dispositions[signal].action;
  return {
    signal, name: signalName(signal),
    isPending: process.pendingSet.has(signal) || [...process.threads].some(({ pendingSet }) => pendingSet.has(signal)),
    action: handler === SIG_DFL ? 'default' : handler === SIG_IGN ? 'ignored' : 'caught',
  };
}

const signalColumns: readonly Column[] = [
  { heading: 'PID', width: 5, isRight: true }, { heading: 'COMM', width: 16 }, { heading: 'SIG', width: 12 }, { heading: 'FLAGS', width: 3 },
];

/** procstatSignalsText -- those that there is something to say of: P waits, I is ignored, C is caught. */
export const procstatSignalsText = (process: Process): string[] => tableText(signalColumns, procstatSignals(process)
  .filter(({ isPending, action }) => isPending || action !== 'default')
  .map(({ name, isPending, action }) => [
    String(process.pid), process.name, name, `${isPending ? 'P' : '-'}${action === 'ignored' ? 'I' : '-'}${action === 'caught' ? 'C' : '-'}`,
  ]));

// procstat -f ---------------------------------------------------------------------------------------------------------

/** procstatFiles -- the descriptors, in order. */
export const procstatFiles = ({ files }: Process): FileView[] => files.list();

const fileColumns: readonly Column[] = [
  { heading: 'PID', width: 5, isRight: true }, { heading: 'FD', width: 4, isRight: true }, { heading: 'T', width: 7 }, { heading: 'FLAGS', width: 5 },
  { heading: 'OFFSET', width: 8, isRight: true }, { heading: 'NAME', width: 4 },
];

export const procstatFilesText = (process: Process): string[] => tableText(fileColumns, procstatFiles(process).map((view) => [
  String(process.pid), String(view.fd), view.type, view.flags, view.offset === null ? '-' : String(view.offset), view.name,
]));

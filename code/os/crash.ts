/* crash.ts: CRASH REPORTS
 *
 * What a process says when a signal ends it: enough to see what was accessed, with what authority, and what was there
 * <design/signal#.crash>.
 */
import { capText, faultDescribe, formatOf, hexText, slotRead, WindowHIGH, type Fault, type Hart } from '../machine/machine.ts';
import type { Process } from './process.ts';
import { codeName, signalName } from './signal.ts';
import { operationDescribe } from './step.ts';
import type { Thread } from './thread.ts';

/** Columns, and how many registers are shown. */
const WIDTH = 100;
const REGISTERS = 16;
/** Threads that a report names, beside the one that dies. */
const THREADS = 40;

/** crashReport -- lines that say why a process dies of a signal; `note` says what the signal alone does not. */
export function crashReport(
  process: Process, thread: Thread | null, signal: number, code: number, fault: Fault | null, note: string | null,
): string {
  const lines = [`process ${process.pid} '${process.name}' died of ${signalName(signal)} (${codeName(signal, code, process.kernel.profile.abi)})${
    thread === null ? '' : ` in ${thread.describe()}`}`];
  if (note !== null) lines.push(`  ${note}`);
  if (fault !== null) lines.push(...faultLines(process, fault));
  if (thread !== null) lines.push(...registerLines(thread.hart, fault));
  lines.push(...threadLines(process, thread));
  return lines.map((line) => (line.length > WIDTH ? `${line.slice(0, WIDTH - 3)}...` : line)).join('\n');
}

/** threadLines -- what the others were at. */
function threadLines({ threads }: Process, thread: Thread | null): string[] {
  const lines: string[] = [];
  for (const other of threads) {
    if (other === thread) continue;
    if (lines.length === THREADS) return [...lines, `  and ${threads.size - THREADS - (thread !== null && threads.has(thread) ? 1 : 0)} more`];
    lines.push(`  ${other.describe()} ${doing(other)}`);
  }
  return lines;
}

/** faultLines -- the access, its authority, and what is mapped there. */
function faultLines(process: Process, fault: Fault): string[] {
  const text = faultDescribe(fault), cut = text.lastIndexOf(': ');
  return [`  ${text.slice(0, cut)}:`, `    ${text.slice(cut + 2)}`, `  there: ${entryText(process, fault)}`];
}

/** entryText -- what the address map has at the address of a fault. */
function entryText(process: Process, { low, high }: Fault): string {
  const addr = low >>> 0;
  const entry = high === WindowHIGH ? process.map.entries().find(({ base, limit }) => base <= addr && addr < limit) : undefined;
  if (entry === undefined) return 'no reservation';
  const { base, limit, kind, prot, max } = entry;
  return `${kind} ${hexText(WindowHIGH * 0x1_0000_0000 + base)}-${hexText(WindowHIGH * 0x1_0000_0000 + limit)}, protection ${protText(prot)} of ${protText(max)}`;
}

const protText = (prot: number): string => `${prot & 1 ? 'r' : '-'}${prot & 2 ? 'w' : '-'}${prot & 4 ? 'x' : '-'}`;

/** registerLines -- some of the slots in use that are not NULL, those of the access first. */
function registerLines(hart: Hart, fault: Fault | null): string[] {
  const named = fault === null ? [] : [fault.slot, fault.value].filter((slot, index, all) => slot >= 0 && all.indexOf(slot) === index);
  const all = registersText(hart, named), shown = named.length + REGISTERS, lines = all.slice(0, shown).map((line) => `  ${line}`);
  return all.length > shown ? [...lines, `  and ${all.length - shown} more slots in use`] : lines;
}

/** registersText -- a line for each slot of `first`, then for each other one in use that is not NULL. */
export function registersText(hart: Hart, first: readonly number[]): string[] {
  const others = Array.from({ length: hart.top }, (_, slot) => slot).filter((slot) => !first.includes(slot) && !isNull(hart, slot));
  return [...first, ...others].map((slot) => `slot ${slot}: ${capText(formatOf(hart), slotRead(hart, slot))}`);
}

const isNull = ({ r }: Hart, slot: number): boolean => {
  const c = slot << 3;
  return (r[c] | r[c + 1] | r[c + 2] | r[c + 3] | r[c + 4]) === 0;
};

/** doing -- what a thread is at. */
export function doing(thread: Thread): string {
  const handler = thread.depth > 0 && thread.levelTop().signal !== 0 ? `, handling ${signalName(thread.levelTop().signal)}` : '';
  const held = thread.suspended > 0 ? ', suspended' : thread.process.isStopped ? ', stopped' : '';
  const operation = thread.depth === 0 ? null : thread.levelTop().operation;
  if (thread.waitingFor !== null) return `waits for ${thread.waitingFor}${handler}${held}`;
  if (thread.onHost > 0) return `is in the middle of a call${handler}${held}`;
  return operation === null ? `can run${handler}${held}` : `is about to do ${operationDescribe(thread.hart, operation)}${handler}${held}`;
}

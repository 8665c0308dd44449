/* sysctl.ts: SYSTEM INFORMATION BY NAME
 *
 * sysctlbyname: what a kernel says of itself, under FreeBSD's names where there are any <design/views#.sysctl>. Nothing can be set.
 */
import { PageSIZE, slotWrite, formats } from '../../machine/machine.ts';
import { ENOENT } from '../errno.ts';
import type { Thread } from '../thread.ts';
import { ARG_MAX } from './exec.ts';
import { MaxPROC, MaxSTACK, RLIMIT_NOFILE } from './limits.ts';
import { compartmentRoot, sealRoot } from './roots.ts';

/** What there is to be known, each as a number or as text. */
const values: Readonly<Record<string, (thread: Thread) => number | string>> = {
  'hw.machine': ({ process }) => process.kernel.format,
  'hw.ncpu': () => 1,
  'hw.pagesize': () => PageSIZE,
  'hw.physmem': ({ process }) => process.kernel.memory.size,
  'kern.argmax': () => ARG_MAX,
  'kern.maxfilesperproc': ({ process }) => process.limits.soft(RLIMIT_NOFILE),
  'kern.maxproc': () => MaxPROC,
  'kern.maxssiz': () => MaxSTACK,
  'kern.ostype': ({ process }) => process.kernel.profile.title,
  'kern.proc.args': ({ process }) => process.args.join(' '),
  'kern.proc.cwd': ({ process }) => process.files.directory.path(),
  'kern.proc.nproc': ({ process }) => process.kernel.processes.size,
  'kern.proc.pathname': ({ process }) => process.name,
  'vm.capstore_on_alloc': () => 0,
  'vm.cheri_revoke.quarantine_unmapped_reservations': () => 0,
  'vm.stats.vm.v_free_count': ({ process }) => process.kernel.frames.available / PageSIZE,
};

/** Capabilities, which go to a slot. */
const capabilities = { 'security.cheri.cidcap': compartmentRoot, 'security.cheri.sealcap': sealRoot } as const;

/** sysctl -- what a name says to a thread: a number or a text; -ENOENT for a name that there is not. */
export const sysctl = (thread: Thread, name: string): number | string =>
  Object.hasOwn(values, name) ? values[name](thread) : -ENOENT;

/** sysctlCap -- a capability by its name, in slot `dst`; 0, or ENOENT. */
export function sysctlCap({ hart, process: { kernel } }: Thread, name: string, dst: number): number {
  if (name !== 'security.cheri.cidcap' && name !== 'security.cheri.sealcap') return ENOENT;
  slotWrite(hart, dst, capabilities[name](formats[kernel.format]));
  return 0;
}

/** sysctlNames -- every name, those of capabilities too, in order. */
export const sysctlNames = (): string[] => [...Object.keys(values), ...Object.keys(capabilities)].sort();

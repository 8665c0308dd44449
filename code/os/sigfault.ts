/* sigfault.ts: SIGNALS OF FAULTS
 *
 * Which signal and code each fault of the machine is under either ABI, one table each <design/signal#.fault>.
 */
import { faultException, faultIsPage, type Fault, type FaultKind } from '../machine/machine.ts';
import type { PageFound } from './vm/address-map.ts';
import {
  BUS_ADRALN, BUS_ADRERR, BUS_OBJERR, BUS_OOMERR, PROT_CHERI_BOUNDS, PROT_CHERI_CINVOKE, PROT_CHERI_PERM, PROT_CHERI_SEALED,
  PROT_CHERI_STORELOCAL, PROT_CHERI_TAG,
  PROT_CHERI_TYPE, SEGV_ACCERR, SEGV_CAPACCESSERR, SEGV_CAPBOUNDSERR, SEGV_CAPPERMERR, SEGV_CAPSEALEDERR, SEGV_CAPTAGERR, SEGV_LOADTAG,
  SEGV_MAPERR, SEGV_STORETAG, SIGBUS, SIGPROT, SIGSEGV,
} from './signal.ts';
import type { Thread } from './thread.ts';

/** What a thread is told of a fault. */
export interface FaultSignal {
  readonly signal: number;
  readonly code: number;
}

/** By kind; of `page` what the address map finds decides the code. */
type FaultTable = Readonly<Record<Exclude<FaultKind, 'page'>, FaultSignal>>;

const told = (signal: number, code: number): FaultSignal => ({ signal, code });

const missing = told(SIGSEGV, SEGV_MAPERR);
const denied = told(SIGSEGV, SEGV_ACCERR);
const unreachable = told(SIGBUS, BUS_ADRERR);
const beyond = told(SIGBUS, BUS_OBJERR);
const exhausted = told(SIGBUS, BUS_OOMERR);
const misaligned = told(SIGBUS, BUS_ADRALN);

const permission = told(SIGPROT, PROT_CHERI_PERM);
const cheribsd: FaultTable = {
  tag: told(SIGPROT, PROT_CHERI_TAG), seal: told(SIGPROT, PROT_CHERI_SEALED), type: told(SIGPROT, PROT_CHERI_TYPE),
  invoke: told(SIGPROT, PROT_CHERI_CINVOKE), bounds: told(SIGPROT, PROT_CHERI_BOUNDS), storelocal: told(SIGPROT, PROT_CHERI_STORELOCAL),
  execute: permission, load: permission, store: permission, loadcap: permission, storecap: permission,
  misaligned, 'page-loadcap': told(SIGSEGV, SEGV_LOADTAG), 'page-storecap': told(SIGSEGV, SEGV_STORETAG),
};

/** Morello's syndrome has one code for all permissions. */
const cheribsdMorello: FaultTable = { ...cheribsd, storelocal: permission, invoke: permission, type: permission };

const capPermission = told(SIGSEGV, SEGV_CAPPERMERR);
const capAccess = told(SIGSEGV, SEGV_CAPACCESSERR);
const pcuabi: FaultTable = {
  tag: told(SIGSEGV, SEGV_CAPTAGERR), seal: told(SIGSEGV, SEGV_CAPSEALEDERR), bounds: told(SIGSEGV, SEGV_CAPBOUNDSERR),
  type: capPermission, invoke: capPermission, storelocal: capPermission,
  execute: capPermission, load: capPermission, store: capPermission, loadcap: capPermission, storecap: capPermission,
  misaligned, 'page-loadcap': capAccess, 'page-storecap': capAccess,
};

/** faultFind -- what a process's address map makes of a fault; a capability's is no concern of its. .critical */
export const faultFind = ({ process }: Thread, fault: Fault): PageFound => (faultIsPage(fault) ? process.map.fault(fault) : 'accerr');

/** faultSignal -- the signal that a fault is; `found` is what the address map makes of it. .critical */
export function faultSignal(thread: Thread, { kind }: Fault, found: PageFound): FaultSignal {
  const { profile } = thread.process.kernel;
  if (found === 'bus' || found === 'nomemory') return profile.abi === 'pcuabi' ? unreachable : found === 'bus' ? beyond : exhausted;
  if (kind === 'page') return found === 'accerr' ? denied : missing;
  if (profile.capabilityFault === 'SIGSEGV') return pcuabi[kind];
  return thread.hart.isMorello ? cheribsdMorello[kind] : cheribsd[kind];
}

/** Exception classes of Morello: an abort of an instruction fetch, and of data. */
const MorelloFETCH = 0x20;
const MorelloDATA = 0x24;

/** trapOfFault -- si_trapno: the exception number of CHERI-RISC-V, the exception class of Morello. */
export function trapOfFault({ hart }: Thread, fault: Fault): number {
  if (hart.isMorello) return fault.access === 'fetch' ? MorelloFETCH : MorelloDATA;
  return faultException(fault);
}

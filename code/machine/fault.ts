/* fault.ts: FAULTS
 *
 * What the machine reports when an access may not be made: the rung of the ladder that refused it <design/machine#.ladder>, and
 * what an operating system is told of it by each architecture <design/machine#.fault.report>.
 */
import { addrOfWords, type Addr, type Low } from './address.ts';

/** What was attempted. Data accesses carry any size; capability accesses 16 bytes; reading tags 64. `jump` and `invoke` are what
 * the instructions of that name ask of their operands. */
export type AccessKind = 'load' | 'store' | 'amo' | 'loadcap' | 'storecap' | 'swapcap' | 'loadtags' | 'fetch' | 'jump' | 'invoke';

/** Why an access was refused: a violation of the capability, a misaligned address, or the page table. */
export type FaultKind =
  | 'tag' | 'seal' | 'type' | 'invoke' | 'execute' | 'load' | 'store' | 'loadcap' | 'storecap' | 'storelocal' | 'bounds'
  | 'misaligned'
  | 'page' | 'page-loadcap' | 'page-storecap';

/** ISAv9's capability cause for the kinds that have one <design/machine#.fault.cause>. */
export const FaultCAUSE: Readonly<Partial<Record<FaultKind, number>>> = {
  bounds: 0x01, tag: 0x02, seal: 0x03, type: 0x04, execute: 0x11, load: 0x12, store: 0x13, loadcap: 0x14, storecap: 0x15, storelocal: 0x16,
  invoke: 0x19,
};

/** A refused access. Nothing has changed; the access may be tried again. */
export interface Fault {
  readonly kind: FaultKind;
  readonly access: AccessKind;
  /** The address that was accessed; exact below 2^53 as every mapped address is. */
  readonly addr: Addr;
  /** The same address as two words, always exact. */
  readonly low: Low;
  readonly high: number;
  /** Bytes. */
  readonly size: number;
  /** The slot whose capability was the authority. */
  readonly slot: number;
  readonly offset: number;
  /** The slot whose capability was to be stored; -1 where none was. */
  readonly value: number;
}

/** faultMake -- a fault from the words of the address that was accessed. */
export function faultMake(
  kind: FaultKind, access: AccessKind, low: number, high: number, size: number, slot: number, offset: number, value: number = -1,
): Fault {
  return { kind, access, addr: addrOfWords(low, high), low, high, size, slot, offset, value };
}

/** True when the capability itself forbids the access: the operating system's SIGPROT, never a barrier. */
export const faultIsCapability = (fault: Fault): boolean => FaultCAUSE[fault.kind] !== undefined;

/** True when the page table forbids it: whoever set the page up may let it be made. */
export const faultIsPage = (fault: Fault): boolean => fault.kind === 'page' || fault.kind === 'page-loadcap' || fault.kind === 'page-storecap';

/** accessReads -- whether an access needs the right to read. */
export const accessReads = (access: AccessKind): boolean => access !== 'store' && access !== 'storecap';

/** accessWrites -- whether an access needs the right to write: atomic ones need both. */
export const accessWrites = (access: AccessKind): boolean =>
  access === 'store' || access === 'storecap' || access === 'amo' || access === 'swapcap';

const words: Readonly<Record<FaultKind, string>> = {
  tag: 'the capability has no tag',
  seal: 'the capability is sealed',
  type: 'the two capabilities are not sealed with one type',
  invoke: 'the capability may not be invoked',
  execute: 'the capability lacks EXECUTE',
  load: 'the capability lacks LOAD',
  store: 'the capability lacks STORE',
  loadcap: 'the capability lacks LOAD_CAP',
  storecap: 'the capability lacks STORE_CAP and the value is tagged',
  storelocal: 'the capability lacks STORE_LOCAL and the value is local',
  bounds: 'the access is outside the capability\'s bounds',
  misaligned: 'the address is not aligned',
  page: 'the page does not allow it',
  'page-loadcap': 'the page does not let tagged capabilities be loaded',
  'page-storecap': 'the page does not allow tagged capabilities',
};

/** faultDescribe -- one line that names the access, the slot and the reason. */
export function faultDescribe(fault: Fault): string {
  const { access, size, low, high, slot, offset, kind } = fault;
  const addr = ((high >>> 0).toString(16) + (low >>> 0).toString(16).padStart(8, '0')).replace(/^0+(?=.)/, '');
  return `${access} of ${size} bytes at 0x${addr} through slot ${slot} offset ${offset}: ${words[kind]}`;
}

/** Thrown by a hart on which nobody handles faults. */
export class MachineFault extends Error {
  readonly code = 'CAPSTAN_FAULT';
  override readonly name = 'MachineFault';
  readonly fault: Fault;

  constructor(fault: Fault) {
    super(faultDescribe(fault));
    this.fault = fault;
  }
}

// What the architectures report --------------------------------------------------------------------------------------

/** What the supervisor's registers hold after a fault. */
export interface FaultReport {
  /** CHERI-RISC-V: scause. Morello: the exception class, of ESR. */
  readonly exception: number;
  /** CHERI-RISC-V: the capability cause, 0 without one. Morello: the fault status code. */
  readonly cause: number;
  /** CHERI-RISC-V: the register named in stval, where the cause is a capability's; else -1. */
  readonly register: number;
  /** stval, or FAR, as two words. */
  readonly low: number;
  readonly high: number;
}

/** The register number of the program counter, and what a slot that is no register counts as <design/machine#.departs.register>. */
const RegisterPCC = 0x20;
const RegisterLAST = 31;

/** Exceptions of CHERI-RISC-V by what was attempted: misaligned, page fault. */
const riscvFetch = [0, 12] as const;
const riscvLoad = [4, 13] as const;
const riscvStore = [6, 15] as const;
const CheriEXCEPTION = 0x1c;

/** faultException -- scause of a fault. */
export function faultException({ kind, access }: Fault): number {
  if (kind === 'page-loadcap') return 0x1a;
  if (kind === 'page-storecap') return 0x1b;
  if (kind !== 'page' && kind !== 'misaligned') return CheriEXCEPTION;
  const row = accessWrites(access) ? riscvStore : access === 'fetch' || access === 'jump' || access === 'invoke' ? riscvFetch : riscvLoad;
  return row[kind === 'page' ? 1 : 0];
}

/** faultReportRiscv -- scause and stval: the address, or the cause with the register above it. */
export function faultReportRiscv(fault: Fault): FaultReport {
  const exception = faultException(fault), cause = FaultCAUSE[fault.kind] ?? 0;
  if (exception !== CheriEXCEPTION) return { exception, cause: 0, register: -1, low: fault.low, high: fault.high };
  const register = fault.access === 'fetch' ? RegisterPCC : Math.min(fault.slot, RegisterLAST);
  return { exception, cause, register, low: cause | (register << 5), high: 0 };
}

/** Fault status codes of Morello; every permission is one code. */
const morelloCodes: Readonly<Partial<Record<FaultKind, number>>> = {
  tag: 0x28, seal: 0x29, bounds: 0x2a, misaligned: 0x21, 'page-loadcap': 0x2c, 'page-storecap': 0x2c,
};
const MorelloPERMISSION = 0x2b;
/** A page that is not there, and one that forbids the access, at the last level of translation. */
const MorelloTRANSLATION = 0x07;
const MorelloFORBIDDEN = 0x0f;

/** faultReportMorello -- class and status of the syndrome register, and the fault address; `isMapped` tells if the page has a frame. */
export function faultReportMorello(fault: Fault, isMapped: boolean): FaultReport {
  const code = fault.kind === 'page' ? (isMapped ? MorelloFORBIDDEN : MorelloTRANSLATION) : morelloCodes[fault.kind] ?? MorelloPERMISSION;
  return { exception: fault.access === 'fetch' ? 0x20 : 0x24, cause: code, register: -1, low: fault.low, high: fault.high };
}

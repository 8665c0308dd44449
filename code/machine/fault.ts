/* fault.ts: FAULTS
 *
 * What the machine reports when an access may not be made. The kinds and their codes are those of CHERI-RISC-V, in
 * ISAv9's order of checks <design/machine#.ladder>.
 */
import { addrOfWords, type Addr, type Low } from './address.ts';

/** What was attempted. Data accesses carry any size; capability accesses 16 bytes. */
export type AccessKind = 'load' | 'store' | 'loadcap' | 'storecap';

/** Why an access was refused: a violation of the capability, a misaligned address, or the page table. */
export type FaultKind =
  | 'tag' | 'seal' | 'execute' | 'load' | 'store' | 'storecap' | 'storelocal' | 'bounds'
  | 'misaligned'
  | 'page' | 'page-storecap';

/** ISAv9's capability cause for the kinds that have one <design/machine#.fault.cause>. */
export const FaultCAUSE: Readonly<Partial<Record<FaultKind, number>>> = {
  bounds: 0x01, tag: 0x02, seal: 0x03, execute: 0x11, load: 0x12, store: 0x13, storecap: 0x15, storelocal: 0x16,
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

const words: Readonly<Record<FaultKind, string>> = {
  tag: 'the capability has no tag',
  seal: 'the capability is sealed',
  execute: 'the capability lacks EXECUTE',
  load: 'the capability lacks LOAD',
  store: 'the capability lacks STORE',
  storecap: 'the capability lacks STORE_CAP and the value is tagged',
  storelocal: 'the capability lacks STORE_LOCAL and the value is local',
  bounds: 'the access is outside the capability\'s bounds',
  misaligned: 'the address is not aligned',
  page: 'the page does not allow it',
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

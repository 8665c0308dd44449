/* profile.ts: ABI PROFILES
 *
 * What differs between the two systems whose rules a kernel can have: CheriBSD's CheriABI and Morello Linux's PCuABI <design/profile>. One
 * engine does the work; what it asks of a profile is here, and what each call refuses is in tables.
 */
import { ENOSYS, EOPNOTSUPP } from '../errno.ts';
import type { RuleBook } from './request.ts';
import { rulesCheribsd } from './rules-cheribsd.ts';
import { rulesPcuabi } from './rules-pcuabi.ts';

/** The systems. */
export type Abi = 'cheribsd' | 'pcuabi';

/** The rules of one system. */
export interface Profile {
  readonly abi: Abi;
  /** For people. */
  readonly title: string;
  /** What a capability forbids is a signal of its own, or a SIGSEGV with codes of its own. */
  readonly capabilityFault: 'SIGPROT' | 'SIGSEGV';
  /** A page of a reservation where nothing is mapped: SEGV_ACCERR, or as if there were no reservation SEGV_MAPERR. */
  readonly holeFault: 'SEGV_ACCERR' | 'SEGV_MAPERR';
  /** Bytes of guard below a thread's stack, in the same reservation and within its capability; 0: bounds do that. */
  readonly stackGuard: number;
  /** Shared anonymous memory keeps tags, and capabilities for shared mappings have the permissions of capabilities. */
  readonly sharedTags: boolean;
  /** Capabilities for EXEC have EXECUTIVE, where a format has that. */
  readonly isExecutive: boolean;
  /** Whether a mapping may be put over holes of its reservation: over any, over none, or as the code that landed in Linux has it over
   * those at the front <design/profile#.refill>. */
  readonly refill: 'any' | 'strict' | 'landed';
  /** What the pages of a mapping may allow later: what was asked for with it, or all that the reservation may. */
  readonly pageMax: 'asked' | 'reserved';
  /** mprotect asks the capability for the permissions that it gives pages <design/profile#.permitted>. */
  readonly protectsPermitted: boolean;
  /** What MADV_DONTNEED does: says that pages are not needed, or that their content is not. */
  readonly dontNeed: 'hint' | 'discard';
  /** What a write that has written a part says when nobody is left to read. */
  readonly brokenPipe: 'EPIPE' | 'count';
  /** What brk says. */
  readonly brk: number;
  readonly rules: RuleBook;
}

const cheribsd: Profile = {
  abi: 'cheribsd', title: 'CheriBSD', capabilityFault: 'SIGPROT', holeFault: 'SEGV_ACCERR', stackGuard: 0, sharedTags: true,
  isExecutive: true, refill: 'any', pageMax: 'asked', protectsPermitted: false, dontNeed: 'hint', brokenPipe: 'EPIPE', brk: EOPNOTSUPP,
  rules: rulesCheribsd,
};

const pcuabi: Profile = {
  abi: 'pcuabi', title: 'Morello Linux (PCuABI)', capabilityFault: 'SIGSEGV', holeFault: 'SEGV_MAPERR', stackGuard: 0x1000,
  sharedTags: false, isExecutive: false, refill: 'strict', pageMax: 'reserved', protectsPermitted: true, dontNeed: 'discard',
  brokenPipe: 'count', brk: ENOSYS, rules: rulesPcuabi,
};

/** The profiles by name. */
export const profiles: Readonly<Record<Abi, Profile>> = { cheribsd, pcuabi };

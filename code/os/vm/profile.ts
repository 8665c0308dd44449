/* profile.ts: ABI PROFILES
 *
 * What differs between the two systems whose rules a kernel can have: CheriBSD's CheriABI and Morello Linux's PCuABI <design/profile>. One
 * engine does the work; what it asks of a profile is here, and the rules of each call in a table of its own.
 */

/** The systems. */
export type Abi = 'cheribsd' | 'pcuabi';

/** The rules of one system, but for its calls'. */
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
  /** Shared anonymous memory keeps tags. */
  readonly sharedTags: boolean;
}

const cheribsd: Profile = {
  abi: 'cheribsd', title: 'CheriBSD', capabilityFault: 'SIGPROT', holeFault: 'SEGV_ACCERR', stackGuard: 0, sharedTags: true,
};

const pcuabi: Profile = {
  abi: 'pcuabi', title: 'Morello Linux (PCuABI)', capabilityFault: 'SIGSEGV', holeFault: 'SEGV_MAPERR', stackGuard: 0x1000, sharedTags: false,
};

/** The profiles by name. */
export const profiles: Readonly<Record<Abi, Profile>> = { cheribsd, pcuabi };

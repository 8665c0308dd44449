/* limits.ts: RESOURCE LIMITS
 *
 * How much a process may have: of each resource a soft limit, which counts, and a hard one, up to which the process may raise it
 * <design/limits>. The numbers are FreeBSD's. Whoever hands out a resource asks here.
 */
import { EINVAL, EPERM } from '../errno.ts';

/** Bytes of a file, of a stack, of a core. */
export const RLIMIT_FSIZE = 1;
export const RLIMIT_STACK = 3;
export const RLIMIT_CORE = 4;
/** Processes that there are in the kernel, for nobody has users. */
export const RLIMIT_NPROC = 7;
/** One more than the greatest descriptor. */
export const RLIMIT_NOFILE = 8;
/** Bytes of address space that are reserved. */
export const RLIMIT_AS = 10;

/** No limit. */
export const RLIM_INFINITY: number = Infinity;

/** Processes that a kernel can have, those that are over and not yet waited for among them. */
export const MaxPROC = 1024;

/** Bytes that the first stack of a program never exceeds. */
export const MaxSTACK = 0x400_0000;

const DefaultSTACK = 0x80_0000;
const DefaultNOFILE = 1024;

/** A limit: a number, or RLIM_INFINITY. */
export interface Limit {
  readonly soft: number;
  readonly hard: number;
}

const unlimited: Limit = { soft: RLIM_INFINITY, hard: RLIM_INFINITY };

const defaults: readonly (readonly [resource: number, limit: Limit])[] = [
  [RLIMIT_FSIZE, unlimited], [RLIMIT_STACK, { soft: DefaultSTACK, hard: RLIM_INFINITY }], [RLIMIT_CORE, unlimited],
  [RLIMIT_NPROC, { soft: MaxPROC, hard: MaxPROC }], [RLIMIT_NOFILE, { soft: DefaultNOFILE, hard: RLIM_INFINITY }], [RLIMIT_AS, unlimited],
];

const isLimit = (value: number): boolean => value === RLIM_INFINITY || (Number.isSafeInteger(value) && value >= 0);

/** The limits of a process. */
export class Limits {
  private readonly limits: Map<number, Limit>;

  /** Those of another process, or the usual ones. */
  constructor(from: Limits | null = null) {
    this.limits = new Map(from === null ? defaults : from.limits);
  }

  /** get -- getrlimit: a limit, or EINVAL for a resource that there is not. */
  get(resource: number): Limit | number {
    return this.limits.get(resource) ?? EINVAL;
  }

  /** set -- setrlimit: 0; EINVAL for no resource, no number, or a soft limit above the hard one; EPERM to raise the hard one. */
  set(resource: number, { soft, hard }: Limit): number {
    const now = this.limits.get(resource);
    if (now === undefined || !isLimit(soft) || !isLimit(hard) || soft > hard) return EINVAL;
    if (hard > now.hard) return EPERM;
    this.limits.set(resource, { soft, hard });
    return 0;
  }

  /** soft -- what counts of a resource that there is. */
  soft(resource: number): number {
    return this.limits.get(resource)?.soft ?? RLIM_INFINITY;
  }
}

/* errno.ts: ERROR NUMBERS
 *
 * What a kernel call returns: 0, or one of these. The numbers are FreeBSD's, with CheriBSD's EPROT <design/mman#.errno>.
 */

export const EPERM = 1;
export const ENOENT = 2;
export const ESRCH = 3;
export const EINTR = 4;
export const EBADF = 9;
export const ECHILD = 10;
export const EDEADLK = 11;
export const ENOMEM = 12;
export const EACCES = 13;
export const EFAULT = 14;
export const EBUSY = 16;
export const EEXIST = 17;
export const EINVAL = 22;
export const EAGAIN = 35;
export const ENOTSUP = 45;
export const ETIMEDOUT = 60;
export const ENOSYS = 78;
/** CheriBSD's own: a capability does not give the authority that a call needs. */
export const EPROT = 98;

const names: Readonly<Record<number, string>> = {
  0: '0',
  [EPERM]: 'EPERM', [ENOENT]: 'ENOENT', [ESRCH]: 'ESRCH', [EINTR]: 'EINTR', [EBADF]: 'EBADF', [ECHILD]: 'ECHILD',
  [EDEADLK]: 'EDEADLK', [ENOMEM]: 'ENOMEM', [EACCES]: 'EACCES', [EFAULT]: 'EFAULT', [EBUSY]: 'EBUSY', [EEXIST]: 'EEXIST',
  [EINVAL]: 'EINVAL', [EAGAIN]: 'EAGAIN', [ENOTSUP]: 'ENOTSUP', [ETIMEDOUT]: 'ETIMEDOUT', [ENOSYS]: 'ENOSYS', [EPROT]: 'EPROT',
};

/** errnoName -- the name of an error number, for messages; the number itself if it has none. */
export const errnoName = (errno: number): string => names[errno] ?? String(errno);

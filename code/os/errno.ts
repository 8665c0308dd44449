/* errno.ts: ERROR NUMBERS
 *
 * What a kernel call returns: 0, or one of these. The numbers are FreeBSD's, with CheriBSD's EPROT and Morello Linux's ERESERVATION
 * <design/mman#.errno>.
 */

export const EPERM = 1;
export const ENOENT = 2;
export const ESRCH = 3;
export const EINTR = 4;
export const EIO = 5;
export const E2BIG = 7;
export const ENOEXEC = 8;
export const EBADF = 9;
export const ECHILD = 10;
export const EDEADLK = 11;
export const ENOMEM = 12;
export const EACCES = 13;
export const EFAULT = 14;
export const EBUSY = 16;
export const EEXIST = 17;
export const ENODEV = 19;
export const ENOTDIR = 20;
export const EISDIR = 21;
export const EINVAL = 22;
export const ENFILE = 23;
export const EMFILE = 24;
export const EFBIG = 27;
export const ENOSPC = 28;
export const ESPIPE = 29;
export const EROFS = 30;
export const EPIPE = 32;
export const EAGAIN = 35;
export const ENOTSOCK = 38;
export const EMSGSIZE = 40;
export const ENOTSUP = 45;
export const EOPNOTSUPP = 45;
export const ECONNRESET = 54;
export const ENOTCONN = 57;
export const ETIMEDOUT = 60;
export const ENAMETOOLONG = 63;
export const ENOTEMPTY = 66;
export const ENOSYS = 78;
export const EOVERFLOW = 84;
/** CheriBSD's own: a capability does not give the authority that a call needs. */
export const EPROT = 98;
/** Morello Linux's own: no live reservation is what a capability, or an address, says. */
export const ERESERVATION = 192;

const names: Readonly<Record<number, string>> = {
  0: '0',
  [EPERM]: 'EPERM', [ENOENT]: 'ENOENT', [ESRCH]: 'ESRCH', [EINTR]: 'EINTR', [EIO]: 'EIO', [E2BIG]: 'E2BIG', [ENOEXEC]: 'ENOEXEC',
  [EBADF]: 'EBADF', [ECHILD]: 'ECHILD', [EDEADLK]: 'EDEADLK', [ENOMEM]: 'ENOMEM', [EACCES]: 'EACCES', [EFAULT]: 'EFAULT',
  [EBUSY]: 'EBUSY', [EEXIST]: 'EEXIST', [ENODEV]: 'ENODEV', [ENOTDIR]: 'ENOTDIR', [EISDIR]: 'EISDIR', [EINVAL]: 'EINVAL',
  [ENFILE]: 'ENFILE', [EMFILE]: 'EMFILE', [EFBIG]: 'EFBIG', [ENOSPC]: 'ENOSPC', [ESPIPE]: 'ESPIPE', [EROFS]: 'EROFS', [EPIPE]: 'EPIPE',
  [EAGAIN]: 'EAGAIN', [ENOTSOCK]: 'ENOTSOCK', [EMSGSIZE]: 'EMSGSIZE', [ENOTSUP]: 'ENOTSUP', [ECONNRESET]: 'ECONNRESET', [ENOTCONN]: 'ENOTCONN', [ETIMEDOUT]: 'ETIMEDOUT', [ENAMETOOLONG]: 'ENAMETOOLONG',
  [ENOTEMPTY]: 'ENOTEMPTY', [ENOSYS]: 'ENOSYS', [EOVERFLOW]: 'EOVERFLOW', [EPROT]: 'EPROT', [ERESERVATION]: 'ERESERVATION',
};

/** errnoName -- the name of an error number, for messages; the number itself if it has none. */
export const errnoName = (errno: number): string => names[errno] ?? String(errno);

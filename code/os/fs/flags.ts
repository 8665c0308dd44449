/* flags.ts: THE NUMBERS OF THE FILE CALLS
 *
 * What programs ask the calls on files with, and what those answer: FreeBSD's values <design/files#.numbers>.
 */

/** open: for what. */
export const O_RDONLY = 0;
export const O_WRONLY = 1;
export const O_RDWR = 2;
export const O_ACCMODE = 3;
/** Of a description, for as long as it lasts. */
export const O_NONBLOCK = 4;
export const O_APPEND = 8;
/** Of the call alone. */
export const O_CREAT = 0x200;
export const O_TRUNC = 0x400;
export const O_EXCL = 0x800;
export const O_DIRECTORY = 0x2_0000;
export const O_CLOEXEC = 0x10_0000;

/** The flags that fcntl can change. */
export const O_STATUS: number = O_NONBLOCK | O_APPEND;

/** The flags that there are. */
export const O_KNOWN: number = O_ACCMODE | O_STATUS | O_CREAT | O_TRUNC | O_EXCL | O_DIRECTORY | O_CLOEXEC;

export const SEEK_SET = 0;
export const SEEK_CUR = 1;
export const SEEK_END = 2;

export const F_DUPFD = 0;
export const F_GETFD = 1;
export const F_SETFD = 2;
export const F_GETFL = 3;
export const F_SETFL = 4;
export const F_DUPFD_CLOEXEC = 17;
/** The flag of a descriptor. */
export const FD_CLOEXEC = 1;

export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_CLOEXEC = 0x1000_0000;
export const SOCK_NONBLOCK = 0x2000_0000;

export const SHUT_RD = 0;
export const SHUT_WR = 1;
export const SHUT_RDWR = 2;

export const POLLIN = 1;
export const POLLOUT = 4;
export const POLLRDNORM = 0x40;
/** Told whether they were asked for or not. */
export const POLLERR = 8;
export const POLLHUP = 0x10;
export const POLLNVAL = 0x20;

/** Kinds of files, as bits of their modes. */
export const S_IFIFO = 0o010000;
export const S_IFCHR = 0o020000;
export const S_IFDIR = 0o040000;
export const S_IFREG = 0o100000;
export const S_IFSOCK = 0o140000;
export const S_IFMT = 0o170000;
/** What the owner of a file, who is everybody, may do with it. */
export const S_IRUSR = 0o400;
export const S_IWUSR = 0o200;
export const S_IXUSR = 0o100;

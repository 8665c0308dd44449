/* source.ts: MAPPED FILES
 *
 * What mmap is to put behind pages when it is given a descriptor <design/files#.mmap>.
 */
import { EBADF, ENODEV } from '../errno.ts';
import { Content } from './content.ts';
import { Device } from './directory.ts';
import type { Files } from './files.ts';
import type { MapSource } from '../vm/request.ts';

/** fileSource -- what there is to be mapped of a descriptor; null for /dev/zero, which is as good as no file; EBADF or ENODEV. */
export function fileSource(files: Files, fd: number): MapSource | null | number {
  const description = files.description(fd);
  if (description === null) return EBADF;
  const { backing, mayRead, mayWrite } = description;
  if (backing instanceof Device && backing.kind === 'zero') return null;
  if (!(backing instanceof Content)) return ENODEV;
  return { object: backing.object, isRegular: backing.type === 'regular', mayRead, mayWrite };
}

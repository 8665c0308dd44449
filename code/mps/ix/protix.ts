/* protix.ts: SETTING PROTECTION
 *
 * ProtSet by mprotect: what the mutator must not do becomes what its pages do not allow <design/protix#.fun.set>.
 */
import { ProtEXEC, ProtNONE, ProtREAD, ProtWRITE } from '../../os/os.ts';
import { AccessREAD, AccessWRITE, type AccessSet } from '../plinth.ts';

/** protixConvert -- the protection that leaves a mutator everything but `mode` <design/protix#.fun.set.convert>
 *
 * There are no pages that can be written and not read. `execute` is the seed's way; without it nothing is executable
 * <design/protix#.departs.execute>.
 */
export function protixConvert(mode: AccessSet, execute: boolean): number {
  if ((mode & AccessREAD) !== 0) return ProtNONE;
  const most = execute ? ProtREAD | ProtWRITE | ProtEXEC : ProtREAD | ProtWRITE;
  return (mode & AccessWRITE) !== 0 ? most & ~ProtWRITE : most;
}

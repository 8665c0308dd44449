/* authority.ts: THE COLLECTOR'S AUTHORITY
 *
 * Capabilities come from capabilities, but a collector makes them anew: it holds a capability for the whole arena, and
 * here alone it is used, by two functions. None gives more rights than the mutator had or was promised
 * <design/authority#.inv.rights>. They work on raw words and allocate nothing <design/authority#.raw>.
 */
import {
  baseDecode, boundsEncode, boundsMove, PermDATA, WindowHIGH, type Low,
} from '../../machine/machine.ts';

/** deriveNew -- make slot words at `c` a capability to exactly [low, low + size) with these permissions; PermDATA: for data and capabilities. .critical
 *
 * The range must be representable: sizes and alignment come from boundsRound and boundsGranule.
 */
export function deriveNew(r: Int32Array, c: number, low: Low, size: number, perms: number = PermDATA): void {
  r[c] = low;
  r[c + 1] = WindowHIGH;
  r[c + 2] = boundsEncode(low, size);
  r[c + 3] = perms;
  r[c + 4] = perms | 1;
  r[c + 5] = size;
  r[c + 6] = size;
}

/** deriveMoved -- let the capability in words w[at..at+3] follow its object, which has moved from `from` by `delta`. .critical
 *
 * Permissions, seal, length and offset stay. False if the address lies so far out of bounds that it has no representation
 * beside the new place: the capability must then lose its tag <design/authority#.unrepresentable>.
 */
export function deriveMoved(w: Int32Array, at: number, from: Low, delta: number): boolean {
  const low = (w[at] + delta) | 0;
  const bounds = boundsMove(w[at + 2], delta);
  w[at] = low;
  w[at + 2] = bounds;
  return baseDecode(low, bounds) === ((from + delta) | 0);
}

/* format.ts: OBJECT FORMATS
 *
 * What the collector knows of a pool's objects. By default nothing: tags say where references are, and the object-start map
 * says where objects begin. A client may bring methods of its own instead, as in the MPS <design/format>.
 */
import type { Low } from '../../machine/machine.ts';
import type { Res } from '../result.ts';

/** How a format's methods see the heap. Addresses are low words of the window. */
export interface FormatView {
  load32(addr: Low): number;
  store32(addr: Low, value: number): void;
  /** fix -- a capability may stand in the granule at `addr`: preserve what it refers to. ResOK, or give up at once. */
  fix(addr: Low): Res;
}

/** An object format. A method that is absent is done by tag and start map. */
export interface Format {
  readonly name: string;
  /** scan -- fix every reference of the object in [base, limit). */
  readonly scan?: (view: FormatView, base: Low, limit: Low) => Res;
  /** skip -- the end of the object at `base`; in `cool` it is held against the start map <design/format#.if.skip>. */
  readonly skip?: (view: FormatView, base: Low) => Low;
  /** forward -- mark the object at `from` as moved to `to`; comes with `isForwarded`. */
  readonly forward?: (view: FormatView, from: Low, to: Low) => void;
  /** isForwarded -- where the object at `base` has moved; null if it has not. */
  readonly isForwarded?: (view: FormatView, base: Low) => Low | null;
  /** pad -- make [base, limit) something that scan and skip pass over. */
  readonly pad?: (view: FormatView, base: Low, limit: Low) => void;
}

/** The format in which tags say everything. */
export const tagged: Format = { name: 'tagged' };

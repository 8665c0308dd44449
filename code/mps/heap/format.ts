/* format.ts: OBJECT FORMATS
 *
 * What the collector knows of a pool's objects. By default nothing: tags say where references are, and the object-start map
 * says where objects begin. A client may bring methods of its own instead, as in the MPS <design/format>.
 */
import { aver } from '../../base/base.ts';
import { GranuleSIZE, type Low } from '../../machine/machine.ts';
import { ResOK, type Res } from '../result.ts';

/** How a format's methods see the heap. Addresses are low words of the window. */
export interface FormatView {
  load32(addr: Low): number;
  store32(addr: Low, value: number): void;
  /** fix -- a capability may stand in the granule at `addr`: preserve what it refers to. ResOK, or give up at once. */
  fix(addr: Low): Res;
}

/** An object format: a plain object, for any number of pools <design/format#.departs.create>. A method that is absent is done by tag and
 * start map. Methods but `pad` are given addresses past the header <design/format#.header>. */
export interface Format {
  readonly name: string;
  /** Bytes, a power of two: sizes and addresses of objects are multiples; default a granule. */
  readonly alignment?: number;
  /** How far into an object its client's pointers point, in bytes, whole granules; default 0. */
  readonly headerSize?: number;
  /** scan -- fix every reference of the object at `base`; `limit` is where the next one's would be. */
  readonly scan?: (view: FormatView, base: Low, limit: Low) => Res;
  /** skip -- where the next object is; in `cool` it is held against the start map <design/format#.if.skip>. */
  readonly skip?: (view: FormatView, base: Low) => Low;
  /** forward -- mark the object at `from` as moved to `to`; comes with `isForwarded`. */
  readonly forward?: (view: FormatView, from: Low, to: Low) => void;
  /** isForwarded -- where the object at `base` has moved; null if it has not. */
  readonly isForwarded?: (view: FormatView, base: Low) => Low | null;
  /** pad -- make [base, limit) something that scan and skip pass over. */
  readonly pad?: (view: FormatView, base: Low, limit: Low) => void;
  /** class -- of which class the object at `base` is, for who looks on; default what its first word says. */
  readonly class?: (view: FormatView, base: Low) => Low;
}

/** The format in which tags say everything. */
export const tagged: Format = { name: 'tagged' };

/** formatCheck -- insist that a pool can use a format. */
export function formatCheck({ headerSize = 0, forward, isForwarded }: Format): void {
  aver(headerSize >= 0 && headerSize % GranuleSIZE === 0, '<design/format#.if.header>');
  aver((forward === undefined) === (isForwarded === undefined), '<design/format#.if.pair>');
}

/** formatClass -- of which class the object is whose block begins at `base`. */
export function formatClass(format: Format, view: FormatView, base: Low): Low {
  const object = (base + (format.headerSize ?? 0)) | 0;
  return format.class === undefined ? view.load32(object) : format.class(view, object);
}

// Scanning areas ------------------------------------------------------------------------------------------------------

/** Which references of an area are meant: those whose address has `pattern` in the bits of `mask` <design/format#.tags>. */
export interface ScanTag {
  readonly mask: number;
  readonly pattern: number;
}

/** scanArea -- fix every capability in the granules of [base, limit). */
export const scanArea = (view: FormatView, base: Low, limit: Low): Res => scanWhere(view, base, limit, 0, 0, 0);

/** scanAreaMasked -- the same where the client marks references in the bits of `mask`: they stay as they are. */
export function scanAreaMasked(view: FormatView, base: Low, limit: Low, mask: number): Res {
  tagCheck({ mask, pattern: 0 });
  return scanWhere(view, base, limit, 0, 0, 0);
}

/** scanAreaTagged -- fix the capabilities that are marked with a pattern, and no others. */
export function scanAreaTagged(view: FormatView, base: Low, limit: Low, tag: ScanTag): Res {
  tagCheck(tag);
  return scanWhere(view, base, limit, tag.mask, tag.pattern, tag.pattern);
}

/** scanAreaTaggedOrZero -- fix also those that are not marked at all. */
export function scanAreaTaggedOrZero(view: FormatView, base: Low, limit: Low, tag: ScanTag): Res {
  tagCheck(tag);
  return scanWhere(view, base, limit, tag.mask, tag.pattern, 0);
}

const tagCheck = ({ mask, pattern }: ScanTag): void => {
  aver(mask >= 0 && mask < GranuleSIZE && (pattern & ~mask) === 0, '<design/format#.if.tag>');
};

/** Fix the granules whose address has one of two patterns in the bits of a mask. */
function scanWhere(view: FormatView, base: Low, limit: Low, mask: number, one: number, other: number): Res {
  for (let addr = base | 0; addr !== (limit | 0); addr = (addr + GranuleSIZE) | 0) {
    const mark = mask === 0 ? 0 : view.load32(addr) & mask;
    if (mark !== one && mark !== other) continue;
    const res = view.fix(addr);
    if (res !== ResOK) return res;
  }
  return ResOK;
}

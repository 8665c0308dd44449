/* picture.ts: CAPABILITIES DRAWN
 *
 * A line of address space with a capability on it, in plain characters and at most 80 columns <design/look#.picture>:
 *
 *     0x120000                                                 0x124000
 *               A 0x123457
 *     |---------[=========================================)---------------|
 *               B 0x123000                                T 0x125c00
 */
import { hexText } from '../machine/machine.ts';
import type { CapLook, Region } from './look.ts';

/** Characters between the ends of the line; each stands for as many bytes as every other. */
export const PictureCOLUMNS = 64;

/** The places of the two ends, where what is beyond them is drawn too. */
const FIRST = 0;
const LAST: number = PictureCOLUMNS + 1;

/** Columns that labels may use. */
const WIDTH = 76;

const SpaceSIZE: bigint = 1n << 64n;

/** regionPicture -- the region of a capability with base, top and address marked; lines. */
export function regionPicture({ fields, length, place, region }: CapLook): string[] {
  const from = offsetOf(region, fields.base), isOrdered = fields.base <= fields.top;
  const base = columnOf(region, from), top = columnOf(region, isOrdered ? from + length : fields.top);
  const line = Array.from({ length: LAST + 1 }, (_, at): string => (isOrdered && base < at && at < top ? '=' : at === FIRST || at === LAST ? '|' : '-'));
  const end = wrapColumn(region);
  if (line[end] === '-') line[end] = ':';
  line[top] = columnIsBeyond(region, isOrdered ? from + length : fields.top) ? outside(top) : ')';
  line[base] = columnIsBeyond(region, from) ? outside(base) : base !== top ? '[' : length === 0n ? '!' : '#';
  const above = [label(columnOf(region, offsetOf(region, place)), 'A', place)];
  return [ends(region), ...rows(above), line.join(''), ...rows([label(base, 'B', fields.base), label(top, 'T', fields.top)])]
    .map((text) => `  ${text}`);
}

/** offsetOf -- how far an address is above the base of the region; Morello's base can be below it. */
const offsetOf = ({ base, size }: Region, address: bigint): bigint => (size === SpaceSIZE ? address : BigInt.asIntN(64, address - base));

const columnIsBeyond = ({ size }: Region, offset: bigint): boolean => offset < 0n || offset > size;

/** columnOf -- where an offset is drawn. */
function columnOf({ size }: Region, offset: bigint): number {
  if (offset < 0n) return FIRST;
  return offset > size ? LAST : Number(offset * BigInt(PictureCOLUMNS) / size) + 1;
}

/** wrapColumn -- where address 0 is drawn if the region goes on there from the end of the space; -1 else. */
const wrapColumn = (region: Region): number => (region.base + region.size > SpaceSIZE ? columnOf(region, SpaceSIZE - region.base) : -1);

const outside = (column: number): string => (column === FIRST ? '<' : '>');

/** ends -- the addresses of both ends of the line. */
function ends({ base, size }: Region): string {
  const limit = base + size, first = hexText(base);
  return first + hexText(limit > SpaceSIZE ? limit - SpaceSIZE : limit).padStart(LAST + 1 - first.length);
}

/** Text to write from a column on. */
interface Label {
  readonly at: number;
  readonly text: string;
}

/** label -- an address by its letter, which stands in its column. */
function label(column: number, letter: string, address: bigint): Label {
  const hex = hexText(address), isNear = column + hex.length + 2 <= WIDTH;
  return isNear ? { at: column, text: `${letter} ${hex}` } : { at: column - hex.length - 1, text: `${hex} ${letter}` };
}

/** rows -- labels in as few lines as they fit in. */
function rows(labels: readonly Label[]): string[] {
  const found: string[] = [];
  for (const { at, text } of labels) {
    const last = found.at(-1);
    if (last === undefined || last.length > at - 2) found.push(' '.repeat(at) + text);
    else found[found.length - 1] = last.padEnd(at) + text;
  }
  return found;
}

/* text.ts: CAPABILITIES AS TEXT
 *
 * How a capability is printed: in CheriBSD's form, the same wherever people see one <design/look#.text>.
 *
 *     0x41110 [rxRE,0x40000-0x52000] (invalid,sentry)
 */
import type { Capability, Format } from './format.ts';

/** The greatest top that is printed. */
const LastADDRESS: bigint = (1n << 64n) - 1n;

/** hexText -- with 0x, without leading zeros. */
export const hexText = (value: bigint | number): string => `0x${value.toString(16)}`;

/** permLetters -- the letters for permissions, in the order in which they are printed, each with its bit in the format's numbers. */
export function permLetters({ perm }: Format): readonly (readonly [letter: string, bit: number])[] {
  const { load, store, execute, loadCap, storeCap, executive } = perm;
  const letters = [['r', load], ['w', store], ['x', execute], ['R', loadCap], ['W', storeCap], ['E', executive]] as const;
  return letters.filter(([, bit]) => bit !== 0);
}

/** permText -- the architecture's names of permissions, lowest bit first, with commas between; empty for none. */
export const permText = (format: Format, perms: number): string =>
  format.permNames.filter(([bit]) => (perms & bit) !== 0).map(([, name]) => name).join(', ');

/** capText -- a capability as CheriBSD's strfcap prints it with %C: address, permissions, bounds, and what is special
 *
 * The address alone if the rest is NULL's, as with an integer. A top of 2^64 is printed as the last address.
 */
export function capText(format: Format, cap: Capability): string {
  if (!cap.tag && cap.hi === 0n) return hexText(cap.lo);
  const { base, top } = format.bounds(cap), perms = format.perms(cap);
  const letters = permLetters(format).filter(([, bit]) => (perms & bit) !== 0).map(([letter]) => letter).join('');
  const attributes = capAttributes(format, cap, perms).join(',');
  const limit = top > LastADDRESS ? LastADDRESS : top;
  return `${hexText(cap.lo)} [${letters},${hexText(base)}-${hexText(limit)}]${attributes === '' ? '' : ` (${attributes})`}`;
}

function capAttributes(format: Format, cap: Capability, perms: number): string[] {
  const attributes = cap.tag ? [] : ['invalid'];
  if (format.isSentry(cap)) attributes.push('sentry');
  else if (format.isSealed(cap)) attributes.push('sealed');
  // Morello's flags are high bits of the address, and so never 1.
  if ((perms & format.perm.execute) !== 0 && format.flags(cap) === 1n) attributes.push('capmode');
  return attributes;
}

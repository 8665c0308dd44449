/* look-text.ts: LOOKS, FOR READING
 *
 * What was seen of a capability, and of narrowing one, for people and for programs <design/look#.shown>.
 */
import { hexText, type Format } from '../machine/machine.ts';
import type { CapLook, Region } from './look.ts';
import type { NarrowLook } from './narrow.ts';
import { PictureCOLUMNS, regionPicture } from './picture.ts';

/** Columns of a line; where remarks begin. */
const WIDTH = 80;
const REMARK = 35;

const SpaceSIZE: bigint = 1n << 64n;

/** What the architectures call the instructions that are spoken of. */
const instructions = {
  riscv: { set: 'CSetAddr', add: 'CIncOffset', narrow: 'CSetBounds', exact: 'CSetBoundsExact', mask: 'CRAM', round: 'CRRL' },
  morello: { set: 'SCVALUE', add: 'ADD', narrow: 'SCBNDS', exact: 'SCBNDSE', mask: 'RRMASK', round: 'RRLEN' },
} as const;

const half = (value: bigint): string => `0x${value.toString(16).padStart(16, '0')}`;
const wrap = (value: bigint): bigint => BigInt.asUintN(64, value);

// For people ---------------------------------------------------------------------------------------------------------

/** lookText -- a capability in lines of at most 80 columns, but for CheriBSD's form of it. */
export function lookText({ title }: Format, look: CapLook): string {
  const { cap, fields, region } = look;
  return [
    look.text, '',
    row('format', title, cap.tag ? 'tagged' : 'no tag: data, which gives no access'),
    ...boundsRows(look),
    row('encoding', encodingText(look)),
    ...permRows(look),
    row('type', hexText(fields.type), look.type),
    row('flags', hexText(fields.flags)),
    row('in memory', `${half(cap.hi)} ${half(cap.lo)}`),
    row('upper half', half(fields.raw), 'in architectural form'),
    '',
    `${hexText(region.size)} addresses ${flagsApart(look)}have these bounds, and are the line.`,
    `A column is ${hexText(region.size / BigInt(PictureCOLUMNS))} bytes; A is the address, B the base, T the top.`,
    '',
    ...regionPicture(look),
    '',
    ...remarks(look),
    ...look.oddities.map((oddity) => `No derivation makes this: ${oddity}.`),
  ].map((line) => `${line}\n`).join('');
}

/** flagsApart -- Morello decodes bounds without the flags of the address, where they are not the whole space. */
const flagsApart = ({ format, region }: CapLook): string => (format === 'morello' && region.size < SpaceSIZE ? '(flags apart) ' : '');

const row = (name: string, value: string, remark: string = ''): string =>
  (remark === '' ? `  ${name.padEnd(12)}${value}` : `${`  ${name.padEnd(12)}${value}`.padEnd(REMARK - 2)}  ${remark}`);

const boundsRows = ({ cap, fields, length, granule }: CapLook): string[] => [
  row('address', hexText(cap.lo), whereText(cap.lo, fields.base, fields.top)),
  row('base', hexText(fields.base)),
  row('top', hexText(fields.top)),
  row('length', hexText(length), `${length} bytes`),
  row('granule', hexText(granule), 'what bounds of such a length are multiples of'),
];

/** whereText -- where an address is, beside bounds. */
function whereText(address: bigint, base: bigint, top: bigint): string {
  if (address < base) return `${hexText(base - address)} below the base`;
  if (address >= top) return address === top ? 'at the top' : `${hexText(address - top)} above the top`;
  return address === base ? 'at the base' : `${hexText(address - base)} above the base`;
}

const encodingText = ({ fields: { internal, exponent, b, t } }: CapLook): string =>
  `${internal ? `exponent ${exponent}, internal` : 'no exponent'}; B ${hexText(b)}, T ${hexText(t)}`;

/** permRows -- permissions by name, in as many lines as it takes. */
function permRows({ fields, perms }: CapLook): string[] {
  const names = perms === '' ? ['none'] : perms.split(/(?<=,) /), lines = [''];
  for (const name of names) {
    const line = lines[lines.length - 1];
    if (REMARK + line.length + 1 + name.length > WIDTH) lines.push(name);
    else lines[lines.length - 1] = line === '' ? name : `${line} ${name}`;
  }
  return lines.map((line, i) => row(i === 0 ? 'permissions' : '', i === 0 ? hexText(fields.perms) : '', line));
}

/** remarks -- what moving the address costs, and what the picture does not say. */
function remarks({ format, cap, type, place, region, set, add }: CapLook): string[] {
  const names = instructions[format], lines: string[] = [];
  if (place !== cap.lo) lines.push(`The flags, ${hexText(cap.lo >> 56n)}, do not count: A is drawn as if they repeated bit 55.`);
  if (region.base + region.size > SpaceSIZE) lines.push('The line goes round the end of the address space.');
  if (!cap.tag) return lines;
  if (type !== 'unsealed') return [...lines, 'It is sealed: no change but unsealing leaves it its tag.'];
  return [...lines, `${names.set} keeps the tag ${regionText(set)}.`, `${names.add} keeps the tag ${regionText(add)}.`];
}

function regionText({ base, size }: Region): string {
  if (size === SpaceSIZE) return 'everywhere';
  return size === 0n ? 'nowhere' : `from ${hexText(base)} to ${hexText(wrap(base + size - 1n))}`;
}

/** narrowText -- what narrowing gives, likewise. */
export function narrowText({ name }: Format, look: NarrowLook): string {
  const { request, result, exact, below, above, lost, mask, rounded } = look, names = instructions[name], { cap, fields } = result;
  const more = (size: bigint | null, at: string): string => (size === null || size === 0n ? '' : `${hexText(size)} ${at}`);
  return [
    `${names.narrow} to ${hexText(request.top - request.base)} bytes gives ${exact ? 'what was asked for' : 'more than was asked for'}:`, '',
    result.text, '',
    row('base', hexText(fields.base), more(below, 'below the address')),
    row('top', hexText(fields.top), more(above, 'above what was asked for')),
    row('tag', lost.length > 0 ? `lost: ${lost[0]}` : 'kept'),
    ...lost.slice(1).map((why) => row('', `      ${why}`)),
    row('in memory', `${half(cap.hi)} ${half(cap.lo)}`),
    ...(exact ? [] : [
      '', `${names.exact} would give no tag. No rounding is needed for`, '',
      row('lengths', rounded === 0n ? 'the whole space' : hexText(rounded), names.round),
      row('addresses', `multiples of ${hexText(wrap(-mask))}`, `${names.mask} ${hexText(mask)}`),
    ]),
  ].map((line) => `${line}\n`).join('');
}

// For programs -------------------------------------------------------------------------------------------------------

/** lookJson -- a capability as an object of strings, numbers and booleans <design/look#.json>. */
export function lookJson({ cap, fields, ...look }: CapLook): Record<string, unknown> {
  const { raw, base, top, perms, type, flags, reserved, internal, exponent, b, t, valid } = fields;
  return {
    format: look.format, text: look.text, hi: hexText(cap.hi), lo: hexText(cap.lo), tag: cap.tag, raw: hexText(raw),
    base: hexText(base), top: hexText(top), length: hexText(look.length), offset: hexText(wrap(cap.lo - base)),
    perms: hexText(perms), permNames: look.perms === '' ? [] : look.perms.split(', '), type: hexText(type), seal: look.type,
    flags: hexText(flags), reserved, internal, exponent: Number(exponent), b: hexText(b), t: hexText(t), valid,
    granule: hexText(look.granule), region: regionJson(look.region), set: regionJson(look.set), add: regionJson(look.add),
    oddities: look.oddities,
  };
}

const regionJson = ({ base, size }: Region): Record<string, string> => ({ base: hexText(base), size: hexText(size) });

/** narrowJson -- what narrowing gives, likewise. */
export function narrowJson({ result, exact, below, above, mask, rounded, lost }: NarrowLook): Record<string, unknown> {
  const optional = (size: bigint | null): string | null => (size === null ? null : hexText(size));
  return { ...lookJson(result), exact, below: optional(below), above: optional(above), mask: hexText(mask), rounded: hexText(rounded), lost };
}

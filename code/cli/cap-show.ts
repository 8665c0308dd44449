/* cap-show.ts: A CAPABILITY ON THE COMMAND LINE
 *
 * From the words of a command line to a capability, and to what is printed of it <design/look#.given>.
 */
import { formats, hexText, permLetters, type Bounds, type Capability, type Format } from '../machine/machine.ts';
import { OptionError, parseSize } from '../mps/mps.ts';
import { capLook, lookJson, lookText, narrowJson, narrowLook, narrowText } from '../observe/observe.ts';
import type { CapOptions } from './cap.ts';
import { UserError } from './exit.ts';

const SpaceSIZE: bigint = 1n << 64n;

/** A capability that was asked for. */
interface Given {
  readonly cap: Capability;
  /** False: the bounds asked for cannot be written, and are wider. */
  readonly exact: boolean;
}

/** capShow -- what `cap` prints; throws UserError for what cannot be read. */
export function capShow(words: readonly string[], options: CapOptions): string {
  const format = formats[options.format], { cap, exact } = words.length > 0 ? capRead(words, options) : capMake(format, options);
  const look = capLook(format, cap), length = options.setBounds === undefined ? null : amount('--set-bounds', options.setBounds, SpaceSIZE - 1n);
  const narrow = length === null ? null : narrowLook(format, cap, length);
  if (options.json === true) {
    const made = words.length > 0 ? {} : { exact };
    return `${JSON.stringify({ ...lookJson(look), ...made, ...(narrow === null ? {} : { setBounds: narrowJson(narrow) }) })}\n`;
  }
  const rounded = exact ? '' : 'The bounds that were asked for cannot be written: these are rounded outward.\n';
  return lookText(format, look) + rounded + (narrow === null ? '' : `\n${narrowText(format, narrow)}`);
}

// Bits ---------------------------------------------------------------------------------------------------------------

/** capRead -- the capability whose bits are given. */
function capRead(words: readonly string[], options: CapOptions): Given {
  for (const name of ['address', 'base', 'length', 'top', 'perms', 'type', 'flags'] as const) {
    if (options[name] !== undefined) throw new UserError(`--${name} and bits were given: give either, for bits say all (--set-bounds narrows)`);
  }
  const [hi, lo] = halves(words);
  return { cap: { hi, lo, tag: options.untagged !== true }, exact: true };
}

/** halves -- both halves, out of one word or two. */
function halves(words: readonly string[]): readonly [hi: bigint, lo: bigint] {
  const parts = words.length === 1 ? words[0].split(/[:_]/) : words;
  if (parts.length > 2) throw new UserError(`"${words.join(' ')}" is ${parts.length} words: a capability is one of 32 hexadecimal digits, or two of 16`);
  const digits = parts.map(digitsOf);
  if (digits.length === 2) return [half(digits[0]), half(digits[1])];
  if (digits[0].length !== 32) {
    throw new UserError(`"${words[0]}" has ${count(digits[0])}: a capability has 32 (or write its halves apart, as HI LO)`);
  }
  return [half(digits[0].slice(0, 16)), half(digits[0].slice(16))];
}

function digitsOf(word: string): string {
  const digits = word.replace(/^0x/i, ''), bad = /[^0-9a-f]/i.exec(digits);
  if (bad !== null) throw new UserError(`"${word}": "${bad[0]}" is not a hexadecimal digit (0 to 9, a to f)`);
  return digits;
}

function half(digits: string): bigint {
  if (digits.length < 1 || digits.length > 16) throw new UserError(`"${digits}" has ${count(digits)}: half a capability has 16`);
  return BigInt(`0x${digits}`);
}

const count = (digits: string): string => (digits.length === 1 ? '1 hexadecimal digit' : `${digits.length} hexadecimal digits`);

// Fields -------------------------------------------------------------------------------------------------------------

/** capMake -- the capability that options describe. */
function capMake(format: Format, options: CapOptions): Given {
  const bounds = boundsGiven(options), perms = permsGiven(format, options.perms), type = typeGiven(format, options.type);
  const address = options.address === undefined ? bounds.base : amount('--address', options.address, SpaceSIZE - 1n);
  const flags = flagsGiven(format, options.flags), tag = options.untagged !== true;
  const made = format.encode(bounds, address, perms, type, flags, tag);
  if (holds(format.bounds(made.cap), bounds)) return made;
  const near = format.encode(bounds, bounds.base, perms, type, flags, tag).cap, { region } = capLook(format, near);
  if (!holds(format.bounds(near), bounds)) {
    throw new UserError(`--base ${hexText(bounds.base)}: so short bounds cannot begin there in ${format.title}, whose addresses have the same bits 63 to 55`);
  }
  throw new UserError(`--address ${hexText(address)} is too far from the bounds: with them it can be from ${hexText(region.base)} to ${
    hexText(BigInt.asUintN(64, region.base + region.size - 1n))}`);
}

const holds = (bounds: Bounds, { base, top }: Bounds): boolean => bounds.base <= base && top <= bounds.top;

/** boundsGiven -- a base, with a length or a top; nothing is the whole space. */
function boundsGiven({ base: from, length, top: to }: CapOptions): Bounds {
  if (length !== undefined && to !== undefined) throw new UserError('--length and --top were given: give one of them, for each says where the bounds end');
  const base = from === undefined ? 0n : amount('--base', from, SpaceSIZE - 1n);
  if (to !== undefined) {
    const top = amount('--top', to, SpaceSIZE);
    if (top < base) throw new UserError(`--top ${hexText(top)} is below --base ${hexText(base)}: give one that is not`);
    return { base, top };
  }
  if (length === undefined) {
    if (from !== undefined) throw new UserError('--base needs --length or --top, to say where the bounds end');
    return { base, top: SpaceSIZE };
  }
  const top = base + amount('--length', length, SpaceSIZE);
  if (top > SpaceSIZE) throw new UserError(`--length ${length} from ${hexText(base)} is beyond the address space: it can be ${hexText(SpaceSIZE - base)} at most`);
  return { base, top };
}

/** permsGiven -- permissions as letters, as names, or as the format's number; all, if nothing is said. */
function permsGiven(format: Format, text: string | undefined): number {
  if (text === undefined) return format.perm.all;
  if (text === 'none' || text === '') return 0;
  if (/^\d/.test(text)) return permsNumber(format, text);
  const names = new Map(format.permNames.map(([bit, name]) => [name, bit])), letters = new Map(permLetters(format));
  const words = text.split(/[, ]+/).map((word) => word.toUpperCase()), isNames = words.length > 1 || words[0].length > letters.size || names.has(words[0]);
  const bits = isNames ? words.map((word) => names.get(word)) : [...text].map((letter) => letters.get(letter));
  const bad = bits.indexOf(undefined);
  if (bad >= 0) {
    throw new UserError(`--perms "${text}": there is no permission ${isNames ? words[bad] : text[bad]} (letters are ${
      [...letters.keys()].join('')}; names are ${[...names.keys()].join(', ')})`);
  }
  return bits.reduce<number>((all, bit) => all | (bit ?? 0), 0);
}

function permsNumber({ perm, title }: Format, text: string): number {
  const perms = Number(amount('--perms', text, 0xffff_ffffn)), none = perms & ~perm.all;
  if (none !== 0) throw new UserError(`--perms ${text}: ${title} has no permissions ${hexText(none >>> 0)} (all of them are ${hexText(perm.all)})`);
  return perms;
}

function typeGiven({ types, title }: Format, text: string | undefined): number {
  const { unsealed, sentry, last } = types;
  if (text === undefined || text === 'unsealed') return unsealed;
  if (text === 'sentry') return sentry;
  const most = Math.max(unsealed, last);
  if (!/^\d/.test(text)) throw new UserError(`--type "${text}" is no object type: write unsealed, sentry, or a number up to ${hexText(most)}, ${title}'s last`);
  return Number(amount('--type', text, BigInt(most)));
}

function flagsGiven({ name }: Format, text: string | undefined): bigint {
  if (text === undefined) return 0n;
  if (name === 'morello') throw new UserError('--flags: in Morello the flags are bits 63 to 56 of the address: give them with --address');
  return amount('--flags', text, 1n);
}

/** amount -- a number up to `most`: decimal, hexadecimal, or a size. */
function amount(option: string, text: string, most: bigint): bigint {
  const value = /^(?:\d+|0x[0-9a-f]+)$/i.test(text) ? BigInt(text) : sizeGiven(option, text);
  if (value > most) throw new UserError(`${option} ${text} is too large: at most ${hexText(most)}`);
  return value;
}

function sizeGiven(option: string, text: string): bigint {
  try {
    return BigInt(parseSize(option, text));
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    throw new UserError(`${option} "${text}" is not a number: write one such as 4096, 0x1000 or 4KiB`);
  }
}

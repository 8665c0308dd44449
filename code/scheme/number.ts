/* number.ts: NUMBERS AS TEXT
 *
 * What R7RS calls the syntax of numbers, less what the runtime has no values for: an exact integer is a bigint of any
 * size, every other number a double <design/reader#.def.number>.
 */

const REAL = /^([+-]?)(?:(\d+)(?:\.(\d*))?|\.(\d+))(?:e([+-]?\d+))?$/i;
const SPECIAL = /^([+-])(inf|nan)\.0$/i;
/** More digits than this are not spelled out of an exponent: the text is then no number. */
const ExponentMAX = 100_000;

type Exactness = 'e' | 'i' | '';

/** parseNumber -- the number that a text spells in a radix, or null
 *
 * Prefixes (#x, #e and so on) take precedence over the radix. A ratio is an exact integer if it divides, else a double
 * <design/reader#.def.ratio>. What is no real number, or is asked to be exact and is no integer, gives null.
 */
export function parseNumber(text: string, radix: number): bigint | number | null {
  let base = 0;
  let exactness: Exactness = '';
  let from = 0;
  while (text.charAt(from) === '#') {
    const letter = text.charAt(from + 1).toLowerCase();
    if ((letter === 'e' || letter === 'i') && exactness === '') exactness = letter;
    else if ('xbod'.includes(letter) && letter !== '' && base === 0) base = { x: 16, b: 2, o: 8 }[letter] ?? 10;
    else return null;
    from += 2;
  }
  return parseReal(text.slice(from), base === 0 ? radix : base, exactness);
}

/** parseComplex -- whether a text is a complex literal, which the runtime has not <design/reader#.def.number> */
export function parseComplex(text: string): boolean {
  const body = text.replace(/^(#[eixbod])*/i, '');
  const polar = body.indexOf('@');
  if (polar > 0) return isReal(body.slice(0, polar)) && isReal(body.slice(polar + 1));
  if (!/i$/i.test(body)) return false;
  const sign = Math.max(lastSign(body, '+'), lastSign(body, '-'));
  if (sign < 0) return false;
  const imaginary = body.slice(sign, -1);
  return (sign === 0 || isReal(body.slice(0, sign))) && (imaginary.length === 1 || isReal(imaginary));
}

/** The last sign that is not an exponent's. */
function lastSign(text: string, sign: string): number {
  const at = text.lastIndexOf(sign);
  return at > 0 && /\de$/i.test(text.slice(0, at)) ? text.lastIndexOf(sign, at - 1) : at;
}

function isReal(text: string): boolean {
  return parseReal(text, 10, '') !== null || parseReal(text, 16, '') !== null;
}

function parseReal(text: string, base: number, exactness: Exactness): bigint | number | null {
  const special = SPECIAL.exec(text);
  if (special !== null) {
    if (exactness === 'e') return null;
    if (special[2]?.toLowerCase() === 'nan') return NaN;
    return special[1] === '-' ? -Infinity : Infinity;
  }
  const slash = text.indexOf('/');
  if (slash >= 0) return parseRatio(text.slice(0, slash), text.slice(slash + 1), base, exactness);
  const integer = parseInteger(text, base);
  if (integer !== null) return exactness === 'i' ? integerToReal(text, integer) : integer;
  if (base !== 10 || !REAL.test(text)) return null;
  return exactness === 'e' ? decimalExact(text) : Number(text);
}

/** An inexact zero keeps the sign that was written. */
function integerToReal(text: string, integer: bigint): number {
  return integer === 0n && text.startsWith('-') ? -0 : Number(integer);
}

function parseInteger(text: string, base: number): bigint | null {
  const negative = text.startsWith('-');
  const digits = negative || text.startsWith('+') ? text.slice(1) : text;
  const magnitude = parseDigits(digits, base);
  if (magnitude === null) return null;
  return negative ? -magnitude : magnitude;
}

function parseDigits(digits: string, base: number): bigint | null {
  if (base === 10) return /^\d+$/.test(digits) ? BigInt(digits) : null;
  if (base === 16) return /^[\da-f]+$/i.test(digits) ? BigInt(`0x${digits}`) : null;
  if (base === 8) return /^[0-7]+$/.test(digits) ? BigInt(`0o${digits}`) : null;
  if (base === 2) return /^[01]+$/.test(digits) ? BigInt(`0b${digits}`) : null;
  let value = 0n;
  for (const letter of digits) {
    const digit = /[\da-z]/i.test(letter) ? Number.parseInt(letter, 36) : base;
    if (digit >= base) return null;
    value = value * BigInt(base) + BigInt(digit);
  }
  return digits === '' ? null : value;
}

function parseRatio(above: string, below: string, base: number, exactness: Exactness): bigint | number | null {
  const numerator = parseInteger(above, base);
  const denominator = parseDigits(below, base);
  if (numerator === null || denominator === null || denominator === 0n) return null;
  if (numerator % denominator === 0n) {
    const quotient = numerator / denominator;
    return exactness === 'i' ? integerToReal(above, quotient) : quotient;
  }
  return exactness === 'e' ? null : ratioToReal(numerator, denominator);
}

/** ratioToReal -- the double nearest to a quotient of integers of any size
 *
 * The quotient is taken with at least 64 bits and a sticky bit, so that the one rounding is the conversion's.
 */
export function ratioToReal(numerator: bigint, denominator: bigint): number {
  const negative = numerator < 0n !== denominator < 0n;
  const above = numerator < 0n ? -numerator : numerator;
  const below = denominator < 0n ? -denominator : denominator;
  const shift = 66 + below.toString(2).length - above.toString(2).length;
  const scaled = shift > 0 ? above << BigInt(shift) : above;
  const divisor = shift < 0 ? below << BigInt(-shift) : below;
  const quotient = scaled / divisor;
  const sticky = scaled % divisor === 0n ? quotient : quotient | 1n;
  const half = Math.trunc(-shift / 2);
  const value = Number(sticky) * 2 ** half * 2 ** (-shift - half);
  return negative ? -value : value;
}

/** A decimal as an exact integer, or null where it is none. */
function decimalExact(text: string): bigint | null {
  const match = REAL.exec(text);
  if (match === null) return null;
  const fraction = (match[3] ?? match[4] ?? '').replace(/0+$/, '');
  const exponent = Number(match[5] ?? '0') - fraction.length;
  if (Math.abs(exponent) > ExponentMAX) return null;
  const mantissa = BigInt((match[2] ?? '') + fraction);
  const magnitude = exponent >= 0 ? mantissa * 10n ** BigInt(exponent) : exactShift(mantissa, -exponent);
  if (magnitude === null) return null;
  return match[1] === '-' ? -magnitude : magnitude;
}

function exactShift(mantissa: bigint, places: number): bigint | null {
  const power = 10n ** BigInt(places);
  return mantissa % power === 0n ? mantissa / power : null;
}

/* units.ts: SIZES AND TIMES
 *
 * Sizes are written with B, KiB, MiB or GiB, times with us or ms <design/mps#.units>.
 */

/** Something the caller of Capstan gave that cannot be used; the message says what is wrong and what to give. */
export class OptionError extends Error {
  readonly code = 'CAPSTAN_OPTION';
  override readonly name = 'OptionError';
}

const sizeUnits: Readonly<Record<string, number>> = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };

/** parseSize -- bytes from a text such as "64KiB", or from a whole number of bytes. `option` names it in the error. */
export function parseSize(option: string, value: string | number): number {
  const text = typeof value === 'number' ? `${value}B` : value;
  const match = /^(\d+(?:\.\d+)?)(B|KiB|MiB|GiB)$/.exec(text);
  const size = match === null ? Number.NaN : Number(match[1]) * (sizeUnits[match[2]]);
  if (!Number.isSafeInteger(size)) {
    throw new OptionError(`${option} "${value}" is not a size: write a whole number of bytes with B, KiB, MiB or GiB, such as 64KiB`);
  }
  return size;
}

/** parseTime -- microseconds from a text such as "10ms" or "500us"; "0" is no time at all. */
export function parseTime(option: string, value: string | number): number {
  const text = String(value);
  const match = /^(\d+(?:\.\d+)?)(us|ms)$/.exec(text);
  if (text === '0') return 0;
  if (match === null) {
    throw new OptionError(`${option} "${text}" is not a time: write a number with us or ms, such as 10ms`);
  }
  return Number(match[1]) * (match[2] === 'ms' ? 1000 : 1);
}

/** sizeText -- a size in the largest unit that leaves at most one decimal. */
export function sizeText(size: number): string {
  for (const unit of ['GiB', 'MiB', 'KiB'] as const) {
    const scaled = size / (sizeUnits[unit]);
    if (scaled >= 1 && Number.isInteger(scaled * 10)) return `${scaled}${unit}`;
  }
  return `${size}B`;
}

/* spelling.ts: HOW ATOMS ARE WRITTEN
 *
 * Strings, characters and symbols spelled so that the reader makes the same of them <design/scheme#.inv.roundtrip>.
 */
import { parseComplex, parseNumber } from '../number.ts';

const CHARACTERS: ReadonlyMap<number, string> = new Map([
  [7, 'alarm'], [8, 'backspace'], [127, 'delete'], [27, 'escape'], [10, 'newline'], [0, 'null'], [13, 'return'], [32, 'space'],
  [9, 'tab'],
]);
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\x07', '\\a'], ['\b', '\\b'], ['\t', '\\t'], ['\n', '\\n'], ['\r', '\\r'], ['\\', '\\\\'],
]);

/** What has no shape of its own: controls, separators, what is not assigned. */
const SHAPELESS = /[\p{C}\p{Z}]/u;
/** As SHAPELESS, but that a space within quotes is one, and with the quote and the backslash. */
const INSTRING = /["\\]|(?! )[\p{C}\p{Z}]/gu;
const INBARS = /[|\\]|(?! )[\p{C}\p{Z}]/gu;
/** A symbol that needs no bars, unless it could be a number. */
const PLAIN = /^[^\s()";'`,|\\[\]{}#\p{C}\p{Z}][^\s()";'`,|\\[\]{}\p{C}\p{Z}]*$/u;
const NUMERIC = /^[+-]?\.?\d/;

function hex(character: string): string {
  return `\\x${(character.codePointAt(0) as number).toString(16)};`;
}

/** charText -- a character as `write` prints it. */
export function charText(codePoint: number): string {
  const name = CHARACTERS.get(codePoint);
  if (name !== undefined) return `#\\${name}`;
  const character = String.fromCodePoint(codePoint);
  return SHAPELESS.test(character) ? `#\\x${codePoint.toString(16)}` : `#\\${character}`;
}

/** stringText -- a string as `write` prints it. */
export function stringText(text: string): string {
  return `"${text.replace(INSTRING, (found) => found === '"' ? '\\"' : ESCAPES.get(found) ?? hex(found))}"`;
}

/** symbolText -- a symbol as `write` prints it: between bars where it would else be read as something else. */
export function symbolText(name: string): string {
  const plain = PLAIN.test(name) && name !== '.' && !NUMERIC.test(name) && parseNumber(name, 10) === null && !parseComplex(name);
  return plain ? name : `|${name.replace(INBARS, (found) => found === '|' ? '\\|' : ESCAPES.get(found) ?? hex(found))}|`;
}

/* vectors.ts: CAPABILITY VECTORS
 *
 * A vector is an operation on capabilities with its operands and its exact result, one line of JSON <design/capability#.test.vectors>.
 * Here lines are read, the codec is asked, and its answer is held against the result, field by field
 * <design/capability#.vector>. Everything is compared as it is written: numbers are lower-case hexadecimal.
 */
import {
  capClearTag, capIsSame, capLength, capOffset, faultMake, faultReportMorello, faultReportRiscv, formats,
  type AccessKind, type Capability, type FaultKind, type Fitted, type Format, type FormatName,
} from '../machine/machine.ts';

/** Numbers as strings, truth as booleans. */
export type VectorRecord = Readonly<Record<string, string | boolean>>;

/** A line, read and found to be whole. */
export interface Vector {
  readonly fmt: FormatName;
  readonly op: string;
  /** The operands that the operation needs. */
  readonly in: VectorRecord;
  readonly out: VectorRecord;
}

/** A line that is no vector. The message names line and key and says what is wrong. */
export class VectorError extends Error {
  readonly code = 'CAPSTAN_VECTOR';
  override readonly name = 'VectorError';
  /** The message without the line. */
  readonly what: string;

  constructor(line: number, what: string) {
    super(`line ${line}: ${what}`);
    this.what = what;
  }
}

// Operands -----------------------------------------------------------------------------------------------------------

/** How an operand is written: 64 bits, an address or a length up to 2^64, truth, or one of the kinds of access. */
type OperandKind = 'word' | 'place' | 'truth' | 'access';

const accesses: readonly AccessKind[] = ['load', 'store', 'amo', 'fetch', 'loadcap', 'storecap', 'swapcap'];

/** How numbers are written, beyond their digits. */
const form: string = 'lower case, without leading zeros';

/** The longest numbers: `0x` and 64 bits, or 65. */
const WordMOST = 18;
const ResultMOST = 19;

/** wrongOperand -- what is wrong with an operand; null if nothing is. */
function wrongOperand(kind: OperandKind, value: unknown): string | null {
  switch (kind) {
    case 'truth': return typeof value === 'boolean' ? null : `must be true or false, not ${written(value)}`;
    case 'access': return accesses.some((access) => access === value) ? null : `must be one of ${accesses.join(', ')}, not ${written(value)}`;
    case 'word': return isHex(value, WordMOST) ? null : wrongNumber('1 to 16 hexadecimal digits', value);
    case 'place': return isHex(value, WordMOST) || value === '0x10000000000000000' ? null : wrongNumber('a hexadecimal number up to 2^64', value);
  }
}

const wrongNumber = (digits: string, value: unknown): string => (typeof value === 'string'
  ? `must be 0x and ${digits}, ${form}, not ${written(value)}` : `must be a string of 0x and hexadecimal digits, not ${written(value)}`);

/** isHex -- `0x` and digits, the first not 0 but in 0 itself; at most `length` characters in all. */
function isHex(text: unknown, length: number): boolean {
  if (typeof text !== 'string' || text.length < 3 || text.length > length || text.charCodeAt(0) !== 0x30 || text.charCodeAt(1) !== 0x78) return false;
  if (text.charCodeAt(2) === 0x30) return text.length === 3;
  for (let index = 2; index < text.length; index += 1) {
    const char = text.charCodeAt(index);
    if (char < 0x30 || char > 0x66 || (char > 0x39 && char < 0x61)) return false;
  }
  return true;
}

/** wrongTogether -- what is wrong with operands that are right one by one; null if nothing is. */
function wrongTogether(op: string, { base, top, kind, size }: VectorRecord): string | null {
  switch (op) {
    case 'access':
      return (kind === 'loadcap' || kind === 'storecap' || kind === 'swapcap') && size !== '0x10'
        ? `in.size must be 0x10 for ${kind}, not ${size}` : null;
    case 'encode': return BigInt(top) < BigInt(base) ? `in.top must not be below in.base: ${top} is below ${base}` : null;
    default: return null;
  }
}

// What lines say, echoed <design/look#.replay.echo> -------------------------------------------------------------------

/** The most characters of a name or a value that are echoed. */
const EchoMOST = 60;

/** printable -- a text with escapes for whatever would not show, or move a terminal's cursor. */
const printable = (text: string): string =>
  text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (found) => found.split('').map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''));

/** echoed -- the same, cut short. */
function echoed(text: string): string {
  const begin = printable(text.slice(0, EchoMOST + 1));
  return begin.length > EchoMOST ? `${begin.slice(0, EchoMOST)}...` : begin;
}

/** written -- a value for a message. Objects may be nested too deeply to be printed. */
function written(value: unknown): string {
  switch (typeof value) {
    case 'undefined': return 'missing';
    case 'string': return echoed(`"${value}"`);
    case 'object': return value === null ? 'null' : Array.isArray(value) ? 'a list' : 'an object';
    default: return String(value);
  }
}

/** wordOf -- an operand that is a number. */
const wordOf = (vector: Vector, name: string): bigint => BigInt(vector.in[name]);

/** vectorCap -- the capability among the operands. */
export const vectorCap = ({ in: { hi, lo, tag } }: Vector): Capability => ({ hi: BigInt(hi), lo: BigInt(lo), tag: tag === true });

/** vectorAuthority -- the second capability among the operands. */
export const vectorAuthority = ({ in: { ahi, alo, atag } }: Vector): Capability =>
  ({ hi: BigInt(ahi), lo: BigInt(alo), tag: atag === true });

/** numberOf -- an operand as the low 32 bits of a register. */
const numberOf = (vector: Vector, name: string): number => Number(BigInt.asUintN(32, wordOf(vector, name)));

// Answers ------------------------------------------------------------------------------------------------------------

const SpaceLAST: bigint = (1n << 64n) - 1n;

/** hex -- a number as vectors write it. */
const hex = (value: bigint | number): string => `0x${value.toString(16)}`;

const saturate = (value: bigint): bigint => (value > SpaceLAST ? SpaceLAST : value);

/** vectorOfCap -- a capability as vectors write it. */
export const vectorOfCap = ({ hi, lo, tag }: Capability): VectorRecord => ({ hi: hex(hi), lo: hex(lo), tag });

function moved(format: Format, cap: Capability, rep: boolean): VectorRecord {
  const { base, top } = format.bounds(cap);
  return { hi: hex(cap.hi), lo: hex(cap.lo), tag: cap.tag, base: hex(base), top: hex(top), rep };
}

function fitted(format: Format, { cap, exact }: Fitted): VectorRecord {
  const { base, top } = format.bounds(cap);
  return { hi: hex(cap.hi), lo: hex(cap.lo), tag: cap.tag, base: hex(base), top: hex(top), exact };
}

function made(format: Format, cap: Capability): VectorRecord {
  const { base, top, perms, type } = format.fields(cap);
  return {
    hi: hex(cap.hi), lo: hex(cap.lo), tag: cap.tag, base: hex(base), top: hex(top),
    perms: hex(perms), otype: hex(type),
  };
}

function decoded(format: Format, cap: Capability): VectorRecord {
  const { raw, base, top, perms, type, flags, reserved, internal, exponent, b, t, valid } = format.fields(cap);
  const length = capLength(format, cap);
  return {
    raw: hex(raw), base: hex(base), top: hex(top), len: hex(length), len64: hex(saturate(length)),
    top64: hex(saturate(top)), off: hex(capOffset(format, cap)), perms: hex(perms), otype: hex(type),
    otype64: hex(format.type64(cap)), sealed: format.isSealed(cap), flags: hex(flags), reserved: hex(reserved),
    ie: internal, E: hex(exponent), B: hex(b), T: hex(t), valid,
  };
}

/** The word that vectors have for a fault: a permission is one, whichever is lacking. */
function faultName(kind: FaultKind | null): string {
  switch (kind) {
    case null: return 'none';
    case 'misaligned': return 'align';
    case 'tag': case 'seal': case 'bounds': return kind;
    default: return 'perm';
  }
}

/** faultCode -- what the architecture reports: a capability's cause, else the exception; Morello's status code. */
function faultCode(format: Format, kind: FaultKind, access: AccessKind): number {
  const fault = faultMake(kind, access, 0, 0, 0, 0, 0);
  const { cause, exception } = format.name === 'morello' ? faultReportMorello(fault, true) : faultReportRiscv(fault);
  return cause === 0 ? exception : cause;
}

function accessed(format: Format, vector: Vector): VectorRecord {
  const { kind, vtag, vglobal } = vector.in, access = kind as AccessKind;
  const value = format.andPerm(format.rootAt(0n), vglobal === true ? format.perm.global : 0);
  const stored: Capability = vtag === true ? value : capClearTag(value);
  const refusal = format.refuses(vectorCap(vector), wordOf(vector, 'addr'), access, wordOf(vector, 'size'), stored);
  return { fault: faultName(refusal), code: hex(refusal === null ? 0 : faultCode(format, refusal, access)) };
}

// Operations ---------------------------------------------------------------------------------------------------------

interface Operation {
  readonly operands: readonly (readonly [name: string, kind: OperandKind])[];
  readonly answer: (format: Format, vector: Vector) => VectorRecord;
}

const capOperands: Operation['operands'] = [['hi', 'word'], ['lo', 'word'], ['tag', 'truth']];
const pairOperands: Operation['operands'] = [...capOperands, ['ahi', 'word'], ['alo', 'word'], ['atag', 'truth']];

const onCap = (answer: Operation['answer'], ...names: readonly string[]): Operation =>
  ({ operands: [...capOperands, ...names.map((name) => [name, 'word'] as const)], answer });

const onPair = (answer: Operation['answer']): Operation => ({ operands: pairOperands, answer });

const onWord = (name: string, answer: Operation['answer']): Operation => ({ operands: [[name, 'word']], answer });

const operations: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ['decode', onCap((format, v) => decoded(format, vectorCap(v)))],
  ['setbounds', onCap((format, v) => fitted(format, format.setBounds(vectorCap(v), wordOf(v, 'len'))), 'len')],
  ['setboundsexact', onCap((format, v) => {
    const cap = vectorCap(v), length = wordOf(v, 'len');
    return fitted(format, { cap: format.setBoundsExact(cap, length), exact: format.setBounds(cap, length).exact });
  }, 'len')],
  ['incoffset', onCap((format, v) => {
    const cap = vectorCap(v), result = format.incOffset(cap, wordOf(v, 'inc'));
    return moved(format, result, format.mayAdd(cap, result.lo));
  }, 'inc')],
  ['setoffset', onCap((format, v) => {
    const cap = vectorCap(v), result = format.setOffset(cap, wordOf(v, 'off'));
    return moved(format, result, format.mayAdd(cap, result.lo));
  }, 'off')],
  ['setaddr', onCap((format, v) => {
    const cap = vectorCap(v), result = format.setAddress(cap, wordOf(v, 'addr'));
    return moved(format, result, format.maySet(cap, result.lo));
  }, 'addr')],
  ['isrep', onCap((format, v) => {
    const cap = vectorCap(v), to = wordOf(v, 'addr');
    return { fast: format.keepsFast(cap, to), exact: format.keepsExact(cap, to), add_ok: format.mayAdd(cap, to), set_ok: format.maySet(cap, to) };
  }, 'addr')],
  ['inbounds', {
    operands: [...capOperands, ['addr', 'word'], ['size', 'place']],
    answer: (format, v) => ({ in: format.isInside(vectorCap(v), wordOf(v, 'addr'), wordOf(v, 'size')) }),
  }],
  ['crrl', onWord('len', (format, v) => {
    const length = wordOf(v, 'len'), len = hex(format.lengthRound(length));
    return format.name === 'riscv' ? { len } : { len, lib_len: hex(format.lengthRoundLeast(length)) };
  })],
  ['cram', onWord('len', (format, v) => {
    const length = wordOf(v, 'len'), mask = hex(format.lengthMask(length));
    return format.name === 'riscv' ? { mask } : { mask, lib_mask: hex(format.lengthMaskLeast(length)) };
  })],
  ['encode', {
    operands: [
      ['base', 'word'], ['top', 'place'], ['addr', 'word'], ['perms', 'word'], ['otype', 'word'], ['flags', 'word'], ['tag', 'truth'],
    ],
    answer: (format, v) => {
      const bounds = { base: wordOf(v, 'base'), top: wordOf(v, 'top') }, perms = numberOf(v, 'perms');
      const address = wordOf(v, 'addr'), flags = wordOf(v, 'flags');
      return fitted(format, format.encode(bounds, address, perms, numberOf(v, 'otype'), flags, v.in['tag'] === true));
    },
  }],
  ['nullcap', onWord('addr', (format, v) => made(format, format.nullAt(wordOf(v, 'addr'))))],
  ['maxcap', onWord('addr', (format, v) => made(format, format.rootAt(wordOf(v, 'addr'))))],
  ['andperm', onCap((format, v) => vectorOfCap(format.andPerm(vectorCap(v), numberOf(v, 'mask'))), 'mask')],
  ['setflags', onCap((format, v) => vectorOfCap(format.setFlags(vectorCap(v), wordOf(v, 'flags'))), 'flags')],
  ['sethigh', onCap((format, v) => vectorOfCap(format.setHigh(vectorCap(v), wordOf(v, 'newhi'))), 'newhi')],
  ['cleartag', onCap((_format, v) => vectorOfCap(capClearTag(vectorCap(v))))],
  ['sealentry', onCap((format, v) => vectorOfCap(format.sealEntry(vectorCap(v))))],
  ['seal', onPair((format, v) => vectorOfCap(format.seal(vectorCap(v), vectorAuthority(v))))],
  ['cseal', onPair((format, v) => vectorOfCap(format.sealIf(vectorCap(v), vectorAuthority(v))))],
  ['unseal', onPair((format, v) => vectorOfCap(format.unseal(vectorCap(v), vectorAuthority(v))))],
  ['buildcap', onPair((format, v) => vectorOfCap(format.build(vectorCap(v), vectorAuthority(v))))],
  ['copytype', onPair((format, v) => vectorOfCap(format.copyType(vectorCap(v), vectorAuthority(v))))],
  ['loadfilter', onPair((format, v) => vectorOfCap(format.loaded(vectorCap(v), vectorAuthority(v))))],
  ['testsubset', onPair((format, v) => ({ subset: format.isSubset(vectorCap(v), vectorAuthority(v)) }))],
  ['equalexact', onPair((_format, v) => ({ equal: capIsSame(vectorCap(v), vectorAuthority(v)) }))],
  ['access', {
    operands: [...capOperands, ['addr', 'word'], ['kind', 'access'], ['size', 'place'], ['vtag', 'truth'], ['vglobal', 'truth']],
    answer: accessed,
  }],
]);

/** vectorOps -- the operations there are. */
export const vectorOps: readonly string[] = [...operations.keys()];

// Reading, asking and comparing --------------------------------------------------------------------------------------

/** vectorParse -- the vector in a line; `number` is the line's, from 1. Throws a VectorError. */
export function vectorParse(line: string, number: number): Vector {
  const found = objectIn(line, number), { fmt, op, in: operands, out: results } = found;
  if (fmt !== 'riscv' && fmt !== 'morello') throw new VectorError(number, `fmt must be "riscv" or "morello", not ${written(fmt)}`);
  const operation = typeof op === 'string' ? operations.get(op) : undefined;
  if (operation === undefined) {
    throw new VectorError(number, `op ${op === undefined ? 'is missing' : `${written(op)} is unknown`}; it must be one of ${vectorOps.join(', ')}`);
  }
  if (!isObject(operands)) throw new VectorError(number, `in must be an object, not ${written(operands)}`);
  if (!isObject(results)) throw new VectorError(number, `out must be an object, not ${written(results)}`);
  const what = wrongOperands(operation, operands) ?? wrongTogether(op as string, operands as VectorRecord) ?? wrongResults(results);
  if (what !== null) throw new VectorError(number, what);
  return { fmt, op: op as string, in: operands as VectorRecord, out: results as VectorRecord };
}

type Fields = Readonly<Record<string, unknown>>;

function objectIn(line: string, number: number): Fields {
  let found: unknown;
  try {
    found = JSON.parse(line);
  } catch (error) {
    if (error instanceof SyntaxError) throw new VectorError(number, `not JSON: ${printable(error.message)}`);
    throw error;
  }
  if (!isObject(found)) throw new VectorError(number, `must be an object with fmt, op, in and out, not ${written(found)}`);
  return found;
}

const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);

/** wrongOperands -- what is wrong with operands one by one; those that the operation does not need are let be. */
function wrongOperands({ operands }: Operation, given: Fields): string | null {
  for (const [name, kind] of operands) {
    const what = wrongOperand(kind, given[name]);
    if (what !== null) return `in.${name} ${what}`;
  }
  return null;
}

/** wrongResults -- what results cannot be; how their numbers are written is seen where they differ. */
function wrongResults(results: Fields): string | null {
  for (const name in results) {
    const type = typeof results[name];
    if (type !== 'string' && type !== 'boolean') return `out.${echoed(name)} must be a string, true or false, not ${written(results[name])}`;
  }
  return null;
}

/** vectorAnswer -- what the codec gives for a vector's operands; `format` is the vector's own, or answers in its place. */
export function vectorAnswer(vector: Vector, format: Format = formats[vector.fmt]): VectorRecord {
  return operations.get(vector.op)!.answer(format, vector);
}

const same: readonly string[] = [];

/** vectorDifferences -- where an answer is not what is expected, a line a field; empty if nowhere. */
export function vectorDifferences(expected: VectorRecord, found: VectorRecord): readonly string[] {
  return isEqual(expected, found) ? same : differencesOf(expected, found);
}

function isEqual(expected: VectorRecord, found: VectorRecord): boolean {
  let fields = 0;
  for (const name in found) {
    if (expected[name] !== found[name]) return false;
    fields += 1;
  }
  for (const _name in expected) fields -= 1;
  return fields === 0;
}

function differencesOf(expected: VectorRecord, found: VectorRecord): string[] {
  const names = new Set([...Object.keys(expected), ...Object.keys(found)]);
  const valueOf = (record: VectorRecord, name: string): string | boolean | null => (Object.hasOwn(record, name) ? record[name] : null);
  return [...names].filter((name) => valueOf(expected, name) !== valueOf(found, name))
    .map((name) => `${echoed(name)}: ${differenceOf(valueOf(expected, name), valueOf(found, name))}`);
}

function differenceOf(expected: string | boolean | null, found: string | boolean | null): string {
  // Quotes tell "true" from true, and a string from none.
  if (typeof expected !== typeof found) return `expected ${expected === null ? 'nothing' : written(expected)}, found ${found === null ? 'nothing' : written(found)}`;
  if (typeof expected === 'string' && String(found).startsWith('0x') && !isHex(expected, ResultMOST)) {
    return `${wrongNumber('hexadecimal digits', expected)}; found ${found}`;
  }
  return `expected ${echoed(String(expected))}, found ${found}`;
}

/* vectors.ts: CAPABILITY VECTORS
 *
 * A vector is an operation on capabilities with its operands and its exact result, one line of JSON <design/capability#.test.vectors>.
 * Here lines are read, the codec is asked, and its answer is held against the result, field by field
 * <design/capability#.vector>. Everything is compared as it is written: numbers are lower-case hexadecimal.
 */
import {
  capClearTag, capIsSame, capLength, capOffset, faultMake, faultReportMorello, faultReportRiscv, morello, riscv,
  type AccessKind, type Capability, type FaultKind, type Fitted, type Format, type FormatName,
} from '../machine/machine.ts';

/** Numbers as strings, truth as booleans. */
export type VectorRecord = Readonly<Record<string, string | boolean>>;

/** A line, read and found to be whole. */
export interface Vector {
  readonly fmt: FormatName;
  readonly op: string;
  /** The operands that the operation needs; there may be more. */
  readonly in: VectorRecord;
  readonly out: VectorRecord;
}

/** A line that is no vector. The message names line and key and says what is wrong. */
export class VectorError extends Error {
  readonly code = 'CAPSTAN_VECTOR';
  override readonly name = 'VectorError';
}

// Operands -----------------------------------------------------------------------------------------------------------

/** How an operand is written: 64 bits, an address or a length up to 2^64, truth, or one of the kinds of access. */
type OperandKind = 'word' | 'place' | 'truth' | 'access';

const accesses: readonly AccessKind[] = ['load', 'store', 'amo', 'fetch', 'loadcap', 'storecap', 'swapcap'];

/** wrongOperand -- what is wrong with an operand; null if nothing is. */
function wrongOperand(kind: OperandKind, value: unknown): string | null {
  switch (kind) {
    case 'truth': return typeof value === 'boolean' ? null : `must be true or false, not ${written(value)}`;
    case 'access': return accesses.some((access) => access === value) ? null : `must be one of ${accesses.join(', ')}, not ${written(value)}`;
    case 'word': return typeof value === 'string' && isHex(value, 18) ? null
      : `must be a string of 0x and 1 to 16 hexadecimal digits, not ${written(value)}`;
    case 'place': return typeof value === 'string' && (isHex(value, 18) || value === '0x10000000000000000') ? null
      : `must be a string of 0x and a hexadecimal number up to 2^64, not ${written(value)}`;
  }
}

/** isHex -- `0x` and digits, at most `length` characters in all. */
function isHex(text: string, length: number): boolean {
  if (text.length < 3 || text.length > length || text.charCodeAt(0) !== 0x30 || text.charCodeAt(1) !== 0x78) return false;
  for (let index = 2; index < text.length; index += 1) {
    const char = text.charCodeAt(index);
    if (char < 0x30 || char > 0x66 || (char > 0x39 && char < 0x61)) return false;
  }
  return true;
}

const written = (value: unknown): string => (value === undefined ? 'missing' : JSON.stringify(value));

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
  const found = objectIn(line, number), { fmt, op } = found;
  if (fmt !== 'riscv' && fmt !== 'morello') wrong(number, 'fmt', `must be "riscv" or "morello", not ${written(fmt)}`);
  const operation = typeof op === 'string' ? operations.get(op) : undefined;
  if (operation === undefined) wrong(number, 'op', `must be one of ${vectorOps.join(', ')}, not ${written(op)}`);
  const operands = recordIn(found['in'], 'in', number), results = recordIn(found['out'], 'out', number);
  for (const [name, kind] of operation.operands) {
    const what = wrongOperand(kind, operands[name]);
    if (what !== null) wrong(number, `in.${name}`, what);
  }
  return { fmt, op: op as string, in: operands, out: results };
}

function wrong(number: number, key: string, what: string): never {
  throw new VectorError(`line ${number}: ${key} ${what}`);
}

function objectIn(line: string, number: number): Readonly<Record<string, unknown>> {
  let found: unknown;
  try {
    found = JSON.parse(line);
  } catch (error) {
    if (error instanceof SyntaxError) throw new VectorError(`line ${number}: not JSON: ${error.message}`);
    throw error;
  }
  if (!isObject(found)) throw new VectorError(`line ${number}: must be an object with fmt, op, in and out, not ${written(found)}`);
  return found;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** recordIn -- operands or results, all of them strings or truths. */
function recordIn(value: unknown, key: string, number: number): VectorRecord {
  if (!isObject(value)) wrong(number, key, `must be an object, not ${written(value)}`);
  for (const name in value) {
    const type = typeof value[name];
    if (type !== 'string' && type !== 'boolean') wrong(number, `${key}.${name}`, `must be a string, true or false, not ${written(value[name])}`);
  }
  return value as VectorRecord;
}

/** vectorAnswer -- what the codec gives for a vector's operands; `format` is the vector's own, or answers in its place. */
export function vectorAnswer(vector: Vector, format: Format = vector.fmt === 'riscv' ? riscv : morello): VectorRecord {
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
  const textOf = (record: VectorRecord, name: string): string => (Object.hasOwn(record, name) ? String(record[name]) : 'nothing');
  return [...names].filter((name) => expected[name] !== found[name])
    .map((name) => `${name}: expected ${textOf(expected, name)}, found ${textOf(found, name)}`);
}

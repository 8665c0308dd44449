import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { morello, riscv } from '../../code/machine/machine.ts';
import {
  vectorAnswer, vectorDifferences, VectorError, vectorOps, vectorParse, type Vector, type VectorRecord,
} from '../../code/observe/vectors.ts';

const file = new URL('../data/vectors/cheri.jsonl.gz', import.meta.url);
const lines = gunzipSync(readFileSync(file)).toString('utf8').trimEnd().split('\n');
const rows = lines.map((line, index) => vectorParse(line, index + 1));

/** Rows of each operation in the file: a file cut short does not pass for a whole one. */
const counts: Record<string, readonly [riscv: number, morello: number]> = {
  access: [537, 504], andperm: [128, 139], buildcap: [314, 300], cleartag: [70, 73], copytype: [159, 151], cram: [296, 296], crrl: [293, 299],
  cseal: [150, 157], decode: [1160, 1161], encode: [397, 379], equalexact: [81, 80], inbounds: [245, 214], incoffset: [985, 1012],
  isrep: [640, 614], loadfilter: [220, 224], maxcap: [79, 71], nullcap: [81, 59], seal: [268, 238], sealentry: [79, 73],
  setaddr: [1039, 1010], setbounds: [1244, 1172], setboundsexact: [723, 677], setflags: [76, 78], sethigh: [84, 53], setoffset: [352, 377],
  testsubset: [219, 241], unseal: [209, 220],
};

describe('every operation gives the bits of the models <design/capability#.inv.exact>', () => {
  test('the file is whole, and every operation is in it <design/capability#.test.vectors>', () => {
    expect(rows.length).toBe(20_000);
    expect(Object.keys(counts).sort()).toEqual([...vectorOps].sort());
  });

  for (const [op, [ofRiscv, ofMorello]] of Object.entries(counts)) {
    for (const [fmt, count] of [['riscv', ofRiscv], ['morello', ofMorello]] as const) {
      test(`${fmt} ${op}, all ${count} rows <design/capability#.inv.exact>`, () => {
        const list = rows.filter((row) => row.fmt === fmt && row.op === op);
        const wrong = list.flatMap((row) => {
          const differences = vectorDifferences(row.out, vectorAnswer(row));
          return differences.length === 0 ? [] : [{ in: row.in, differences }];
        });
        expect(wrong.slice(0, 3)).toEqual([]);
        expect(list.length).toBe(count);
      });
    }
  }
});

describe('a line that is no vector is refused, and named <design/capability#.vector.error>', () => {
  const cap = { hi: '0x0', lo: '0x7', tag: false }, pair = { ...cap, ahi: '0x0', alo: '0x0', atag: true };
  const line = (op: string, operands: object, more: object = {}): string =>
    JSON.stringify({ fmt: 'riscv', op, in: operands, out: {}, ...more });
  const text = 'must be a string of 0x and hexadecimal digits, not';
  const word = 'must be 0x and 1 to 16 hexadecimal digits, lower case, without leading zeros, not';
  const place = 'must be 0x and a hexadecimal number up to 2^64, lower case, without leading zeros, not';
  const encode = { base: '0x20', top: '0x20', addr: '0x0', perms: '0x0', otype: '0x0', flags: '0x0', tag: true };
  const access = { ...cap, addr: '0x0', kind: 'load', size: '0x1', vtag: true, vglobal: true };

  const cases: readonly (readonly [what: string, line: string, message: string | RegExp])[] = [
    ['not JSON', '{"fmt":', /^line 7: not JSON: .+/],
    ['empty', '', /^line 7: not JSON: .+/],
    ['a number', '12', 'line 7: must be an object with fmt, op, in and out, not 12'],
    ['null', 'null', 'line 7: must be an object with fmt, op, in and out, not null'],
    ['a list', '[]', 'line 7: must be an object with fmt, op, in and out, not a list'],
    ['no format', line('decode', cap, { fmt: undefined }), 'line 7: fmt must be "riscv" or "morello", not missing'],
    ['another format', line('decode', cap, { fmt: 'mips' }), 'line 7: fmt must be "riscv" or "morello", not "mips"'],
    ['an object as the format', line('decode', cap, { fmt: {} }), 'line 7: fmt must be "riscv" or "morello", not an object'],
    ['a nest too deep to print as the format', `{"fmt":${'['.repeat(1e5)}${']'.repeat(1e5)}}`, 'line 7: fmt must be "riscv" or "morello", not a list'],
    ['no operation', line('decode', cap, { op: undefined }), /^line 7: op is missing; it must be one of decode, setbounds, .+, access$/],
    ['another operation', line('frob', cap), /^line 7: op "frob" is unknown; it must be one of decode, .+, access$/],
    ['an inherited name as the operation', line('constructor', cap), /^line 7: op "constructor" is unknown; it must be one of /],
    ['a number as the operation', line('decode', cap, { op: 5 }), /^line 7: op 5 is unknown; it must be one of /],
    ['no operands', line('decode', cap, { in: undefined }), 'line 7: in must be an object, not missing'],
    ['a list of operands', line('decode', []), 'line 7: in must be an object, not a list'],
    ['no results', line('decode', cap, { out: undefined }), 'line 7: out must be an object, not missing'],
    ['an operand is missing', line('setbounds', cap), `line 7: in.len ${text} missing`],
    ['an operand is a number', line('decode', { ...cap, hi: 8 }), `line 7: in.hi ${text} 8`],
    ['an operand is a number beyond all', line('decode', { ...cap, hi: 8 }).replace('8', '1e999'), `line 7: in.hi ${text} Infinity`],
    ['a size is a number', line('inbounds', { ...cap, addr: '0x0', size: 8 }), `line 7: in.size ${text} 8`],
    ['an operand is truth', line('decode', { ...cap, hi: true }), `line 7: in.hi ${text} true`],
    ['an operand is decimal', line('decode', { ...cap, lo: '12' }), `line 7: in.lo ${word} "12"`],
    ['no digits', line('decode', { ...cap, lo: '0x' }), `line 7: in.lo ${word} "0x"`],
    ['a digit is none', line('decode', { ...cap, lo: '0x1g' }), `line 7: in.lo ${word} "0x1g"`],
    ['a digit is a mark', line('decode', { ...cap, lo: '0x1/' }), `line 7: in.lo ${word} "0x1/"`],
    ['a digit is a colon', line('decode', { ...cap, lo: '0x1:' }), `line 7: in.lo ${word} "0x1:"`],
    ['a digit is a grave', line('decode', { ...cap, lo: '0x1`' }), `line 7: in.lo ${word} "0x1\`"`],
    ['capital letters', line('decode', { ...cap, lo: '0XA' }), `line 7: in.lo ${word} "0XA"`],
    ['a capital digit', line('decode', { ...cap, lo: '0xA' }), `line 7: in.lo ${word} "0xA"`],
    ['a foreign first digit', line('decode', { ...cap, lo: '1x0' }), `line 7: in.lo ${word} "1x0"`],
    ['a leading zero', line('decode', { ...cap, lo: '0x01' }), `line 7: in.lo ${word} "0x01"`],
    ['two zeros', line('crrl', { len: '0x00' }), `line 7: in.len ${word} "0x00"`],
    ['17 digits', line('decode', { ...cap, lo: '0x10000000000000000' }), `line 7: in.lo ${word} "0x10000000000000000"`],
    ['truth is a string', line('decode', { ...cap, tag: 'true' }), 'line 7: in.tag must be true or false, not "true"'],
    ['truth is a number', line('decode', { ...cap, tag: 1 }), 'line 7: in.tag must be true or false, not 1'],
    ['an authority without an address', line('seal', { ...pair, alo: undefined }), `line 7: in.alo ${text} missing`],
    ['a size beyond the space', line('inbounds', { ...cap, addr: '0x0', size: '0x10000000000000001' }), `line 7: in.size ${place} "0x10000000000000001"`],
    ['no such access', line('access', { ...access, kind: 'peek' }), 'line 7: in.kind must be one of load, store, amo, fetch, loadcap, storecap, swapcap, not "peek"'],
    ...['loadcap', 'storecap', 'swapcap'].map((kind) =>
      [`a ${kind} of half a capability`, line('access', { ...access, kind, size: '0x8' }), `line 7: in.size must be 0x10 for ${kind}, not 0x8`] as const),
    ['a top below the base', line('encode', { ...encode, top: '0x1f' }), 'line 7: in.top must not be below in.base: 0x1f is below 0x20'],
    ['a result is a number', line('decode', cap, { out: { base: 0 } }), 'line 7: out.base must be a string, true or false, not 0'],
    ['a result is null', line('decode', cap, { out: { tag: null } }), 'line 7: out.tag must be a string, true or false, not null'],
    ['a long value', line('crrl', { len: `0x${'1'.repeat(900)}` }), `line 7: in.len ${word} "0x${'1'.repeat(57)}...`],
    ['a long name', JSON.stringify({ fmt: 'riscv', op: 'crrl', in: { len: '0x1' }, out: { ['n'.repeat(900)]: 1 } }), `line 7: out.${'n'.repeat(60)}... must be a string, true or false, not 1`],
    ['what moves the cursor', line('decode', cap, { fmt: '\u001b[2J\u007f\u009b\u202e\u2028é' }), 'line 7: fmt must be "riscv" or "morello", not "\\u001b[2J\\u007f\\u009b\\u202e\\u2028é"'],
    ['many letters that cannot be printed', line('decode', cap, { fmt: '\u202e'.repeat(60) }), `line 7: fmt must be "riscv" or "morello", not "${'\\u202e'.repeat(10).slice(0, 59)}...`],
    ['not JSON, and not printable', '\u001b[2J', /^line 7: not JSON: [\x20-\x7e]*\\u001b[\x20-\x7e]*$/],
  ];

  for (const [what, row, message] of cases) {
    test(`${what} <design/capability#.vector.error>`, () => {
      const parse = (): Vector => vectorParse(row, 7);
      expect(parse).toThrow(VectorError);
      expect(parse).toThrow(typeof message === 'string' ? new RegExp(`^${message.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}$`) : message);
      expect(parse).toThrow(expect.objectContaining({ code: 'CAPSTAN_VECTOR', name: 'VectorError', what: expect.stringMatching(/^(?!line)/) as string }) as Error);
    });
  }

  test('the least and the greatest of each operand are accepted, and what only just goes together <design/capability#.vector.error>', () => {
    const most = '0xffffffffffffffff', space = '0x10000000000000000';
    for (const size of ['0x0', most, space]) {
      expect(vectorParse(line('inbounds', { hi: most, lo: '0x0', tag: true, addr: most, size }), 1).in['size']).toBe(size);
      expect(vectorParse(line('access', { ...access, size }), 1).in['size']).toBe(size);
    }
    expect(vectorParse(line('access', { ...access, kind: 'loadcap', size: '0x10' }), 1).op).toBe('access');
    expect(vectorParse(line('encode', encode), 1).op).toBe('encode');
    // What an operation does not need is let be: a note on the row, say.
    expect(vectorParse(line('crrl', { len: '0x1', note: 'edge' }), 1).op).toBe('crrl');
    expect(vectorParse(line('encode', { ...encode, base: most, top: space }), 1).op).toBe('encode');
  });
});

describe('what differs is said field by field <design/capability#.vector.difference>', () => {
  const expected: VectorRecord = { hi: '0x0', lo: '0x1', tag: true };

  test('values, fields too many and fields too few <design/capability#.vector.difference>', () => {
    expect(vectorDifferences(expected, { hi: '0x0', lo: '0x1', tag: true })).toEqual([]);
    expect(vectorDifferences(expected, { lo: '0x1', tag: true, hi: '0x0' })).toEqual([]);
    expect(vectorDifferences(expected, { hi: '0x0', lo: '0x2', tag: false }))
      .toEqual(['lo: expected 0x1, found 0x2', 'tag: expected true, found false']);
    expect(vectorDifferences(expected, { hi: '0x0', lo: '0x1' })).toEqual(['tag: expected true, found nothing']);
    expect(vectorDifferences({ hi: '0x0' }, { hi: '0x0', lo: '0x1' })).toEqual(['lo: expected nothing, found "0x1"']);
    expect(vectorDifferences({ hi: '0x0', len: '0x1' }, { hi: '0x0', lo: '0x1' }))
      .toEqual(['len: expected "0x1", found nothing', 'lo: expected nothing, found "0x1"']);
    expect(vectorDifferences({ ...expected, toString: '0x0' }, expected)).toEqual(['toString: expected "0x0", found nothing']);
    expect(vectorDifferences(JSON.parse('{"__proto__":"0x0"}') as VectorRecord, {})).toEqual(['__proto__: expected "0x0", found nothing']);
    expect(vectorDifferences({ fault: 'tag' }, { fault: 'none' })).toEqual(['fault: expected tag, found none']);
    expect(vectorDifferences({}, {})).toEqual([]);
  });

  test('a string is quoted where there is none, or truth, on the other side <design/capability#.vector.difference>', () => {
    expect(vectorDifferences({ tag: 'true' }, { tag: true })).toEqual(['tag: expected "true", found true']);
    expect(vectorDifferences({ base: true }, { base: '0x1' })).toEqual(['base: expected true, found "0x1"']);
    expect(vectorDifferences({ len: 'nothing' }, {})).toEqual(['len: expected "nothing", found nothing']);
  });

  test('a number that is written otherwise than vectors are is named, with the form that it must have <design/capability#.vector.difference>', () => {
    for (const written of ['0xA', '0x0a', '0Xa', 'a', '10', '', '0x', '0x1ffffffffffffffff0']) {
      expect(vectorDifferences({ base: written }, { base: '0xa' }))
        .toEqual([`base: must be 0x and hexadecimal digits, lower case, without leading zeros, not "${written}"; found 0xa`]);
    }
    expect(vectorDifferences({ top: '0x1ffffffffffffffff' }, { top: '0xa' })).toEqual(['top: expected 0x1ffffffffffffffff, found 0xa']);
  });

  test('what a line says is cut short, and escaped where it cannot be printed <design/look#.replay.echo>', () => {
    expect(vectorDifferences({ fault: 'f'.repeat(900) }, { fault: 'none' })).toEqual([`fault: expected ${'f'.repeat(60)}..., found none`]);
    expect(vectorDifferences({ fault: '\u001b[31mtag' }, { fault: 'none' })).toEqual(['fault: expected \\u001b[31mtag, found none']);
    expect(vectorDifferences({ ['n\n'.repeat(900)]: true }, {})).toEqual([`${'n\\u000a'.repeat(9).slice(0, 60)}...: expected true, found nothing`]);
  });
});

test('a change of any one result is noticed <design/capability#.vector.difference>', () => {
  const seen = new Set<string>();
  for (const row of rows) {
    if (seen.has(`${row.fmt} ${row.op}`)) continue;
    seen.add(`${row.fmt} ${row.op}`);
    for (const [name, value] of Object.entries(row.out)) {
      const other = { ...row.out, [name]: typeof value === 'boolean' ? !value : `${value}0` };
      const differences = vectorDifferences(other, vectorAnswer(row));
      expect(differences).toEqual([expect.stringMatching(new RegExp(`^${name}: .*${String(other[name])}.* found ${String(value)}$`))]);
    }
  }
  expect(seen.size).toBe(54);
});

test('another format can answer in place of the codec <design/capability#.vector>', () => {
  const row = vectorParse('{"fmt":"riscv","op":"nullcap","in":{"addr":"0x5"},"out":{}}', 1);
  expect(vectorAnswer(row, morello)).toEqual({ ...vectorAnswer(row, riscv), otype: '0x0' });
});

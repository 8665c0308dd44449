import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { eventTypes, kindBit, Telemetry, TelemetryALL, telemetryKinds, type TelemetryRecord, type TelemetryType } from '../../code/mps/mps.ts';
import {
  recordLine, recordParse, recordPasses, recordText, sqlRecord, sqlSchema, sqlText, TelemetryError, TelemetryLabels, TelemetrySummary,
} from '../../code/observe/observe.ts';

const types = Object.keys(eventTypes) as TelemetryType[];

/** Any event. */
const anyRecord: fc.Arbitrary<TelemetryRecord> = fc.tuple(fc.nat(), fc.constantFrom(...types)).chain(([time, type]) => {
  const values: Record<string, fc.Arbitrary<number | string | boolean>> = {};
  for (const param of eventTypes[type].params) {
    const [name, sort] = param.split(':');
    values[name] = sort === 'S' ? fc.string() : sort === 'B' ? fc.boolean() : sort === 'D' ? fc.double({ noNaN: true, noDefaultInfinity: true, min: 0 }) : fc.nat();
  }
  return fc.record(values).map((params) => ({ time, type, params }));
});

describe('a log of telemetry', () => {
  test('is read again as it was written <design/telemetry#.req.back>', () => {
    fc.assert(fc.property(anyRecord, (record) => {
      expect(recordParse(recordLine(record))).toEqual({ ...record, params: { ...record.params } });
    }));
  });

  test.each([
    ['', 'not an object of JSON'], ['[]', 'not an object of JSON'], ['{"type":"SegFree"}', '"time" is not a number'],
    ['{"time":1}', '"type" is missing and is no type of telemetry'], ['{"time":1,"type":"toString"}', '"type" "toString" is no type of telemetry'],
    ['{"time":1,"type":"SegFree","arena":1}', '"seg" of SegFree is not a number'],
    ['{"time":1,"type":"ArenaPollEnd","arena":1,"workWasDone":1}', '"workWasDone" of ArenaPollEnd is not a boolean'],
  ])('with the line %j is refused <design/telemetry#.log>', (line, message) => {
    expect(() => recordParse(line)).toThrow(new TelemetryError(message));
  });

  test('passes what all of a filter is true of <design/telemetry#.log>', () => {
    const record: TelemetryRecord = { time: 10, type: 'SegFree', params: { arena: 1, seg: 7 } };
    const yes = [{}, { from: 10, to: 10 }, { kinds: ['seg'] as const }, { types: ['SegFree'] as const }, { where: [['seg', '7'], ['arena', '1']] as const }];
    const no = [{ from: 11 }, { to: 9 }, { kinds: ['arena'] as const }, { types: ['SegAlloc'] as const }, { where: [['seg', '7'], ['arena', '2']] as const }, { where: [['trace', 'undefined']] as const }];
    expect(yes.map((filter) => recordPasses(record, filter))).toEqual(yes.map(() => true));
    expect(no.map((filter) => recordPasses(record, filter))).toEqual(no.map(() => false));
  });

  test('is shown with the labels of its addresses <design/telemetry#.labels>', () => {
    const told: TelemetryRecord[] = [], telemetry = new Telemetry((record) => told.push(record), () => 5), labels = new TelemetryLabels();
    telemetry.set(TelemetryALL);
    telemetry.label(0x100_0040, telemetry.intern('a pair'));
    expect(telemetry.intern('a pair')).toBe(1);
    telemetry.emit('ArenaFree', { arena: 1, base: 0x100_0040, size: 16, pool: 2 });
    for (const record of told) labels.hear(record);
    expect(told.map((record) => recordText(record, labels)).at(-1)).toBe('           5 ArenaFree arena:1 base:0x1000040[a pair] size:16 pool:2');
  });

  test('is summed up by type, kinds in their order <design/telemetry#.log>', () => {
    const summary = new TelemetrySummary();
    for (const [time, type] of [[1, 'SegFree'], [2, 'ArenaPollBegin'], [3, 'SegAlloc'], [4, 'SegAlloc']] as const) summary.hear({ time, type, params: {} });
    expect(summary.text()).toBe([
      'kind   type            count  first  last', 'arena  ArenaPollBegin      1      2     2', 'seg    SegAlloc            2      3     4',
      'seg    SegFree             1      1     1',
    ].join('\n'));
  });
});

describe('telemetry', () => {
  test('tells the kinds of its mask, which at first is empty, and no others <design/telemetry#.kinds>', () => {
    const told: string[] = [], telemetry = new Telemetry(({ type }) => told.push(type), () => 0);
    const both = (): void => {
      telemetry.emit('SegFree', { arena: 1, seg: 1 });
      telemetry.emit('ArenaPollBegin', { arena: 1 });
    };
    both();
    telemetry.set(kindBit('seg') | kindBit('arena'));
    telemetry.reset(kindBit('seg'));
    both();
    expect([told, telemetry.mask]).toEqual([['ArenaPollBegin'], kindBit('arena')]);
  });

  test('has the MPS\'s 92 types, each with a code of its own <design/telemetry#.types>', () => {
    expect([types.length, new Set(types.map((type) => eventTypes[type].code)).size]).toEqual([92, 92]);
    expect(telemetryKinds.map((kind) => types.filter((type) => eventTypes[type].kind === kind).length)).toEqual([29, 18, 14, 22, 2, 4, 3]);
  });

  test.each([
    ['<design/telemetry#.if.intern>', (telemetry: Telemetry) => telemetry.intern('x'.repeat(256))],
    ['<design/telemetry#.if.label>', (telemetry: Telemetry) => { telemetry.label(16, 1); }],
  ])('has a rule %s', (tag, use) => {
    expect(() => use(new Telemetry(() => undefined, () => 0))).toThrow(tag);
  });
});

describe('SQL', () => {
  test('has 96 tables, and a statement for each event <design/telemetry#.sql>', () => {
    const schema = sqlSchema('a \'log\'').map(sqlText);
    expect(schema.filter((sql) => sql.startsWith('CREATE TABLE')).length).toBe(96);
    expect(schema).toContain('INSERT INTO event_log VALUES (\'a \'\'log\'\'\');');
    expect(schema).toContain('CREATE TABLE EVENT_ArenaPollEnd (time INTEGER, "arena" INTEGER, "workWasDone" INTEGER);');
    expect(sqlText(sqlRecord({ time: 9, type: 'ArenaPollEnd', params: { arena: 1, workWasDone: true } }))).toBe('INSERT INTO EVENT_ArenaPollEnd VALUES (9, 1, 1);');
  });

  test('keeps question marks in texts <design/telemetry#.sql>', () => {
    expect(sqlText(sqlRecord({ time: 9, type: 'Intern', params: { stringId: 1, string: 'who? \'me\'' } }))).toBe('INSERT INTO EVENT_Intern VALUES (9, 1, \'who? \'\'me\'\'\');');
  });
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { OptionError, parseSize, parseTime, resName, ResCOMMITLIMIT, ResOK, sizeText } from '../../code/mps/mps.ts';

test.each([['64KiB', 65_536], ['1.5MiB', 1_572_864], ['2GiB', 2 ** 31], ['0B', 0], ['123B', 123], [4096, 4096]])('%s is a size <design/mps#.units>', (text, size) => {
  expect(parseSize('memory', text)).toBe(size);
});

test.each(['64', 'KiB', '64kb', '-1KiB', '1e3B', '1.5B', '', ' 1KiB', '9999999999GiB'])('"%s" is no size, and the message names the option <design/mps#.units>', (text) => {
  expect(() => parseSize('memory', text)).toThrow(OptionError);
  expect(() => parseSize('memory', text)).toThrow(`memory "${text}" is not a size`);
});

test.each([['10ms', 10_000], ['500us', 500], ['0', 0], ['1.5ms', 1500]])('%s is a time <design/mps#.units>', (text, us) => {
  expect(parseTime('pause', text)).toBe(us);
});

test.each(['10', '10s', 'ms', '-1ms'])('"%s" is no time <design/mps#.units>', (text) => {
  expect(() => parseTime('pause', text)).toThrow(`pause "${text}" is not a time`);
});

test('the text of a size is read as that size <design/mps#.units>', () => {
  fc.assert(fc.property(fc.nat(2 ** 31 - 1), (size) => {
    expect(parseSize('memory', sizeText(size))).toBe(size);
  }));
  expect([sizeText(4096), sizeText(1_572_864), sizeText(1000)]).toEqual(['4KiB', '1.5MiB', '1000B']);
});

test('results have names <design/mps#.res>', () => {
  expect([resName(ResOK), resName(ResCOMMITLIMIT), resName(99)]).toEqual(['OK', 'COMMIT_LIMIT', 'result 99']);
});

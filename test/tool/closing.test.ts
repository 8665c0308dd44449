import { expect, test } from 'vitest';
import { closingLine, tally } from '../../tool/closing.js';

const report = (passed: number, failed: number, files: { status: string; assertionResults: unknown[] }[] = []): string =>
  JSON.stringify({ numPassedTests: passed, numFailedTests: failed, testResults: files });

test('the closing line adds up all runs <design/setup#.closing>', () => {
  expect(closingLine(tally([report(10, 0), report(20, 2)], 0))).toBe('30 passed, 2 failed');
});

test('a step that is no test and failed counts as a failure <design/setup#.inv.closing>', () => {
  expect(closingLine(tally([report(10, 0)], 2))).toBe('10 passed, 2 failed');
});

test('a run that wrote no report, or ran no test, counts as a failure <design/setup#.inv.closing>', () => {
  expect(tally([null, report(1, 0)], 0)).toEqual({ passed: 1, failed: 1 });
  expect(tally([report(0, 0)], 0)).toEqual({ passed: 0, failed: 1 });
});

test('a file that failed before its first test counts as a failure; one with failed tests is not counted twice <design/setup#.inv.closing>', () => {
  const files = [{ status: 'failed', assertionResults: [] }, { status: 'failed', assertionResults: [{}] }, { status: 'passed', assertionResults: [{}] }];
  expect(tally([report(1, 1, files)], 0)).toEqual({ passed: 1, failed: 2 });
});

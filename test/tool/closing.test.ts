import { expect, test } from 'vitest';
import { closingLine, tally } from '../../tool/closing.js';

/** A report with so many tests passed and failed; each file as its own status and those of its tests. */
const report = (passed: number, failed: number, files: string[][] = [], success = failed === 0): string => JSON.stringify({
  numPassedTests: passed, numFailedTests: failed, success,
  testResults: files.map(([status, ...tests]) => ({ status, assertionResults: tests.map((each) => ({ status: each })) })),
});

test('the closing line adds up all runs <design/setup#.closing>', () => {
  expect(closingLine(tally([report(10, 0), report(20, 2)], 0))).toBe('30 passed, 2 failed');
});

test('a step that is no test and failed counts as a failure <design/setup#.inv.closing>', () => {
  expect(closingLine(tally([report(10, 0)], 2))).toBe('10 passed, 2 failed');
});

test('a run that wrote no report, or ran no test, or failed for no reason given, counts as a failure <design/setup#.inv.closing>', () => {
  expect(tally([null, report(1, 0)], 0)).toEqual({ passed: 1, failed: 1 });
  expect(tally([report(0, 0)], 0)).toEqual({ passed: 0, failed: 1 });
  expect(tally([report(3, 0, [], false)], 0)).toEqual({ passed: 3, failed: 1 });
});

test('a file that failed outside its tests counts as a failure; one with failed tests is not counted twice <design/setup#.inv.closing>', () => {
  const files = [['failed'], ['failed', 'passed', 'skipped'], ['failed', 'passed', 'failed'], ['passed', 'passed']];
  expect(tally([report(3, 1, files)], 0)).toEqual({ passed: 3, failed: 3 });
});

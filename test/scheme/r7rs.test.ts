/* r7rs.test.ts: WHAT OF R7RS-SMALL THERE IS: the table against the runtime <design/scheme-list> */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { SymbolDatum } from '../../code/scheme/datum.ts';
import { Expander } from '../../code/scheme/expander.ts';
import { written } from './program.ts';
import { start } from './start.ts';

interface Row { readonly library: string; readonly name: string; readonly what: string; readonly there: string }

function table(): Row[] {
  const text = readFileSync(new URL('../../design/scheme-list.md', import.meta.url), 'utf8');
  return text.split('\n').filter((line) => /^\| [a-z0-9-]+ \| `/.test(line)).map((line) => {
    const [, library, name, what, there] = line.split('|').map((cell) => cell.trim()) as [string, string, string, string, string];
    return { library, name: name.slice(1, -1), what, there };
  });
}

const rows = table();
const some = (what: string, there: string): string[] => rows.filter((row) => row.what === what && row.there === there).map((row) => row.name);

describe('the table of R7RS-small', () => {
  test('is well formed and whole <design/scheme-list#.req.list>', () => {
    expect(rows.length).toBeGreaterThan(330);
    expect(new Set(rows.map((row) => row.name)).size).toBe(rows.length);
    expect(rows.filter((row) => !['syntax', 'procedure'].includes(row.what) || !['present', 'absent'].includes(row.there))).toEqual([]);
  });

  test('procedures marked present are procedures <design/scheme-list#.req.list>', () => {
    const names = some('procedure', 'present');
    expect(written(names.map((name) => `(list '${name} (procedure? ${name}))`))).toEqual(names.map((name) => `(${name} #t)`));
  });

  test('procedures marked absent are not bound <design/scheme-list#.req.list>', () => {
    const names = some('procedure', 'absent');
    expect(written(names)).toEqual(names.map((name) => `error: unbound variable: ${name}`));
  });

  test('syntax marked present is known to the expander <design/scheme-list#.req.list>', () => {
    const { top } = new Expander(), at = { file: '', line: 1, column: 1 };
    const symbol = (name: string): SymbolDatum => ({ type: 'symbol', name, at });
    expect(some('syntax', 'present').filter((name) => typeof top.resolve(symbol(name)) === 'string')).toEqual([]);
  });

  test('syntax marked absent is refused <design/scheme-list#.req.list>', () => {
    for (const name of some('syntax', 'absent')) {
      const { status, message } = start(`(${name} "x" "y")`);
      expect([name, status]).toEqual([name, 'syntax']);
      expect(message).toMatch(/absent|not supported/);
    }
  });
});

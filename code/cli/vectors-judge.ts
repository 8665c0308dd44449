/* vectors-judge.ts: A JUDGE OF VECTORS
 *
 * Replays vectors by one route or both, counts, and keeps the first differences <design/look#.replay>.
 */
import { vectorAnswer, vectorDifferences, vectorParse, VectorError, vectorHart, type Vector, type VectorRecord } from '../observe/observe.ts';
import { UserError } from './exit.ts';

/** How answers are found: by the codec's functions, by a hart, or by both. */
export type Through = 'codec' | 'hart' | 'both';

/** A row whose result is not what was found. */
export interface Failure {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly format: string;
  readonly op: string;
  readonly in: VectorRecord;
  /** What differs, a line a field, by route. */
  readonly found: readonly { readonly route: Through; readonly fields: readonly string[] }[];
}

/** What became of the rows of one operation. */
export interface OperationCounts {
  readonly format: string;
  readonly op: string;
  passed: number;
  failed: number;
}

/** Judges line after line. */
export class Judge {
  passed: number = 0;
  failed: number = 0;
  /** The first ones. */
  readonly failures: Failure[] = [];
  private readonly operations: Map<string, OperationCounts> = new Map<string, OperationCounts>();
  private readonly routes: readonly (readonly [Through, (vector: Vector) => VectorRecord])[];
  private readonly most: number;

  /** `most` failures are kept. */
  constructor(through: Through, most: number) {
    this.most = most;
    const all = [['codec', (vector: Vector) => vectorAnswer(vector)], ['hart', vectorHart()]] as const;
    this.routes = all.filter(([route]) => through === 'both' || through === route);
  }

  /** hear -- judge a line; blank ones are nothing. Throws UserError for one that is no vector. */
  hear(file: string, line: number, text: string): void {
    if (text.trim() === '') return;
    const vector = parse(file, line, text), found: { route: Through; fields: readonly string[] }[] = [];
    for (const [route, answer] of this.routes) {
      const fields = vectorDifferences(vector.out, answer(vector));
      if (fields.length > 0) found.push({ route, fields });
    }
    this.count(vector, found.length === 0);
    if (found.length > 0 && this.failures.length < this.most) {
      this.failures.push({ file, line, format: vector.fmt, op: vector.op, in: vector.in, found: routesUnited(found) });
    }
  }

  private count({ fmt, op }: Vector, isRight: boolean): void {
    const key = `${fmt} ${op}`;
    let row = this.operations.get(key);
    if (row === undefined) this.operations.set(key, row = { format: fmt, op, passed: 0, failed: 0 });
    if (isRight) {
      this.passed += 1;
      row.passed += 1;
    } else {
      this.failed += 1;
      row.failed += 1;
    }
  }

  /** counts -- what became of each operation's rows, by name. */
  counts(): OperationCounts[] {
    return [...this.operations.entries()].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, row]) => row);
  }
}

function parse(file: string, line: number, text: string): Vector {
  try {
    return vectorParse(text, line);
  } catch (error) {
    if (error instanceof VectorError) throw new UserError(`${file}: ${error.message}`);
    throw error;
  }
}

/** routesUnited -- what both routes found alike, once. */
export function routesUnited(found: Failure['found']): Failure['found'] {
  const [one, other] = found;
  return found.length === 2 && one.fields.join() === other.fields.join() ? [{ route: 'both', fields: one.fields }] : found;
}

/** failureText -- a row and what differs, for people. */
export function failureText({ file, line, format, op, in: operands, found }: Failure): string {
  const given = Object.entries(operands).map(([name, value]) => `${name}=${value}`).join(' ');
  const lines = found.flatMap(({ route, fields }) => fields.map((field) => `  ${route.padEnd(5)}  ${field}\n`));
  return `${file}:${line}: ${format} ${op} ${given}\n${lines.join('')}`;
}

/* vectors-judge.ts: A JUDGE OF VECTORS
 *
 * Replays vectors by one route or both, counts, and keeps the first differences <design/look#.replay>.
 */
import { vectorAnswer, vectorDifferences, vectorParse, VectorError, vectorHart, type Vector, type VectorRecord } from '../observe/observe.ts';
import { nameShown } from './print.ts';

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

/** A line that is no vector. */
export interface Wrong {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly error: string;
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
  /** All that did not pass, those that are no vectors too. */
  failed: number = 0;
  noVectors: number = 0;
  /** The first ones that failed. */
  readonly failures: (Failure | Wrong)[] = [];
  private readonly operations: Map<string, OperationCounts> = new Map<string, OperationCounts>();
  private readonly routes: readonly (readonly [Through, (vector: Vector) => VectorRecord])[];
  private readonly most: number;

  /** `most` failures are kept. */
  constructor(through: Through, most: number) {
    this.most = most;
    const all = [['codec', (vector: Vector) => vectorAnswer(vector)], ['hart', vectorHart()]] as const;
    this.routes = all.filter(([route]) => through === 'both' || through === route);
  }

  /** hear -- judge a line; blank ones are nothing. */
  hear(file: string, line: number, text: string): void {
    if (text.trim() === '') return;
    const vector = parse(line, text);
    if (vector instanceof VectorError) this.refuse({ file, line, error: vector.what });
    else this.judge(file, line, vector);
  }

  private judge(file: string, line: number, vector: Vector): void {
    const found: { route: Through; fields: readonly string[] }[] = [];
    for (const [route, answer] of this.routes) {
      const fields = vectorDifferences(vector.out, answer(vector));
      if (fields.length > 0) found.push({ route, fields });
    }
    this.count(vector, found.length === 0);
    if (found.length > 0) this.keep({ file, line, format: vector.fmt, op: vector.op, in: vector.in, found: routesUnited(found) });
  }

  private refuse(wrong: Wrong): void {
    this.failed += 1;
    this.noVectors += 1;
    this.keep(wrong);
  }

  private keep(failure: Failure | Wrong): void {
    if (this.failures.length < this.most) this.failures.push(failure);
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

function parse(line: number, text: string): Vector | VectorError {
  try {
    return vectorParse(text, line);
  } catch (error) {
    if (error instanceof VectorError) return error;
    throw error;
  }
}

/** routesUnited -- what both routes found alike, once. */
export function routesUnited(found: Failure['found']): Failure['found'] {
  const [one, other] = found;
  return found.length === 2 && one.fields.join() === other.fields.join() ? [{ route: 'both', fields: one.fields }] : found;
}

/** failureText -- a row and what differs, or what is wrong with a line, for people. */
export function failureText(failure: Failure | Wrong): string {
  const place = `${nameShown(failure.file)}:${failure.line}`;
  if ('error' in failure) return `${place}: ${failure.error}\n`;
  const { format, op, in: operands, found } = failure;
  const given = Object.entries(operands).map(([name, value]) => `${name}=${value}`).join(' ');
  const lines = found.flatMap(({ route, fields }) => fields.map((field) => `  ${route.padEnd(5)}  ${field}\n`));
  return `${place}: ${format} ${op} ${given}\n${lines.join('')}`;
}

/* telemetry-log.ts: TELEMETRY LOGS
 *
 * Telemetry as lines of JSON, and what can be asked of such a log: some of its events, or what there is of which kind
 * <design/telemetry#.log>.
 */
import { eventTypes, telemetryKinds, type TelemetryKind, type TelemetryRecord, type TelemetryType } from '../mps/mps.ts';

/** A line that is no event, with what is wrong with it. */
export class TelemetryError extends Error {
  readonly code = 'CAPSTAN_TELEMETRY';
  override readonly name = 'TelemetryError';
}

/** recordLine -- an event as a line, without its end. */
export const recordLine = ({ time, type, params }: TelemetryRecord): string => JSON.stringify({ time, type, ...params });

/** recordParse -- the event of a line; throws TelemetryError. */
export function recordParse(line: string): TelemetryRecord {
  const { time, type, ...params } = objectOf(line);
  if (typeof time !== 'number' || !Number.isFinite(time)) throw new TelemetryError('"time" is not a number');
  if (!isType(type)) throw new TelemetryError(`"type" ${JSON.stringify(type) ?? 'is missing and'} is no type of telemetry`);
  const known: Record<string, number | string | boolean> = {};
  for (const param of eventTypes[type].params) {
    const [name, sort] = param.split(':'), value = params[name], wanted = typeOfSort(sort);
    if (typeof value !== wanted) throw new TelemetryError(`"${name}" of ${type} is not a ${wanted}`);
    known[name] = value as number | string | boolean;
  }
  return { time, type, params: known };
}

function objectOf(line: string): Record<string, unknown> {
  let found: unknown = null;
  try {
    found = JSON.parse(line);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  if (typeof found !== 'object' || found === null || Array.isArray(found)) throw new TelemetryError('not an object of JSON');
  return found as Record<string, unknown>;
}

const isType = (type: unknown): type is TelemetryType => typeof type === 'string' && Object.hasOwn(eventTypes, type);

/** typeOfSort -- what JavaScript calls a parameter's sort. */
const typeOfSort = (sort: string): 'string' | 'boolean' | 'number' => (sort === 'S' ? 'string' : sort === 'B' ? 'boolean' : 'number');

/** Which events are wanted: all that every given thing is true of. */
export interface TelemetryFilter {
  readonly kinds?: readonly TelemetryKind[];
  readonly types?: readonly TelemetryType[];
  /** The arena's time, both ends included. */
  readonly from?: number;
  readonly to?: number;
  /** Parameters with their values, as text. */
  readonly where?: readonly (readonly [name: string, value: string])[];
}

/** recordPasses -- whether an event is wanted. */
export function recordPasses({ time, type, params }: TelemetryRecord, { kinds, types, from, to, where }: TelemetryFilter): boolean {
  if (time < (from ?? -Infinity) || time > (to ?? Infinity)) return false;
  if (types !== undefined && !types.includes(type)) return false;
  if (kinds !== undefined && !kinds.includes(eventTypes[type].kind)) return false;
  return where === undefined || where.every(([name, value]) => params[name] !== undefined && String(params[name]) === value);
}

/** recordText -- an event for people: time, type, and what it says; addresses in hexadecimal, with their labels. */
export function recordText({ time, type, params }: TelemetryRecord, labels: TelemetryLabels): string {
  const said = eventTypes[type].params.map((param) => {
    const [name, sort] = param.split(':'), value = params[name];
    return `${name}:${sort === 'A' ? labels.text(Number(value)) : String(value)}`;
  });
  return [String(time).padStart(12), type, ...said].join(' ');
}

/** What addresses are called. */
export class TelemetryLabels {
  private readonly texts = new Map<number, string>();
  private readonly labels = new Map<number, string>();

  /** hear -- take note of an event that names something. */
  hear({ type, params }: TelemetryRecord): void {
    if (type === 'Intern') this.texts.set(Number(params['stringId']), String(params['string']));
    if (type === 'Label') this.labels.set(Number(params['address']), this.texts.get(Number(params['stringId'])) ?? `label ${String(params['stringId'])}`);
  }

  text(addr: number): string {
    const hex = `0x${(addr >>> 0).toString(16)}`, label = this.labels.get(addr);
    return label === undefined ? hex : `${hex}[${label}]`;
  }
}

/** How many events of a type there are, and when. */
export interface TelemetryCount {
  readonly type: TelemetryType;
  readonly kind: TelemetryKind;
  readonly count: number;
  /** Arena's time of the first and of the last. */
  readonly first: number;
  readonly last: number;
}

/** Counts events by type. */
export class TelemetrySummary {
  private readonly counts = new Map<TelemetryType, { count: number; first: number; last: number }>();

  hear({ time, type }: TelemetryRecord): void {
    const known = this.counts.get(type);
    if (known === undefined) this.counts.set(type, { count: 1, first: time, last: time });
    else {
      known.count += 1;
      known.last = time;
    }
  }

  /** rows -- by kind, and in a kind the most frequent first. */
  rows(): TelemetryCount[] {
    const rows = [...this.counts].map(([type, counted]) => ({ type, kind: eventTypes[type].kind, ...counted }));
    const order = (kind: TelemetryKind): number => telemetryKinds.indexOf(kind);
    return rows.sort((one, other) => order(one.kind) - order(other.kind) || other.count - one.count || (one.type < other.type ? -1 : 1));
  }

  /** text -- the rows as a table. */
  text(): string {
    const rows = this.rows().map(({ kind, type, count, first, last }) => [kind, type, String(count), String(first), String(last)]);
    const table = [['kind', 'type', 'count', 'first', 'last'], ...rows];
    const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
    return table.map((row) => row.map((cell, column) => (column < 2 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))).join('  ')).join('\n');
  }
}

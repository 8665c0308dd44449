/* telemetry-sql.ts: TELEMETRY IN SQL
 *
 * A log as statements of SQL, for SQLite: a table for each type of event, and four that say what there is <design/telemetry#.sql>.
 */
import { eventTypes, telemetryKinds, type TelemetryRecord, type TelemetryType } from '../mps/mps.ts';

const names = Object.keys(eventTypes) as TelemetryType[];

/** A statement, with the values of its parameters. */
export interface SqlStatement {
  readonly sql: string;
  readonly values: readonly (number | string)[];
}

/** sqlSchema -- the statements that make the tables and fill those that describe them. */
export function sqlSchema(log: string): SqlStatement[] {
  return [
    plain('CREATE TABLE event_kind (name TEXT, bit INTEGER PRIMARY KEY)'),
    plain('CREATE TABLE event_type (name TEXT, code INTEGER PRIMARY KEY, kind INTEGER REFERENCES event_kind (bit))'),
    plain('CREATE TABLE event_param (type INTEGER REFERENCES event_type (code), param_index INTEGER, name TEXT, sort TEXT)'),
    plain('CREATE TABLE event_log (name TEXT)'),
    ...telemetryKinds.map((name, bit) => insert('event_kind', [name, bit])),
    ...names.map((name) => insert('event_type', [name, eventTypes[name].code, telemetryKinds.indexOf(eventTypes[name].kind)])),
    ...names.flatMap((name) => eventTypes[name].params.map((param, index) => insert('event_param', [eventTypes[name].code, index, ...param.split(':')]))),
    insert('event_log', [log]),
    ...names.map((name) => plain(`CREATE TABLE EVENT_${name} (${['time INTEGER', ...eventTypes[name].params.map(columnOf)].join(', ')})`)),
  ];
}

/** sqlRecord -- the statement that puts an event into its table. */
export function sqlRecord({ time, type, params }: TelemetryRecord): SqlStatement {
  const values = eventTypes[type].params.map((param) => params[param.split(':')[0]]);
  return insert(`EVENT_${type}`, [time, ...values.map((value) => (typeof value === 'boolean' ? Number(value) : value))]);
}

/** sqlText -- a statement with its values written out, to be read by `sqlite3`. */
export function sqlText({ sql, values }: SqlStatement): string {
  let at = 0;
  return `${sql.replace(/\?/g, () => valueText(values[at++]))};`;
}

const valueText = (value: number | string): string => (typeof value === 'number' ? String(value) : `'${value.replaceAll('\'', '\'\'')}'`);

const plain = (sql: string): SqlStatement => ({ sql, values: [] });

const insert = (table: string, values: readonly (number | string)[]): SqlStatement =>
  ({ sql: `INSERT INTO ${table} VALUES (${values.map(() => '?').join(', ')})`, values });

function columnOf(param: string): string {
  const [name, sort] = param.split(':');
  // Quoted: some of the MPS's names are words of SQL.
  return `"${name}" ${sort === 'S' ? 'TEXT' : sort === 'D' ? 'REAL' : 'INTEGER'}`;
}

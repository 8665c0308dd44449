/* state-text.ts: STATES AND EVENTS FOR PEOPLE
 *
 * The same as `state.ts` says, in lines of at most 100 columns <design/oracle#.state>. Events are told field by field, so that a new type
 * of event needs nothing here.
 */
import type { Event } from '../mps/mps.ts';
import type { GenerationView, Place, State, TraceView } from './state.ts';

/** The widest line. */
const WIDTH = 100;
/** What a heading takes at the left. */
const HEADING = 13;

/** stateText -- a state in lines, under headings. */
export function stateText(state: State): string {
  const { threads, trace, protections, segments, pools, generations, committed, clock } = state;
  const top = Math.max(...generations.map(({ generation }) => generation));
  const name = (generation: number | null): string => (
    generation === null ? 'no generation' : generation === top ? 'top generation' : `generation ${generation}`);
  return [
    ...section('clock', [`${clock} bytes of work; ${committed} bytes committed`]),
    ...section('threads', threads.map((thread) => `${thread.name}: ${thread.state}`
      + `${thread.suspended > 0 ? `, suspended ${many(thread.suspended, 'time')}` : ''}${thread.waitingFor === null ? '' : `, waiting for ${thread.waitingFor}`}`)),
    ...section('trace', traceLines(trace)),
    ...section('forbidden', protections.map(({ forbidden, ...place }) => `${forbidden}: ${placeText(place)}`)),
    ...section('segments', segments.map(({ generation, rank, colour, segments: count, ...place }) => (
      `${name(generation)}, ${rank === 'none' ? 'no references' : rank}, ${colour}: ${many(count, 'segment')}, ${placeText(place)}`))),
    ...section('pools', pools.map(({ kind, format, segments: count, size, allocationPoints }) => (
      `${kind}, format ${format}: ${many(count, 'segment')}, ${size} bytes, ${many(allocationPoints, 'allocation point')}`))),
    ...section('generations', generations.map((one) => `${name(one.generation)}: ${generationText(one)}`)),
    '',
  ].join('\n');
}

/** eventText -- an event as one or more lines under a heading. */
export function eventText(heading: string, { type, clock, ...fields }: Event): string {
  return `${section(heading, [`${type} at clock ${clock}: ${fieldsText(fields)}`]).join('\n')}\n`;
}

function traceLines({ count, state, band, emergency, white, reason, quantum, condemned, scanned, copied, greySegments }: TraceView): string[] {
  if (state === 'idle') return [count === 0 ? 'none so far' : `none under way; ${count} so far`];
  return [
    `number ${count}: ${state}, rank ${band}${emergency ? ', in an emergency: nothing is copied' : ''}`,
    ...(reason === null ? [] : [`because: ${reason.why}${fieldsIn(reason)}`]),
    `condemned ${condemned} bytes in zones ${white.join(' ')}; scanned ${scanned}, copied ${copied}; grey: ${many(greySegments, 'segment')}`,
    quantum === null ? 'it is done in one go' : `a quantum is ${quantum} bytes of work`,
  ];
}

function generationText({ capacity, total, newSize, oldSize, bufferedSize, freeSize, mortality }: GenerationView): string {
  const limit = capacity === null ? 'no capacity' : `capacity ${capacity}`;
  return `${limit}, new ${newSize}, old ${oldSize}, buffered ${bufferedSize}, free ${freeSize}, in all ${total}; mortality ${mortality.toFixed(2)}`;
}

function placeText({ size, runs, first }: Place): string {
  const ranges = first.map(([base, limit]) => `${hex(base)}-${hex(limit)}`).join(' ');
  return `${size} bytes in ${many(runs, 'run')}: ${ranges}${runs > first.length ? ' ...' : ''}`;
}

/** fieldsText -- the fields of an event, in words. */
function fieldsText(fields: object): string {
  return Object.entries(fields).map(([key, value]: [string, unknown]) => `${key} ${valueText(key, value)}`).join(', ');
}

function valueText(key: string, value: unknown): string {
  if (typeof value === 'object' && value !== null && 'why' in value) return `${String(value.why)}${fieldsIn(value)}`;
  return (key === 'base' || key === 'addr') && typeof value === 'number' ? hex(value) : String(value);
}

/** fieldsIn -- what a reason says besides `why`, in brackets. */
function fieldsIn(reason: object): string {
  const fields = fieldsText(Object.fromEntries(Object.entries(reason).filter(([key]) => key !== 'why')));
  return fields === '' ? '' : ` (${fields})`;
}

const hex = (addr: number): string => `0x${(addr >>> 0).toString(16)}`;

const many = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

/** section -- items under a heading, each on lines of its own; none: "none". */
function section(heading: string, items: readonly string[]): string[] {
  const lines = (items.length === 0 ? ['none'] : items).flatMap(broken);
  return lines.map((line, index) => `${(index === 0 ? heading : '').padEnd(HEADING)}${line}`);
}

/** broken -- an item in lines that fit beside a heading, broken at blanks; what goes on is indented. */
function broken(item: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of item.split(' ').flatMap(bounded)) {
    if (line !== '' && HEADING + line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = `  ${word}`;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** bounded -- a word in parts that fit on a line. */
function bounded(word: string): string[] {
  const most = WIDTH - HEADING - 2, parts: string[] = [];
  for (let at = 0; at < word.length; at += most) parts.push(word.slice(at, at + most));
  return parts;
}

/* until.ts: STOPPING AT AN EVENT
 *
 * Which event a run is to stop at, and what the system was like at that moment <design/replay#.until>.
 */
import { eventText, stateOf, stateText, type State } from '../observe/observe.ts';
import type { Event } from '../mps/mps.ts';
import { UserError } from './exit.ts';
import type { Until } from './run.ts';
import type { Session } from './session.ts';

/** The types of events; that these are all, the compiler sees. */
const types: Readonly<Record<Event['type'], true>> = {
  arena: true, chunk: true, thread: true, condemn: true, flip: true, quantum: true, suspend: true, resume: true, protect: true,
  fault: true, band: true, emergency: true, reclaim: true, exhausted: true,
};

/** An event to stop at: the `count`-th, from 1, of a type, or of all where that is null. */
export interface EventChoice {
  readonly type: string | null;
  readonly count: number;
}

/** eventChoice -- read N, TYPE or TYPE:N. */
export function eventChoice(text: string): EventChoice {
  const [, type = '', number = ''] = /^([^:]*?)(?::?(\d+))?$/.exec(text) ?? [];
  const isNumber = /^\d+$/.test(text), isNumbered = /^[^:]+:\d+$/.test(text), count = number === '' ? 1 : Number(number);
  if ((isNumber || isNumbered) && !(count >= 1 && Number.isSafeInteger(count))) {
    throw new UserError(`--until "${text}": events are counted from 1`);
  }
  if (isNumber) return { type: null, count };
  const name = isNumbered ? type : text;
  if (Object.hasOwn(types, name)) return { type: name, count };
  throw new UserError(`--until "${text}" is no event: ${hintFor(name)} (write N, TYPE or TYPE:N; types are ${Object.keys(types).sort().join(', ')})`);
}

function hintFor(name: string): string {
  const near = Object.keys(types).map((type) => [distance(name, type), type] as const).sort(([one], [other]) => one - other)[0];
  return near[0] <= Math.max(1, Math.floor(near[1].length / 2)) ? `did you mean ${near[1]}?` : 'there is no such type';
}

/** distance -- how many letters must be put in, left out or replaced to make one word of another. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (const [i, letter] of [...one].entries()) {
    const next = [i + 1];
    for (const [j, wanted] of [...other].entries()) next.push(Math.min(row[j + 1] + 1, next[j] + 1, row[j] + (letter === wanted ? 0 : 1)));
    row = next;
  }
  return row[other.length];
}

/** What was found where the run stopped. */
interface Found {
  /** Which of all events it was, from 1: the line of an event file. */
  readonly number: number;
  readonly event: Event;
  /** The condemnation that led to it, if a trace did. */
  readonly condemn: Event | null;
  /** Null while the system was being made. */
  readonly state: State | null;
}

/** Counts events, and keeps the state at the one that was chosen. */
export class Stop implements Until {
  private readonly choice: EventChoice;
  private readonly json: boolean;
  private number: number = 0;
  private matches: number = 0;
  private condemn: Extract<Event, { type: 'condemn' }> | null = null;
  private found: Found | null = null;

  constructor(choice: EventChoice, json: boolean) {
    this.choice = choice;
    this.json = json;
  }

  hear(event: Event, session: () => Session | null): boolean {
    // What follows in the same step comes too late.
    if (this.found !== null) return true;
    this.number += 1;
    if (event.type === 'condemn') this.condemn = event;
    if (this.choice.type === null || this.choice.type === event.type) this.matches += 1;
    if (this.matches < this.choice.count) return false;
    const system = session()?.system ?? null;
    this.found = {
      number: this.number, event, condemn: this.led(event, system?.arena.trace.isBusy === true) ? this.condemn : null,
      state: system === null ? null : stateOf(system),
    };
    return true;
  }

  /** led -- whether the last condemnation led to an event. */
  private led(event: Event, isBusy: boolean): boolean {
    if (this.condemn === null || event.type === 'condemn') return false;
    return 'trace' in event ? event.trace === this.condemn.trace : isBusy;
  }

  text(): string {
    if (this.found === null) return '';
    const { number, event, condemn, state } = this.found;
    if (this.json) return `${JSON.stringify(this.found)}\n`;
    return eventText(`event ${number}`, event) + (condemn === null ? '' : eventText('led by', condemn))
      + (state === null ? 'The system was being made: there is nothing to see yet.\n' : stateText(state));
  }
}

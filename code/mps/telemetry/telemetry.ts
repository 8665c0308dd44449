/* telemetry.ts: TELEMETRY
 *
 * The MPS's telemetry: events of many types, by kinds that can be switched on and off, with labels for addresses. What is told and why it
 * was done, for people, is the stream of <design/event>; this is everything, for tools <design/telemetry>.
 */
import { aver } from '../../base/base.ts';
import { eventTypes, telemetryKinds, type TelemetryKind, type TelemetryParams, type TelemetryType } from './types.ts';

/** Characters of the longest text that can be interned. */
const InternMOST = 255;

/** An event: its type's code and name, the arena's time, and what it says. */
export interface TelemetryRecord {
  readonly time: number;
  readonly type: TelemetryType;
  readonly params: Readonly<Record<string, number | string | boolean>>;
}

/** A text that has been interned. */
export type Label = number;

/** All kinds, as bits. */
export const TelemetryALL: number = 2 ** telemetryKinds.length - 1;

/** kindBit -- the bit of a kind. */
export const kindBit = (kind: TelemetryKind): number => 1 << telemetryKinds.indexOf(kind);

/** The telemetry of a system. */
export class Telemetry {
  /** Kinds that are told, as bits: nothing is computed for the others. */
  mask: number = 0;
  private readonly sink: (record: TelemetryRecord) => void;
  private readonly clock: () => number;
  private readonly labels = new Map<string, Label>();

  /** `clock` is the time of what happens; `sink` hears each event as it happens. */
  constructor(sink: (record: TelemetryRecord) => void, clock: () => number) {
    this.sink = sink;
    this.clock = clock;
  }

  /** set, reset -- tell the kinds of a set of bits, or tell them no more. */
  set(mask: number): void {
    this.mask |= mask;
  }

  reset(mask: number): void {
    this.mask &= ~mask;
  }

  /** tells -- whether a kind is told: who has much to compute asks first. */
  tells(kind: TelemetryKind): boolean {
    return (this.mask & kindBit(kind)) !== 0;
  }

  /** emit -- an event, if its kind is told <design/telemetry#.req.free>. */
  emit<T extends TelemetryType>(type: T, params: TelemetryParams<T>): void {
    if (this.tells(eventTypes[type].kind)) this.sink({ time: this.clock(), type, params });
  }

  /** intern -- a label for a text of at most 255 characters; the same one each time. */
  intern(text: string): Label {
    aver(text.length <= InternMOST, '<design/telemetry#.if.intern>');
    const known = this.labels.get(text);
    if (known !== undefined) return known;
    const label = this.labels.size + 1;
    this.labels.set(text, label);
    this.emit('Intern', { stringId: label, string: text });
    return label;
  }

  /** label -- an address has a label from now on, for who reads the events. */
  label(address: number, label: Label): void {
    aver(label >= 1 && label <= this.labels.size, '<design/telemetry#.if.label>');
    this.emit('Label', { address: address >>> 0, stringId: label });
  }

  /** labelsTell -- tell the labels again that were made before users' events were told. */
  labelsTell(): void {
    for (const [string, stringId] of this.labels) this.emit('Intern', { stringId, string });
  }
}

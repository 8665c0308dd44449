/* messages.ts: MESSAGES
 *
 * What the arena has to tell its client, who comes for it when he has time: an object has been finalized, a collection begins or is over.
 * They wait in a queue until they are got, and belong to the client until he discards them <design/message>.
 */
import { aver, Ring } from '../../base/base.ts';
import type { Hart } from '../../machine/machine.ts';
import type { Arena } from '../arena/arena.ts';
import type { Reason } from '../event.ts';
import type { Trace } from '../trace/trace.ts';
import type { Guardians } from './guardian.ts';
import { reasonText } from './why.ts';

/** What the ledger is charged for a message of the collector's own; those of finalization are paid for with the guardian. */
const MessageSIZE = 64;

/** The types of messages: an object has been finalized; a collection is over; one has begun. */
export type MessageType = 'finalization' | 'gc' | 'gc_start';

/** What a message of each type is. */
export interface MessageOf {
  readonly finalization: FinalizationMessage;
  readonly gc: GcMessage;
  readonly gc_start: GcStartMessage;
}

/** A message. It stays, with what it refers to, until it is discarded <design/message#.inv.strong>. */
export abstract class Message {
  readonly type: MessageType;
  /** The arena's time when it was posted; 0 for finalization, as in the MPS. */
  clock: number = 0;
  /** Which of all posted messages it is, from 1; for the queue. */
  place: number = 0;
  /** The messages that it is one of; null until it is posted. */
  owner: Messages | null = null;
  /** Whether it has been discarded, or dropped. */
  isGone: boolean = false;
  readonly ring: Ring<Message> = new Ring<Message>(this);

  constructor(type: MessageType) {
    this.type = type;
  }

  /** forget -- give back what it was paid for with. */
  abstract forget(): void;
}

/** An object would be garbage but for this message. */
export class FinalizationMessage extends Message {
  private readonly guardians: Guardians;
  private readonly record: number;

  constructor(guardians: Guardians, record: number) {
    super('finalization');
    this.guardians = guardians;
    this.record = record;
  }

  /** finalizationRef -- put a reference to the object into a slot: to the whole of it, with the permissions that it was registered with.
   * NULL if its pool has been destroyed. */
  finalizationRef(hart: Hart, slot: number): void {
    aver(!this.isGone, '<design/message#.if.live>');
    this.guardians.reference(this.record, hart, slot);
  }

  override forget(): void {
    this.guardians.discard(this.record);
  }
}

/** A collection is over; sizes in bytes. */
export class GcMessage extends Message {
  private readonly messages: Messages;
  /** What was condemned and survived. */
  liveSize: number = 0;
  readonly condemnedSize: number;
  /** Objects in the pools that are collected that were not condemned. */
  readonly notCondemnedSize: number;

  constructor(messages: Messages, { condemned, notCondemned }: Trace) {
    super('gc');
    this.messages = messages;
    this.condemnedSize = condemned;
    this.notCondemnedSize = notCondemned;
  }

  override forget(): void {
    this.messages.credit();
  }
}

/** A collection has begun. */
export class GcStartMessage extends Message {
  private readonly messages: Messages;
  /** Why, in a sentence. */
  readonly why: string;

  constructor(messages: Messages, reason: Reason) {
    super('gc_start');
    this.messages = messages;
    this.why = reasonText(reason);
  }

  override forget(): void {
    this.messages.credit();
  }
}

/** The messages of an arena. */
export class Messages {
  private readonly arena: Arena;
  private readonly enabled: Set<MessageType> = new Set();
  /** Those that wait to be got, in the order of posts. */
  private readonly queues: Readonly<Record<MessageType, Ring<Message>>> = { finalization: queue(), gc: queue(), gc_start: queue() };
  private posts: number = 0;
  /** What is to be posted when the trace that is under way is over. */
  private atEnd: GcMessage | null = null;
  /** Messages of the collector's own that have been charged and not credited. */
  private charged: number = 0;
  /** For how many collections there was no memory for a pair <design/message#.pair>. */
  dropped: number = 0;

  constructor(arena: Arena) {
    this.arena = arena;
  }

  // What a client does -----------------------------------------------------------------------------------------------

  /** enable -- from now on queue messages of a type; at first all are disabled. */
  enable(type: MessageType): void {
    aver(Object.hasOwn(this.queues, type), '<design/message#.if.type>');
    this.enabled.add(type);
  }

  /** disable -- queue no more messages of a type, and drop those that wait. */
  disable(type: MessageType): void {
    aver(Object.hasOwn(this.queues, type), '<design/message#.if.type>');
    this.arena.enter();
    this.enabled.delete(type);
    for (const ring = this.queues[type]; !ring.isSingle;) this.drop(ring.next.owner);
    this.arena.leave();
  }

  /** isEnabled -- whether messages of a type are queued, and not dropped. */
  isEnabled(type: MessageType): boolean {
    return this.enabled.has(type);
  }

  /** poll -- whether any message waits. */
  poll(): boolean {
    return this.queueType() !== null;
  }

  /** queueType -- the type of the message that has been waiting longest; null if there is none. */
  queueType(): MessageType | null {
    let first: Message | null = null;
    for (const ring of Object.values(this.queues)) {
      const { owner } = ring.next;
      if (!ring.isSingle && (first === null || owner.place < first.place)) first = owner;
    }
    return first?.type ?? null;
  }

  /** get -- take the message of a type that has been waiting longest from the queue; null if there is none. It is the client's, who
   * discards it. */
  get<T extends MessageType>(type: T): MessageOf[T] | null {
    aver(Object.hasOwn(this.queues, type), '<design/message#.if.type>');
    const { next, isSingle } = this.queues[type];
    if (isSingle) return null;
    next.remove();
    return next.owner as MessageOf[T];
  }

  /** discard -- be done with a message that was got. */
  discard(message: Message): void {
    aver(message.owner === this || message.owner === null, '<design/message#.if.arena>');
    aver(!message.isGone && message.ring.isSingle && message.place > 0, '<design/message#.if.live>');
    this.arena.enter();
    this.drop(message);
    this.arena.leave();
  }

  // What the arena does ----------------------------------------------------------------------------------------------

  /** post -- queue a message, or drop it if its type is not enabled. Cannot fail. */
  post(message: Message): void {
    if (!this.enabled.has(message.type)) {
      this.drop(message);
      return;
    }
    this.posts += 1;
    message.owner = this;
    message.place = this.posts;
    this.queues[message.type].append(message.ring);
  }

  private drop(message: Message): void {
    message.ring.remove();
    message.isGone = true;
    message.forget();
  }

  /** traceStarted -- a trace has condemned something: make its two messages, or neither <design/message#.pair>. */
  traceStarted(trace: Trace): void {
    if (!this.enabled.has('gc') && !this.enabled.has('gc_start')) return;
    if (!this.arena.ledger.charge(2 * MessageSIZE)) {
      this.dropped += 1;
      return;
    }
    this.charged += 2;
    const begins = new GcStartMessage(this, trace.reason as Reason);
    begins.clock = this.arena.clock;
    this.post(begins);
    this.atEnd = new GcMessage(this, trace);
  }

  /** traceFinished -- a trace is over. */
  traceFinished({ ss }: Trace): void {
    const message = this.atEnd;
    if (message === null) return;
    this.atEnd = null;
    message.clock = this.arena.clock;
    message.liveSize = ss.copied + ss.inPlace;
    this.post(message);
  }

  /** credit -- a message of the collector's own is no more. */
  credit(): void {
    this.charged -= 1;
    this.arena.ledger.credit(MessageSIZE);
  }

  /** finish -- the arena is no more, nor are its messages, got or not <design/message#.finish>. */
  finish(): void {
    while (this.charged > 0) this.credit();
  }
}

const queue = (): Ring<Message> => new Ring<Message>(null as unknown as Message);

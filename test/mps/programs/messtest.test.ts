/* messtest.test.ts: the queue of messages, in the shape of messtest: types interleaved, a type disabled with messages in the queue, an empty
 * queue. Its messages are nobody's, and are counted when they are given back. */
import { expect, test } from 'vitest';
import { Message, type MessageType } from '../../../code/mps/services/messages.ts';
import { PLATFORMS, still } from '../services/steps.ts';

/** A message of nothing. */
class Dummy extends Message {
  private readonly gone: () => void;

  constructor(type: MessageType, gone: () => void) {
    super(type);
    this.gone = gone;
  }

  override forget(): void {
    this.gone();
  }
}

test.each(PLATFORMS)('on %s messtest: interleaved types, a type that is disabled and enabled again, an empty queue <design/message#.req.queue> <design/message#.req.enable>', (platform) => {
  const { messages } = still({ platform }).arena;
  let posted = 0, gone = 0;
  const post = (type: MessageType): void => {
    posted += 1;
    messages.post(new Dummy(type, () => { gone += 1; }));
  };
  const eat = (type: MessageType): void => {
    const message = messages.get(type as 'gc');
    expect([messages.poll(), message?.type]).toEqual([messages.queueType() !== null, type]);
    messages.discard(message!);
  };
  const empty = (): void => {
    expect([messages.poll(), messages.queueType(), messages.get('finalization'), messages.get('gc')]).toEqual([false, null, null, null]);
    expect(gone).toBe(posted);
  };
  empty();
  post('finalization');
  empty();
  for (const type of ['finalization', 'gc'] as const) messages.enable(type);
  for (const type of ['finalization', 'gc'] as const) {
    post(type);
    expect(messages.queueType()).toBe(type);
    eat(type);
    empty();
  }
  // Interleaved, and eaten in the other order.
  for (const type of ['finalization', 'gc', 'finalization', 'gc'] as const) post(type);
  for (const type of ['gc', 'gc', 'finalization', 'finalization'] as const) eat(type);
  empty();
  for (const type of ['gc', 'finalization', 'gc', 'finalization'] as const) post(type);
  for (const type of ['gc', 'finalization', 'gc', 'finalization'] as const) {
    expect(messages.queueType()).toBe(type);
    eat(type);
  }
  empty();
  // Disabled with messages in the queue, between others.
  for (const type of ['finalization', 'gc', 'finalization', 'gc'] as const) post(type);
  messages.disable('finalization');
  expect([messages.queueType(), messages.get('finalization')]).toEqual(['gc', null]);
  post('finalization');
  messages.enable('finalization');
  expect(messages.get('finalization')).toBeNull();
  eat('gc');
  eat('gc');
  empty();
  post('finalization');
  eat('finalization');
  empty();
});

import { expect, test } from 'vitest';
import { random } from '../../../code/base/base.ts';
import { Calls } from '../../../code/os/pthread/calls.ts';
import { seeds } from '../../seed.ts';

/** isMatched -- whether each call can be given to a waiter of its own: by trying, for few. */
function isMatched(calls: readonly (readonly number[])[], taken: readonly number[] = []): boolean {
  if (calls.length === 0) return true;
  return calls[0].some((ticket) => !taken.includes(ticket) && isMatched(calls.slice(1), [...taken, ticket]));
}

test('a call is for one of those who were there, nobody takes it with him, and none is left for nobody <design/pthread#.inv.call>', () => {
  let taken = 0, dropped = 0;
  for (const seed of seeds(40)) {
    const draw = random(seed), calls = new Calls();
    let model: number[][] = [], waiting: number[] = [];
    for (let i = 0; i < 200; i++) {
      const ticket = waiting[draw(Math.max(1, waiting.length))], what = draw(5);
      if (what === 0 && waiting.length < 6) {
        waiting.push(calls.join());
      } else if (what === 1) {
        calls.call();
        if (model.length < waiting.length) model.push([...waiting]);
      } else if (what === 2 && draw(4) === 0) {
        calls.callAll();
        model = waiting.map(() => [...waiting]);
      } else if (what === 3 && ticket !== undefined && calls.isCalled(ticket)) {
        calls.take(ticket);
        calls.leave(ticket);
        taken += 1;
        model.splice(model.findIndex((able) => able.includes(ticket)), 1);
        waiting = waiting.filter((other) => other !== ticket);
      } else if (what === 4 && ticket !== undefined) {
        calls.leave(ticket);
        waiting = waiting.filter((other) => other !== ticket);
      }
      model = model.map((able) => able.filter((other) => waiting.includes(other)));
      // What cannot be given to anybody any more is dropped, the latest first to stay.
      const kept: number[][] = [];
      for (const able of model) {
        if (isMatched([...kept, able])) kept.push(able);
        else dropped += 1;
      }
      model = kept;
      expect([calls.isEmpty, ...waiting.map((other) => calls.isCalled(other))])
        .toEqual([waiting.length === 0, ...waiting.map((other) => model.some((able) => able.includes(other)))]);
    }
  }
  expect(taken).toBeGreaterThan(300);
  expect(dropped).toBeGreaterThan(20);
});

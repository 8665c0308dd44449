import { expect, test } from 'vitest';
import { Ledger } from '../../../code/mps/arena/ledger.ts';

test('charges are counted until they are credited, and refused when there is no room <design/ledger#.req.limit>', () => {
  const ledger: Ledger = new Ledger((size) => ledger.used + size <= 100);
  expect([ledger.charge(60), ledger.charge(60), ledger.used]).toEqual([true, false, 60]);
  ledger.credit(60);
  expect([ledger.charge(100), ledger.used]).toEqual([true, 100]);
});

test('the k-th charge can be made to fail, alone or with all after it; a charge that fails charges nothing <design/ledger#.req.kth>', () => {
  for (const failForever of [false, true]) {
    const ledger = new Ledger(() => true);
    Object.assign(ledger, { failAt: 3, failForever });
    expect([1, 2, 3, 4, 5].map(() => ledger.charge(1))).toEqual([true, true, false, !failForever, !failForever]);
    expect(ledger.used).toBe(failForever ? 2 : 4);
  }
});

/* zmess.test.ts: messages of collections and finalization by scripts, in the shape of zmess: 3000 registered objects, of which one is dropped at a time.
 *
 *     C collect       F drop an object      b e f   get that message: a collection begins, is over, an object is finalized
 *     . nothing waits                       !       get all that waits, and discard nothing of it
 */
import { expect, test } from 'vitest';
import { Lab } from '../lab.ts';
import { PLATFORMS } from '../services/steps.ts';

const OBJECTS = 3000;

function run(platform: 'an' | 'ix', script: string): void {
  const it = new Lab({ platform, memory: '17MiB' }), { t, arena } = it, { messages } = arena;
  const chain = arena.chain([{ capacity: 150 * 1024, mortality: 0.85 }, { capacity: 170 * 1024, mortality: 0.45 }]);
  const ap = arena.pool('amc', { chain }).allocationPoint(t), roots = t.local(), slot = t.local();
  arena.clamp();
  do ap.reserve(roots, 16 * OBJECTS); while (!ap.commit(roots));
  for (let n = 0; n < OBJECTS; ++n) {
    do {
      ap.reserve(slot, 32);
      t.store32(slot, 0, n);
    } while (!ap.commit(slot));
    t.storeCap(roots, 16 * n, slot);
    arena.finalize(t, slot);
  }
  t.clear(slot);
  for (const type of ['gc', 'gc_start', 'finalization'] as const) messages.enable(type);
  let dropped = 0, told = 0;
  const commands: Record<string, () => void> = {
    C: () => { arena.collect(); },
    F: () => {
      t.storeCap(roots, 16 * dropped, slot);
      dropped += 1;
    },
    b: () => {
      expect(messages.queueType()).toBe('gc_start');
      const message = messages.get('gc_start')!;
      expect(message.why).toContain('client');
      messages.discard(message);
    },
    e: () => {
      const message = messages.get('gc')!;
      expect(message.liveSize).toBeLessThanOrEqual(message.condemnedSize);
      messages.discard(message);
    },
    f: () => {
      const message = messages.get('finalization')!;
      message.finalizationRef(t, slot);
      expect(t.load32(slot, 0)).toBeLessThan(dropped);
      messages.discard(message);
      t.clear(slot);
      told += 1;
    },
    '.': () => { expect(messages.poll()).toBe(false); },
    '!': () => { for (let type = messages.queueType(); type !== null; type = messages.queueType()) messages.get(type); },
  };
  for (const command of script) commands[command]();
  expect(told).toBeLessThanOrEqual(dropped);
  it.system.finish();
  expect([arena.ledger.used, arena.grains.committed]).toEqual([0, 0]);
}

const SCRIPTS = [
  '.', 'Cbe.', 'Cbe.Cbe.', '.Cbe.CbeCbeCbe.', 'Cbe', 'Cbe.CbeCbeCbe', 'Cbe!', 'Cbe!CbeCbeCbe!', 'FFCbffe.', 'FFCbffe.FFCbffe.',
  // There a stale word on the stack may keep one of them; slots are exact, and each is told of at once.
  'FFCbffe.FCbfe.FCbfe.FFCbffe.FF.Cbffe.', 'Cbe.FFCbffe.Cbe', 'FFCFFC!', 'CCCbebebe.', 'FCCCCbfebebebe.',
];

test.each(PLATFORMS.flatMap((platform) => SCRIPTS.map((script) => [platform, script] as const)))('on %s zmess %s <design/message#.pair> <design/message#.req.queue> <design/message#.finish> <design/guardian#.inv.once>', (platform, script) => {
  run(platform, script);
});

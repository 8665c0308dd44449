/* service-cases.ts: WHAT CAN BE WRONG WITH FINALIZATION, MESSAGES, TRANSFORMS AND AREA SCANNERS */
import { scanAreaMasked, scanAreaTagged, scanAreaTaggedOrZero, Telemetry, type MessageType, type Transform } from '../../../code/mps/mps.ts';
import { memory } from '../heap/root-lab.ts';
import type { Lab } from '../lab.ts';
import { block, each, object, other, type Case } from './bed.ts';

function transform(it: Lab): Transform {
  const found = it.arena.transform();
  if (typeof found === 'number') throw new Error(`no transform: result ${found}`);
  return found;
}

const telemetry = (): Telemetry => new Telemetry(() => undefined, () => 0);

/** pair -- slots with an old object, and what is to replace it, one after the other. */
const pair = (it: Lab): number => {
  const first = it.object();
  it.object();
  return first;
};

/** posted -- a message that waits to be got. */
function posted(it: Lab): void {
  it.arena.messages.enable('gc');
  it.object();
  it.arena.collect();
}

export const serviceCases: readonly Case[] = [
  ...(['finalize', 'definalize'] as const).flatMap((call): Case[] => [
    { tag: 'guardian#.if.object', how: `${call}: nothing`, use: ({ arena, t }) => arena[call](t, t.local()) },
    { tag: 'guardian#.if.object', how: `${call}: no object`, use: (it) => it.arena[call](it.t, memory(it)) },
    { tag: 'guardian#.if.object', how: `${call}: another arena's`, use: (it) => it.arena[call](it.t, object(it.t, other(it).pool('amc').allocationPoint(it.t))) },
    { tag: 'guardian#.if.object', how: `${call}: not committed`, use: ({ arena, ap, t }) => {
      const slot = t.local();
      ap.reserve(slot, 32);
      return arena[call](t, slot);
    } },
    ...each('guardian#.if.object', `${call}: no slot`, [-1, NaN, 2 ** 20], ({ arena, t }, slot) => arena[call](t, slot)),
    ...each('guardian#.if.automatic', `${call}: in`, ['mvff', 'mvff-debug'] as const, ({ arena, t }, kind) => arena[call](t, block(t, arena.pool(kind)))),
    { tag: 'guardian#.if.automatic', how: `${call}: in snc`, use: ({ arena, t }) => arena[call](t, object(t, arena.pool('snc').allocationPoint(t))) },
  ]),
  ...(['enable', 'disable', 'get'] as const).map((call): Case => ({ tag: 'message#.if.type', how: call, use: ({ arena: { messages } }) => messages[call]('mail' as MessageType) })),
  { tag: 'message#.if.type', how: 'a name that objects have', use: ({ arena: { messages } }) => messages.get('toString' as MessageType) },
  { tag: 'message#.if.live', how: 'discarded twice', use: (it) => {
    const { messages } = it.arena;
    posted(it);
    const message = messages.get('gc');
    if (message === null) return;
    messages.discard(message);
    messages.discard(message);
  } },
  { tag: 'message#.if.live', how: 'dropped, and discarded', use: (it) => {
    const { messages } = it.arena;
    posted(it);
    const message = messages.get('gc');
    if (message === null) return;
    message.isGone = true;
    messages.discard(message);
  } },
  { tag: 'message#.if.live', how: 'asked for its object after it was discarded', use: (it) => {
    const { t, arena, arena: { messages } } = it, slot = it.object();
    messages.enable('finalization');
    arena.finalize(t, slot);
    t.clear(slot);
    arena.collect();
    const message = messages.get('finalization');
    if (message === null) return;
    messages.discard(message);
    message.finalizationRef(t, slot);
  } },
  { tag: 'message#.if.arena', how: 'another arena\'s', use: (it) => {
    posted(it);
    const message = it.arena.messages.get('gc'), { messages } = other(it);
    if (message !== null) messages.discard(message);
  } },
  ...each('transform#.if.once', 'after it was applied:', ['addOldNew', 'apply'] as const, (it, what) => {
    const slots = pair(it), one = transform(it);
    one.addOldNew(it.t, slots, slots + 1, 1);
    one.apply();
    if (what === 'apply') return one.apply();
    return one.addOldNew(it.t, slots, slots + 1, 1);
  }),
  ...each('transform#.if.once', 'after it was destroyed:', ['addOldNew', 'apply', 'destroy'] as const, (it, what) => {
    const slots = pair(it), one = transform(it);
    one.destroy();
    if (what === 'apply') return one.apply();
    if (what === 'destroy') return one.destroy();
    return one.addOldNew(it.t, slots, slots + 1, 1);
  }),
  ...each('transform#.if.count', 'count', [-1, NaN, 0.5, Infinity], (it, count) => {
    const slots = pair(it);
    return transform(it).addOldNew(it.t, slots, slots + 1, count);
  }),
  { tag: 'transform#.if.old', how: 'in a manual pool', use: (it) => {
    const slot = block(it.t, it.arena.pool('mvff'));
    return transform(it).addOldNew(it.t, slot, it.object(), 1);
  } },
  { tag: 'transform#.if.old', how: 'in no pool', use: (it) => transform(it).addOldNew(it.t, memory(it), it.object(), 1) },
  { tag: 'transform#.if.old', how: 'another arena\'s', use: (it) => {
    const slot = object(it.t, other(it).pool('amc').allocationPoint(it.t));
    return transform(it).addOldNew(it.t, slot, it.object(), 1);
  } },
  { tag: 'transform#.if.twice', how: 'the same old object', use: (it) => {
    const slots = pair(it), one = transform(it);
    one.addOldNew(it.t, slots, slots + 1, 1);
    return one.addOldNew(it.t, slots, slots + 1, 1);
  } },
  ...each('format#.if.tag', 'mask', [-1, 16, NaN], ({ arena }, mask) => scanAreaMasked(arena.view, 0, 0, mask)),
  { tag: 'format#.if.tag', how: 'a pattern beside its mask', use: ({ arena }) => scanAreaTagged(arena.view, 0, 0, { mask: 1, pattern: 2 }) },
  { tag: 'format#.if.tag', how: 'a pattern beside its mask, or zero', use: ({ arena }) => scanAreaTaggedOrZero(arena.view, 0, 0, { mask: 1, pattern: 2 }) },
  { tag: 'telemetry#.if.intern', how: 'a long text', use: () => telemetry().intern('x'.repeat(256)) },
  ...each('telemetry#.if.label', 'no label', [0, -1, 1, NaN], (_it, label) => { telemetry().label(0, label); }),
];

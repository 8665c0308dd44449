/* event.ts: EVENTS
 *
 * What the collector did and why, as it happens. Every field is a number or a word, so that an event is a line of JSON,
 * and the lines of a run are the same on every machine <design/event#.inv.same>.
 */

/** Why a collection was started <design/policy#.reason>. */
export type Reason =
  | { readonly why: 'client'; readonly what: 'collect' | 'step' }
  | { readonly why: 'every-poll'; readonly poll: number }
  | { readonly why: 'generation full'; readonly generation: number; readonly newSize: number; readonly capacity: number }
  | { readonly why: 'world'; readonly available: number; readonly needed: number }
  | { readonly why: 'allocation failed'; readonly size: number; readonly committed: number; readonly limit: number };

/** Why a trace was advanced. */
export type QuantumReason = 'poll' | 'step' | 'collect' | 'finish' | 'no room';

/** What a fault on a page turned out to be: a barrier hit, one that was dealt with meanwhile, or none of the arena's. */
export type FaultFound = 'read' | 'write' | 'cleared' | 'forwarded';

/** An event; `clock` is the arena's time in bytes of work <design/event#.clock>. */
export type Event = { readonly clock: number } & (
  | { readonly type: 'arena'; readonly memory: number; readonly commitLimit: number; readonly grain: number; readonly zoneShift: number }
  | { readonly type: 'chunk'; readonly base: number; readonly size: number }
  | { readonly type: 'thread'; readonly name: string; readonly state: 'start' | 'end' }
  | { readonly type: 'condemn'; readonly trace: number; readonly generation: number; readonly condemned: number; readonly segments: number; readonly white: number; readonly reason: Reason }
  | { readonly type: 'flip'; readonly trace: number; readonly roots: number; readonly grey: number; readonly foundation: number }
  | { readonly type: 'quantum'; readonly trace: number; readonly why: QuantumReason; readonly work: number; readonly left: string }
  | { readonly type: 'suspend'; readonly threads: number; readonly why: string }
  | { readonly type: 'resume'; readonly threads: number }
  | { readonly type: 'protect'; readonly base: number; readonly size: number; readonly mode: string; readonly why: string }
  | { readonly type: 'fault'; readonly thread: string; readonly addr: number; readonly access: string; readonly found: FaultFound }
  | { readonly type: 'band'; readonly trace: number; readonly rank: number }
  | { readonly type: 'emergency'; readonly trace: number; readonly committed: number; readonly limit: number }
  | { readonly type: 'reclaim'; readonly trace: number; readonly scanned: number; readonly copied: number; readonly inPlace: number; readonly reclaimed: number; readonly committed: number; readonly mortality: number }
  | { readonly type: 'exhausted'; readonly size: number; readonly committed: number; readonly limit: number }
);

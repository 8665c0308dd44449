/* counts.ts: WHAT THE ARENA HAS DONE
 *
 * Counters for reports; nothing that the collector decides depends on them, but how often it polls the world under
 * "a collection at every poll" <design/arena#.counts>.
 */

/** What the arena has done so far. */
export interface ArenaCounts {
  collections: number;
  /** By the oldest generation condemned; the last one is the world. */
  readonly collectionsByGeneration: number[];
  flips: number;
  /** Flips after which objects might have moved. */
  moves: number;
  polls: number;
  bytesCopied: number;
  bytesPreservedInPlace: number;
  bytesReclaimed: number;
  emergencies: number;
  tagsLost: number;
  /** Faults that were hits of a barrier, by what they hit; those that somebody else had dealt with. */
  readHits: number;
  writeHits: number;
  clearedHits: number;
  /** Changes of protection, and threads that were suspended and resumed. */
  protections: number;
  suspensions: number;
  resumptions: number;
  /** The most work in one pause, in bytes <design/trace#.work>. */
  pauseWork: number;
}

/** countsMake -- nothing done yet, and the world the only generation. */
export const countsMake = (): ArenaCounts => ({
  collections: 0, collectionsByGeneration: [0], flips: 0, moves: 0, polls: 0, bytesCopied: 0, bytesPreservedInPlace: 0, bytesReclaimed: 0,
  emergencies: 0, tagsLost: 0, readHits: 0, writeHits: 0, clearedHits: 0, protections: 0, suspensions: 0, resumptions: 0,
  pauseWork: 0,
});

/* rank.ts: RANKS
 *
 * How strong a reference is, and so when the tracer follows it <design/rank>.
 */

/** A rank: ambiguous words may be references, exact ones are. */
export type Rank = number;

export const RankAMBIG = 0;
export const RankEXACT = 1;
/** Every reference has been followed: the band after the last one. */
export const RankLIMIT = 2;

export const rankName = (rank: Rank): string => (rank === RankAMBIG ? 'ambig' : 'exact');

/* rank.ts: RANKS
 *
 * How strong a reference is, and so when the tracer follows it <design/rank>.
 */

/** A rank: ambiguous words may be references, exact ones are; final ones are followed when nothing else is left to follow, and weak ones
 * not at all. */
export type Rank = number;

/** Of what holds no references. */
export const RankNONE = -1;
export const RankAMBIG = 0;
export const RankEXACT = 1;
export const RankFINAL = 2;
export const RankWEAK = 3;
/** Every reference has been followed: the band after the last one. */
export const RankLIMIT = 4;

export const rankName = (rank: Rank): string => names[rank] ?? 'none';

const names: readonly string[] = ['ambig', 'exact', 'final', 'weak'];

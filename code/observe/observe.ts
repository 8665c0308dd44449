/* observe.ts: OBSERVERS
 *
 * The door of the tools that read everything and change nothing <design/oracle>.
 */
export { blackLook, type BlackLook } from './black.ts';
export { censusOf, type CensusRow, type Classify } from './census.ts';
export { graphDifference, graphOf, type Graph } from './graph.ts';
export { Oracle, OracleError, type OracleCounts } from './oracle.ts';
export { shieldLook, type ShieldLook } from './shield.ts';
export { stateOf, type State, type Stopped } from './state.ts';
export { eventText, stateText } from './state-text.ts';

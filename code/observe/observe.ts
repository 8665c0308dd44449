/* observe.ts: OBSERVERS
 *
 * The door of the tools that read everything and change nothing <design/oracle>.
 */
export { censusOf, type CensusRow, type Classify } from './census.ts';
export { graphDifference, graphOf, type Graph } from './graph.ts';
export { Oracle, OracleError, type OracleCounts } from './oracle.ts';
export { stateOf, type State, type Stopped } from './state.ts';
export { eventText, stateText } from './state-text.ts';

/* observe.ts: OBSERVERS
 *
 * The door of the tools that read everything and change nothing <design/oracle>.
 */
export { blackLook, type BlackLook } from './black.ts';
export { censusOf, type CensusRow, type Classify } from './census.ts';
export { graphOf, type Graph, type Guarded } from './graph.ts';
export { graphChange, graphDifference, type GraphChange } from './graph-change.ts';
export { Oracle, OracleError, type OracleCounts } from './oracle.ts';
export { whoRefers, type ObjectReferrer, type Referrer, type Referrers, type ReferrersOptions, type RootReferrer } from './referrers.ts';
export { shieldLook, type ShieldLook } from './shield.ts';
export { stateOf, type State, type Stopped } from './state.ts';
export { eventText, stateText } from './state-text.ts';
export { capLook, regionHas, type CapLook, type Region } from './look.ts';
export { lookJson, lookText, narrowJson, narrowText } from './look-text.ts';
export { narrowLook, type NarrowLook } from './narrow.ts';
export { regionPicture } from './picture.ts';
export { vectorAnswer, vectorDifferences, VectorError, vectorParse, type Vector, type VectorRecord } from './vectors.ts';
export { vectorHart } from './vectors-hart.ts';
export {
  recordLine, recordParse, recordPasses, recordText, TelemetryError, TelemetryLabels, TelemetrySummary, type TelemetryCount, type TelemetryFilter,
} from './telemetry-log.ts';
export { sqlRecord, sqlSchema, sqlText, type SqlStatement } from './telemetry-sql.ts';

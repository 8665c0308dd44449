/* capstan.ts: CAPSTAN
 *
 * What `import ... from 'capstan'` gives: a system to boot, pools to allocate in, and what to see them with
 * <design/boot>.
 */
export { AverError } from './base/base.ts';
export { faultDescribe, Hart, MachineFault, type Fault } from './machine/machine.ts';
export {
  boot, OptionError, RankAMBIG, RankEXACT, ResCOMMITLIMIT, ResFAIL, ResMEMORY, ResOK, resName, System, tagged,
  type AllocationPoint, type AmcPool, type Arena, type BootOptions, type Chain, type Death, type Event, type Format, type FormatView,
  type GenerationParameters, type Rank, type Reason, type Res, type Root, type ThreadBody, type ThreadView, type Watcher,
} from './mps/mps.ts';
export {
  censusOf, eventText, graphDifference, graphOf, Oracle, OracleError, stateOf, stateText, type State,
} from './observe/observe.ts';

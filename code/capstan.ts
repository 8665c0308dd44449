/* capstan.ts: CAPSTAN
 *
 * What `import ... from 'capstan'` gives: a system to boot, pools to allocate in, and what to see them with
 * <design/boot>. The guide begins here <design/guide>.
 */
export { AverError } from './base/base.ts';
export { faultDescribe, Hart, MachineFault, type Fault } from './machine/machine.ts';
export {
  boot, formatClass, kindBit, OptionError, PermLEAF, RankAMBIG, RankEXACT, RankFINAL, RankNONE, rankName, RankWEAK, ResCOMMITLIMIT, ResFAIL, ResMEMORY,
  ResOK, ResPARAM, ResRESOURCE, resName, sacMake, scanArea, scanAreaMasked, scanAreaTagged, scanAreaTaggedOrZero, System, tagged, Telemetry, TelemetryALL,
  telemetryKinds,
  type AllocationPoint, type AllocPattern, type AmcOptions, type AmcPool, type AmczPool, type AmsDebugOptions, type AmsDebugPool, type AmsOptions,
  type AmsPool, type AreaOptions, type AreaScanner, type Arena, type ArenaCounts, type ArenaOptions, type ArenaState, type AwlOptions,
  type AwlPool, type BootOptions, type BufferOptions, type Chain, type Cleaner, type CleanerOptions, type Death, type DebugOptions, type Event,
  type FinalizationMessage, type FindDependent, type Format, type FormatView, type GcMessage, type GcStartMessage, type GenerationParameters,
  type Label, type LocationDependency, type LoOptions, type LoPool, type Message, type MessageOf, type Messages, type MessageType, type MfsOptions,
  type MfsPool, type MvffDebugOptions, type MvffDebugPool, type MvffOptions, type MvffPool, type MvtOptions, type MvtPool, type ObjectPlace,
  type Pin, type Pool, type Query, type Rank, type Reason, type Registration, type Res, type Root, type RootOptions, type Roots, type RootTag,
  type Sac, type SacClass, type ScanTag, type Seg, type SlotScanner, type SncOptions, type SncPool, type TelemetryKind, type TelemetryRecord,
  type ThreadBody, type ThreadOptions, type ThreadView, type Transform, type WalkScanner, type WalkView, type Watcher, type WeakTable,
  type WeakTableOptions,
} from './mps/mps.ts';
export {
  censusOf, eventText, graphDifference, graphOf, Oracle, OracleError, stateOf, stateText, whoRefers, type Referrers, type State,
} from './observe/observe.ts';

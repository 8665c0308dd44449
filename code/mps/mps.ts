/* mps.ts: THE MEMORY POOL SYSTEM
 *
 * The door of floor 3: arenas, pools and a tracer <design/mps>.
 */
export { boot, System, type BootOptions } from './boot.ts';
export { accessName, Arena, type ArenaParameters, type ChunkHeard } from './arena/arena.ts';
export type { ArenaCounts } from './arena/counts.ts';
export type { Chain, Generation, GenerationParameters } from './arena/generation.ts';
export { ZoneSetEMPTY, ZoneSetUNIV, zoneOf, zoneSetOfRange, type ZoneSet } from './arena/zone.ts';
export type { Event, FaultFound, QuantumReason, Reason } from './event.ts';
export { ApALLOC, ApFLIPPED, ApINIT, ApLIMIT } from './heap/buffer.ts';
export type { AllocPattern, Buffer as AllocationPoint, BufferOptions } from './heap/buffer.ts';
export {
  formatClass, scanArea, scanAreaMasked, scanAreaTagged, scanAreaTaggedOrZero, tagged, type Format, type FormatView, type ScanTag,
} from './heap/format.ts';
export { StartFORWARDED, StartLONG, StartPAD, type Heap } from './heap/heap.ts';
export { ForkError } from './ix/ix.ts';
export { RankAMBIG, RankEXACT, RankFINAL, RankNONE, RankWEAK, rankName, type Rank } from './heap/rank.ts';
export type { Pool } from './heap/pool.ts';
export type { Root, RootTag } from './heap/root.ts';
export type { AreaOptions, AreaScanner, RootOptions, Roots, SlotScanner, ThreadOptions } from './heap/root-set.ts';
export type { Cleaner, CleanerOptions, Registration } from './services/cleaner.ts';
export type { LocationDependency } from './services/ld.ts';
export type { Pin } from './services/pin.ts';
export type { ObjectPlace, Query } from './services/query.ts';
export type { Transform } from './services/transform.ts';
export type { WalkScanner, WalkView } from './services/walk.ts';
export type { WeakTable, WeakTableOptions } from './services/weak-table.ts';
export type { Seg } from './heap/seg.ts';
export { AccessNONE, AccessREAD, AccessWRITE, type AccessSet } from './plinth.ts';
export type { AmcOptions, AmcPool } from './pools/amc.ts';
export type { AmczPool } from './pools/amcz.ts';
export type { SncOptions, SncPool } from './pools/snc.ts';
export type { AmsDebugOptions, AmsDebugPool } from './pools/ams-debug.ts';
export type { AmsOptions, AmsPool } from './pools/ams.ts';
export type { AwlOptions, AwlPool, FindDependent } from './pools/awl.ts';
export { PermLEAF, type LoOptions, type LoPool } from './pools/lo.ts';
export type { DebugOptions } from './pools/fence.ts';
export type { ManualPool } from './pools/manual.ts';
export type { MfsOptions, MfsPool } from './pools/mfs.ts';
export type { MvffDebugOptions, MvffDebugPool } from './pools/mvff-debug.ts';
export type { MvffOptions, MvffPool } from './pools/mvff.ts';
export type { MvtOptions, MvtPool } from './pools/mvt.ts';
export { sacMake, type Sac, type SacClass } from './pools/sac.ts';
export type { MarkingOptions, MarkingPool } from './pools/marking.ts';
export type { Death, FaultCounts, ThreadBody, ThreadView } from './platform.ts';
export { ResCOMMITLIMIT, ResFAIL, ResMEMORY, ResOK, ResPARAM, ResRESOURCE, resName, type Res } from './result.ts';
export type { FinalizationMessage, GcMessage, GcStartMessage, Message, MessageOf, Messages, MessageType } from './services/messages.ts';
export type { Trace } from './trace/trace.ts';
export type { Watcher } from './trace/watcher.ts';
export { kindBit, Telemetry, TelemetryALL, type Label, type TelemetryRecord } from './telemetry/telemetry.ts';
export { eventTypes, telemetryKinds, type TelemetryKind, type TelemetryParams, type TelemetryType } from './telemetry/types.ts';
export { Abq } from './land/abq.ts';
export { Cbs, type CbsParameters } from './land/cbs.ts';
export { Failover, type FailoverParameters } from './land/failover.ts';
export { Freelist, type FreelistParameters, type Words } from './land/freelist.ts';
export type { AbstractLand } from './land/land.ts';
export type { ArenaOptions } from './options.ts';
export type { ArenaState } from './arena/control.ts';
export { OptionError, parseSize, parseTime, sizeText } from './units.ts';

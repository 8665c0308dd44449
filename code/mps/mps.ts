/* mps.ts: THE MEMORY POOL SYSTEM
 *
 * The door of floor 3: arenas, pools and a tracer <design/mps>.
 */
export { boot, System, type BootOptions } from './boot.ts';
export { accessName, Arena, type ArenaParameters } from './arena/arena.ts';
export type { ArenaCounts } from './arena/counts.ts';
export type { Chain, Generation, GenerationParameters } from './arena/generation.ts';
export { ZonedLand } from './arena/land.ts';
export { ZoneSetEMPTY, ZoneSetUNIV, zoneOf, zoneSetOfRange, type ZoneSet } from './arena/zone.ts';
export type { Event, FaultFound, QuantumReason, Reason } from './event.ts';
export type { Buffer as AllocationPoint } from './heap/buffer.ts';
export { tagged, type Format, type FormatView } from './heap/format.ts';
export { StartFORWARDED, StartLONG, StartPAD, type Heap } from './heap/heap.ts';
export { ForkError } from './ix/ix.ts';
export { RankAMBIG, RankEXACT, rankName, type Rank } from './heap/rank.ts';
export type { Root } from './heap/root.ts';
export type { Seg } from './heap/seg.ts';
export { AccessNONE, AccessREAD, AccessWRITE, type AccessSet } from './plinth.ts';
export type { AmcPool } from './pools/amc.ts';
export type { Death, FaultCounts, ThreadBody, ThreadView } from './platform.ts';
export { ResCOMMITLIMIT, ResFAIL, ResMEMORY, ResOK, resName, type Res } from './result.ts';
export type { Trace } from './trace/trace.ts';
export type { Watcher } from './trace/watcher.ts';
export { OptionError, parseSize, parseTime, sizeText } from './units.ts';

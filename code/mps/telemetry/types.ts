/* types.ts: TYPES OF TELEMETRY EVENTS
 *
 * What the collector can tell in the MPS's own terms: the event types of its telemetry, version 2, with the kinds that they can be
 * filtered by, and what each says <design/telemetry#.types>.
 *
 * A parameter is a name and a sort:
 *
 *     P a structure, by its number    A an address, low word, unsigned    W, U numbers    D a share or a time    B a yes or no    S a text
 */

/** What events are about, as users write it; the place in the list is the kind's bit <design/telemetry#.kinds>. */
export const telemetryKinds = ['arena', 'pool', 'trace', 'seg', 'ref', 'object', 'user'] as const;

export type TelemetryKind = (typeof telemetryKinds)[number];

/** Every type of event. */
export const eventTypes = {
  AMCScanNailed: { code: 0x01, kind: 'seg', params: ['loops:W', 'summary:W', 'white:W', 'unfixed:W', 'fixed:W', 'refset:W'] },
  AWLDeclineSeg: { code: 0x02, kind: 'seg', params: ['seg:P', 'singleAccesses:W'] },
  AWLDeclineTotal: { code: 0x03, kind: 'seg', params: ['seg:P', 'succAccesses:W'] },
  ArenaAccessBegin: { code: 0x04, kind: 'arena', params: ['arena:P', 'addr:P', 'mode:U'] },
  ArenaAccessEnd: { code: 0x05, kind: 'arena', params: ['arena:P'] },
  ArenaAlloc: { code: 0x06, kind: 'arena', params: ['arena:P', 'baseTract:P', 'base:A', 'size:W', 'pool:P'] },
  ArenaAllocFail: { code: 0x07, kind: 'arena', params: ['arena:P', 'size:W', 'pool:P', 'res:U'] },
  ArenaCreateCL: { code: 0x08, kind: 'arena', params: ['arena:P', 'size:W', 'base:A', 'grainSize:W', 'arenaClass:P', 'systemPools:W', 'serial:U'] },
  ArenaCreateVM: { code: 0x09, kind: 'arena', params: ['arena:P', 'userSize:W', 'chunkSize:W', 'grainSize:W', 'arenaClass:P', 'systemPools:W', 'serial:U'] },
  ArenaDestroy: { code: 0x0a, kind: 'arena', params: ['arena:P'] },
  ArenaExtend: { code: 0x0b, kind: 'arena', params: ['arena:P', 'base:A', 'size:W'] },
  ArenaFree: { code: 0x0c, kind: 'arena', params: ['arena:P', 'base:A', 'size:W', 'pool:P'] },
  ArenaPollBegin: { code: 0x0d, kind: 'arena', params: ['arena:P'] },
  ArenaPollEnd: { code: 0x0e, kind: 'arena', params: ['arena:P', 'workWasDone:B'] },
  ArenaSetEmergency: { code: 0x0f, kind: 'arena', params: ['arena:P', 'emergency:B'] },
  ArenaSetSpare: { code: 0x10, kind: 'arena', params: ['arena:P', 'spare:D'] },
  ArenaUseFreeZone: { code: 0x11, kind: 'arena', params: ['arena:P', 'zoneSet:W'] },
  BufferCommit: { code: 0x12, kind: 'object', params: ['buffer:P', 'p:A', 'size:W', 'clientClass:A'] },
  BufferEmpty: { code: 0x13, kind: 'seg', params: ['buffer:P', 'spare:W'] },
  BufferFill: { code: 0x14, kind: 'seg', params: ['buffer:P', 'size:W', 'base:A', 'filled:W'] },
  BufferFinish: { code: 0x15, kind: 'pool', params: ['buffer:P'] },
  BufferInit: { code: 0x16, kind: 'pool', params: ['buffer:P', 'pool:P', 'isMutator:B'] },
  BufferInitRank: { code: 0x17, kind: 'pool', params: ['buffer:P', 'pool:P', 'isMutator:B', 'rank:U'] },
  BufferInitSeg: { code: 0x18, kind: 'pool', params: ['buffer:P', 'pool:P', 'isMutator:B'] },
  BufferReserve: { code: 0x19, kind: 'object', params: ['buffer:P', 'init:A', 'size:W'] },
  ChainCondemnAuto: { code: 0x1a, kind: 'trace', params: ['arena:P', 'chain:P', 'trace:P', 'topCondemnedGenIndex:W', 'genCount:W'] },
  CommitLimitSet: { code: 0x1b, kind: 'arena', params: ['arena:P', 'limit:W', 'res:U'] },
  EventClockSync: { code: 0x1c, kind: 'arena', params: ['clock:W'] },
  EventInit: { code: 0x1d, kind: 'arena', params: ['major:U', 'median:U', 'minor:U', 'maxCode:U', 'maxNameLen:U', 'wordWidth:U', 'clocksPerSec:W'] },
  GenFinish: { code: 0x1e, kind: 'arena', params: ['arena:P', 'gen:P', 'serial:U'] },
  GenInit: { code: 0x1f, kind: 'arena', params: ['arena:P', 'gen:P', 'serial:U', 'capacity:W', 'mortality:D'] },
  GenZoneSet: { code: 0x20, kind: 'arena', params: ['arena:P', 'gen:P', 'zoneSet:W'] },
  Intern: { code: 0x21, kind: 'user', params: ['stringId:W', 'string:S'] },
  Label: { code: 0x22, kind: 'user', params: ['address:A', 'stringId:W'] },
  LabelPointer: { code: 0x23, kind: 'user', params: ['pointer:P', 'stringId:W'] },
  LandInit: { code: 0x24, kind: 'pool', params: ['land:P', 'owner:P'] },
  MessagesDropped: { code: 0x25, kind: 'arena', params: ['count:W'] },
  MessagesExist: { code: 0x26, kind: 'arena', params: [] },
  MeterInit: { code: 0x27, kind: 'pool', params: ['meter:P', 'owner:P'] },
  MeterValues: { code: 0x28, kind: 'pool', params: ['meter:P', 'total:D', 'meanSquared:D', 'count:W', 'max:W', 'min:W'] },
  PauseTimeSet: { code: 0x29, kind: 'arena', params: ['arena:P', 'pauseTime:D'] },
  PoolAlloc: { code: 0x2a, kind: 'object', params: ['pool:P', 'pReturn:A', 'size:W'] },
  PoolFinish: { code: 0x2b, kind: 'pool', params: ['pool:P', 'arena:P'] },
  PoolFree: { code: 0x2c, kind: 'object', params: ['pool:P', 'old:A', 'size:W'] },
  PoolInit: { code: 0x2d, kind: 'pool', params: ['pool:P', 'arena:P', 'poolClass:P', 'serial:U'] },
  PoolInitAMC: { code: 0x2e, kind: 'pool', params: ['pool:P', 'format:P'] },
  PoolInitAMCZ: { code: 0x2f, kind: 'pool', params: ['pool:P', 'format:P'] },
  PoolInitAMS: { code: 0x30, kind: 'pool', params: ['pool:P', 'format:P'] },
  PoolInitAWL: { code: 0x31, kind: 'pool', params: ['pool:P', 'format:P'] },
  PoolInitLO: { code: 0x32, kind: 'pool', params: ['pool:P', 'format:P'] },
  PoolInitMFS: { code: 0x33, kind: 'pool', params: ['pool:P', 'extendBy:W', 'extendSelf:B', 'unitSize:W'] },
  PoolInitMVFF: { code: 0x34, kind: 'pool', params: ['pool:P', 'extendBy:W', 'avgSize:W', 'align:W', 'slotHigh:B', 'arenaHigh:B', 'firstFit:B'] },
  PoolInitMVT: { code: 0x35, kind: 'pool', params: ['pool:P', 'minSize:W', 'meanSize:W', 'maxSize:W', 'reserveDepth:W', 'fragLimit:W'] },
  PoolInitSNC: { code: 0x36, kind: 'pool', params: ['pool:P', 'format:P'] },
  RootScan: { code: 0x37, kind: 'seg', params: ['root:P', 'ts:W', 'summary:W'] },
  SegAlloc: { code: 0x38, kind: 'seg', params: ['arena:P', 'seg:P', 'base:A', 'size:W', 'pool:P'] },
  SegAllocFail: { code: 0x39, kind: 'seg', params: ['arena:P', 'size:W', 'pool:P', 'res:U'] },
  SegFree: { code: 0x3a, kind: 'seg', params: ['arena:P', 'seg:P'] },
  SegMerge: { code: 0x3b, kind: 'seg', params: ['segLo:P', 'segHi:P'] },
  SegReclaim: { code: 0x3c, kind: 'seg', params: ['seg:P', 'pool:P', 'arena:P', 'trace:P'] },
  SegScan: { code: 0x3d, kind: 'seg', params: ['seg:P', 'pool:P', 'arena:P', 'ts:U', 'rank:U'] },
  SegSetGrey: { code: 0x3e, kind: 'seg', params: ['arena:P', 'seg:P', 'grey:U'] },
  SegSetSummary: { code: 0x3f, kind: 'seg', params: ['arena:P', 'seg:P', 'size:W', 'oldSummary:W', 'newSummary:W'] },
  SegSplit: { code: 0x40, kind: 'seg', params: ['seg:P', 'segLo:P', 'segHi:P', 'at:A'] },
  TraceAccess: { code: 0x41, kind: 'seg', params: ['arena:P', 'seg:P', 'mode:U'] },
  TraceBandAdvance: { code: 0x42, kind: 'trace', params: ['arena:P', 'trace:P', 'rank:W'] },
  TraceCondemnAll: { code: 0x43, kind: 'trace', params: ['arena:P', 'trace:P'] },
  TraceCreate: { code: 0x44, kind: 'trace', params: ['trace:P', 'arena:P', 'why:U'] },
  TraceCreatePoolGen: { code: 0x45, kind: 'trace', params: ['gen:P', 'capacity:W', 'mortality:D', 'zone:W', 'pool:P', 'totalSize:W', 'freeSize:W', 'newSize:W', 'oldSize:W', 'newDeferredSize:W', 'oldDeferredSize:W'] },
  TraceDestroy: { code: 0x46, kind: 'trace', params: ['arena:P', 'trace:P'] },
  TraceEndGen: { code: 0x47, kind: 'trace', params: ['arena:P', 'trace:P', 'gen:P', 'condemned:W', 'forwarded:W', 'preservedInPlace:W', 'mortalityTrace:D', 'mortalityAverage:D'] },
  TraceFindGrey: { code: 0x48, kind: 'seg', params: ['arena:P', 'trace:P', 'seg:P', 'rank:W'] },
  TraceFix: { code: 0x49, kind: 'ref', params: ['ss:P', 'refIO:P', 'ref:A', 'rank:U'] },
  TraceFixSeg: { code: 0x4a, kind: 'ref', params: ['seg:P'] },
  TraceFlipBegin: { code: 0x4b, kind: 'trace', params: ['trace:P', 'arena:P'] },
  TraceFlipEnd: { code: 0x4c, kind: 'trace', params: ['trace:P', 'arena:P'] },
  TraceReclaim: { code: 0x4d, kind: 'trace', params: ['trace:P', 'arena:P'] },
  TraceScanArea: { code: 0x4e, kind: 'seg', params: ['ss:P', 'base:P', 'limit:P'] },
  TraceScanAreaTagged: { code: 0x4f, kind: 'seg', params: ['ss:P', 'base:P', 'limit:P'] },
  TraceScanSingleRef: { code: 0x50, kind: 'seg', params: ['ts:U', 'rank:U', 'arena:P', 'refIO:P'] },
  TraceStart: { code: 0x51, kind: 'trace', params: ['arena:P', 'trace:P', 'mortality:D', 'finishingTime:D', 'condemned:W', 'notCondemned:W', 'foundation:W', 'white:W', 'quantumWork:W'] },
  TraceStatFix: { code: 0x52, kind: 'trace', params: ['trace:P', 'arena:P', 'fixRefCount:W', 'segRefCount:W', 'whiteSegRefCount:W', 'nailCount:W', 'snapCount:W', 'forwardedCount:W', 'forwardedSize:W', 'preservedInPlaceCount:W', 'preservedInPlaceSize:W'] },
  TraceStatReclaim: { code: 0x53, kind: 'trace', params: ['trace:P', 'arena:P', 'reclaimCount:W', 'reclaimSize:W'] },
  TraceStatScan: { code: 0x54, kind: 'trace', params: ['trace:P', 'arena:P', 'rootScanCount:W', 'rootScanSize:W', 'rootCopiedSize:W', 'segScanCount:W', 'segScanSize:W', 'segCopiedSize:W', 'singleScanCount:W', 'singleScanSize:W', 'singleCopiedSize:W', 'readBarrierHitCount:W', 'greySegMax:W', 'pointlessScanCount:W'] },
  VMArenaExtendDone: { code: 0x55, kind: 'arena', params: ['chunkSize:W', 'reserved:W'] },
  VMArenaExtendFail: { code: 0x56, kind: 'arena', params: ['chunkMin:W', 'reserved:W'] },
  VMArenaExtendStart: { code: 0x57, kind: 'arena', params: ['size:W', 'chunkSize:W', 'reserved:W'] },
  VMCompact: { code: 0x58, kind: 'arena', params: ['vmem0:W', 'vmem1:W', 'vmem2:W'] },
  VMFinish: { code: 0x59, kind: 'arena', params: ['vm:P'] },
  VMInit: { code: 0x5a, kind: 'arena', params: ['vm:P', 'base:A', 'limit:A'] },
  VMMap: { code: 0x5b, kind: 'seg', params: ['vm:P', 'base:A', 'limit:A'] },
  VMUnmap: { code: 0x5c, kind: 'seg', params: ['vm:P', 'base:A', 'limit:A'] },
} as const;

/** The name of a type of events. */
export type TelemetryType = keyof typeof eventTypes;

/** What an event of a type says. */
export type TelemetryParams<T extends TelemetryType> = {
  readonly [P in (typeof eventTypes)[T]['params'][number] as P extends `${infer Name}:${string}` ? Name : never]:
    P extends `${string}:S` ? string : P extends `${string}:B` ? boolean : number
};

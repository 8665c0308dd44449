/* shm.ts: SEGMENTS OF SHARED MEMORY
 *
 * shmget and shmctl, which know segments by keys and numbers, and what shmat and shmdt make of one in an address map <design/mman#.shm>.
 */
import { SlotLOW, SlotSHIFT, type Hart, type Memory } from '../../machine/machine.ts';
import { EEXIST, EINVAL, ENOENT } from '../errno.ts';
import type { AddressMap } from './address-map.ts';
import type { Frames } from './frames.ts';
import { MapFIXED, MapSHARED, ProtREAD, ProtWRITE, ShmRDONLY } from './mman.ts';
import { VmObject } from './object.ts';
import { Ask, pageUp } from './request.ts';

/** The key of a segment that nobody else can ask for. */
export const IpcPRIVATE = 0;
export const IpcCREAT = 0x200;
export const IpcEXCL = 0x400;

/** Memory that processes attach. */
export class ShmSegment {
  readonly id: number;
  readonly key: number;
  readonly object: VmObject;
  /** Where it is attached, counted over all address maps. */
  attached: number = 0;
  /** It goes with its last attachment, and nobody finds it any more. */
  isRemoved: boolean = false;

  constructor(id: number, key: number, object: VmObject) {
    this.id = id;
    this.key = key;
    this.object = object;
  }

  /** detach -- one attachment fewer. */
  detach(): void {
    this.attached -= 1;
    if (this.isRemoved && this.attached === 0) this.object.drop();
  }

  /** remove -- have it go when nobody has it. */
  remove(): void {
    this.isRemoved = true;
    if (this.attached === 0) this.object.drop();
  }
}

/** The segments of a kernel. */
export class ShmSegments {
  private readonly memory: Memory;
  private readonly frames: Frames;
  private readonly carriesTags: boolean;
  private readonly segments = new Map<number, ShmSegment>();
  private ids: number = 0;

  /** `carriesTags` is the profile's <design/profile#.tags>. */
  constructor(memory: Memory, frames: Frames, carriesTags: boolean) {
    this.memory = memory;
    this.frames = frames;
    this.carriesTags = carriesTags;
  }

  /** get -- shmget: the number of the segment with a key, made if the flags say so; or an errno negated. */
  get(key: number, size: number, flags: number): number {
    const there = key === IpcPRIVATE ? undefined : [...this.segments.values()].find((segment) => segment.key === key);
    if (there !== undefined) return (flags & IpcCREAT) !== 0 && (flags & IpcEXCL) !== 0 ? -EEXIST : size > there.object.size ? -EINVAL : there.id;
    if (key !== IpcPRIVATE && (flags & IpcCREAT) === 0) return -ENOENT;
    if (!Number.isSafeInteger(size) || size <= 0) return -EINVAL;
    this.ids += 1;
    const object = new VmObject(`shared memory ${this.ids}`, pageUp(size), this.carriesTags, this.memory, this.frames);
    this.segments.set(this.ids, new ShmSegment(this.ids, key, object));
    return this.ids;
  }

  /** find -- the segment with a number; null if there is none, or no longer. */
  find(id: number): ShmSegment | null {
    return this.segments.get(id) ?? null;
  }

  /** remove -- shmctl with IPC_RMID: 0 or an errno. */
  remove(id: number): number {
    const segment = this.find(id);
    if (segment === null) return EINVAL;
    this.segments.delete(id);
    segment.remove();
    return 0;
  }
}

/** segmentAttach -- shmat. */
export function segmentAttach(map: AddressMap, hart: Hart, dst: number, segment: ShmSegment, addr: number, flags: number): number {
  if ((flags & ~ShmRDONLY) !== 0) return EINVAL;
  const { object } = segment, mayWrite = (flags & ShmRDONLY) === 0, source = { object, isRegular: false, mayRead: true, mayWrite };
  const wants = { prot: ProtREAD | (mayWrite ? ProtWRITE : 0), source };
  const isAnywhere = new Ask(map, hart, addr, object.size, wants).isZero;
  const ask = new Ask(map, hart, addr, object.size, { ...wants, flags: MapSHARED | (isAnywhere ? 0 : MapFIXED) });
  const refusal = map.refusal('shmat', ask) ?? map.mapAsked(ask, dst);
  if (refusal !== 0) return refusal;
  const base = hart.r[(dst << SlotSHIFT) + SlotLOW] >>> 0;
  if (map.attached.has(base)) map.detach(base);
  map.attach(base, segment);
  return 0;
}

/** segmentDetach -- shmdt. */
export function segmentDetach(map: AddressMap, hart: Hart, addr: number): number {
  const { isInWindow, low } = new Ask(map, hart, addr, 0, {}), segment = isInWindow ? map.attached.get(low) : undefined;
  if (segment === undefined) return EINVAL;
  const ask = new Ask(map, hart, addr, segment.object.size, {}), refusal = map.refusal('shmdt', ask);
  if (refusal !== null) return refusal;
  map.detach(low);
  map.unmap(map.insist(low), ask.base, ask.limit);
  return 0;
}

/* shm.ts: SEGMENTS OF SHARED MEMORY
 *
 * shmget and shmctl, which know segments by keys and numbers, and what shmat and shmdt make of one in an address map <design/mman#.shm>.
 */
import { PageSIZE, type Hart, type Memory } from '../../machine/machine.ts';
import { EEXIST, EINVAL, ENOENT } from '../errno.ts';
import type { AddressMap } from './address-map.ts';
import type { Frames } from './frames.ts';
import { MapFIXED, MapSHARED, ProtREAD, ProtWRITE, ShmRDONLY } from './mman.ts';
import { VmObject } from './object.ts';
import { Ask, pageUp } from './request.ts';
import type { Reservation } from './reservation.ts';

/** The key of a segment that nobody else can ask for. */
export const IpcPRIVATE = 0;
export const IpcCREAT = 0x200;
export const IpcEXCL = 0x400;

/** Memory that processes attach. What is mapped of it is what is attached: there is no other record <design/mman#.shm.attached>. */
export class ShmSegment {
  readonly id: number;
  readonly key: number;
  readonly object: VmObject;
  /** Bytes that were asked for: shm_segsz. The object has whole pages. */
  readonly size: number;
  /** It goes with the last of its mappings, and nobody finds it any more. */
  isRemoved: boolean = false;

  constructor(id: number, key: number, object: VmObject, size: number = object.size) {
    this.id = id;
    this.key = key;
    this.object = object;
    this.size = size;
    object.isSegment = true;
  }

  /** How often it is attached, in all address maps: shm_nattch. */
  get attached(): number {
    return this.object.places();
  }

  /** remove -- have it go when nobody has it. */
  remove(): void {
    this.isRemoved = true;
    this.object.drop();
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
    if (there !== undefined) return (flags & IpcCREAT) !== 0 && (flags & IpcEXCL) !== 0 ? -EEXIST : size > there.size ? -EINVAL : there.id;
    if (key !== IpcPRIVATE && (flags & IpcCREAT) === 0) return -ENOENT;
    if (!Number.isSafeInteger(size) || size <= 0) return -EINVAL;
    this.ids += 1;
    const object = new VmObject(`shared memory ${this.ids}`, pageUp(size), this.carriesTags, this.memory, this.frames);
    this.segments.set(this.ids, new ShmSegment(this.ids, key, object, size));
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
  if (segment.isRemoved || (flags & ~ShmRDONLY) !== 0) return EINVAL;
  const { object } = segment, mayWrite = (flags & ShmRDONLY) === 0, source = { object, isRegular: false, mayRead: true, mayWrite };
  const wants = { prot: ProtREAD | (mayWrite ? ProtWRITE : 0), source };
  const isAnywhere = new Ask(map, hart, addr, object.size, wants).isZero;
  const ask = new Ask(map, hart, addr, object.size, { ...wants, flags: MapSHARED | (isAnywhere ? 0 : MapFIXED) });
  return map.refusal('shmat', ask) ?? map.mapAsked(ask, dst);
}

/** segmentDetach -- shmdt: what is left of one segment that was attached at the address, and nothing else. */
export function segmentDetach(map: AddressMap, hart: Hart, addr: number): number {
  const { reservation, low } = new Ask(map, hart, addr, 0, {}), pages = reservation === null ? [] : attachedAt(reservation, low);
  if (reservation === null || pages.length === 0) return EINVAL;
  const last = pages[pages.length - 1], refusal = map.refusal('shmdt', new Ask(map, hart, addr, last + PageSIZE - low, {}));
  if (refusal !== null) return refusal;
  for (const base of pages) reservation.unmap(base, base + PageSIZE);
  if (reservation.mapped === 0) map.destroy(reservation);
  return 0;
}

/** attachedAt -- the addresses of the pages of the segment that was attached at `low`, in order; of the first of them if there were several. */
function attachedAt(reservation: Reservation, low: number): number[] {
  const first = reservation.pageOf(low), found: number[] = [];
  let object: VmObject | null = null;
  if (low % PageSIZE !== 0) return found;
  for (let page = first; page < reservation.states.length; ++page) {
    const here: VmObject | null = object ?? reservation.backing?.objects[page] ?? null;
    if (here === null || !here.isSegment || reservation.originOf(page, here) !== first || (page - first) * PageSIZE >= here.size) continue;
    object = here;
    found.push(low + (page - first) * PageSIZE);
  }
  return found;
}

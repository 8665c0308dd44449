/* marking-rooms.ts: WHERE THERE IS ROOM
 *
 * Which segments of a pool have free runs, and where to look for one. The runs themselves are the pads of the start map: nothing is kept of
 * them but the greatest length <design/marking#.run>.
 */
import { aver } from '../../base/base.ts';
import { GranuleSHIFT } from '../../machine/machine.ts';
import type { Heap } from '../heap/heap.ts';
import type { Rank } from '../heap/rank.ts';
import type { Seg } from '../heap/seg.ts';

/** What may be free in a segment. */
interface Room {
  /** In granules: no run is longer. */
  longest: number;
  /** Where something begins, from which on to look. */
  next: number;
}

/** The segments of a pool with anything free that a buffer might be given <design/marking#.inv.room>. */
export class Rooms {
  private readonly heap: Heap;
  private readonly rooms = new Map<Seg, Room>();
  /** Where a run was found last. */
  private recent: Seg | null = null;

  constructor(heap: Heap) {
    this.heap = heap;
  }

  /** add -- granules [g, limit) of a segment, if any, are a pad that a buffer might be given. */
  add(seg: Seg, g: number, limit: number): void {
    // What is over of a large object's segment stays so.
    if (seg.large || g === limit) return;
    const room = this.rooms.get(seg);
    if (room === undefined) this.rooms.set(seg, { longest: limit - g, next: g });
    else room.longest = Math.max(room.longest, limit - g);
  }

  /** forget -- a segment is no more, or is about to be looked through anew. */
  forget(seg: Seg): void {
    this.rooms.delete(seg);
    if (this.recent === seg) this.recent = null;
  }

  /** find -- a segment of a rank with a free run of `size` bytes, which is then its `runOf`; null if there is none. */
  find(size: number, rank: Rank): Seg | null {
    const granules = size >>> GranuleSHIFT;
    if (this.recent !== null && this.hasRun(this.recent, granules, rank)) return this.recent;
    for (const seg of this.rooms.keys()) {
      if (!this.hasRun(seg, granules, rank)) continue;
      this.recent = seg;
      return seg;
    }
    return null;
  }

  /** runOf -- the granule at which the run begins that `find` has just found. */
  runOf(seg: Seg): number {
    return (this.rooms.get(seg) as Room).next;
  }

  /** hasRun -- whether a buffer may be given a run of so many granules of a segment; none of one that is white or grey, for what is
   * allocated is black <design/marking#.inv.black>. */
  private hasRun(seg: Seg, granules: number, rank: Rank): boolean {
    const room = this.rooms.get(seg);
    if (room === undefined || room.longest < granules) return false;
    if (seg.rank !== rank || seg.buffer !== null || seg.white || seg.grey) return false;
    const longest = this.search(seg, room, granules);
    if (longest >= granules) return true;
    room.longest = longest;
    if (longest === 0) this.forget(seg);
    return false;
  }

  /** search -- the length of the first run of at least so many granules, from where the last one was found, once around the segment; if
   * there is none, that of the longest. */
  private search(seg: Seg, room: Room, granules: number): number {
    const { heap } = this, limit = seg.granuleLimit, from = room.next;
    let longest = 0;
    for (let g = from, wrapped = false; !wrapped || g < from;) {
      const size = heap.sizeAt(g, limit);
      if (heap.isPad(g)) {
        longest = Math.max(longest, size);
        if (size >= granules) {
          room.next = g;
          return size;
        }
      }
      g += size;
      if (g === limit && !wrapped) {
        g = seg.granuleBase;
        wrapped = true;
      }
    }
    return longest;
  }

  check(): void {
    for (const [seg, { longest, next }] of this.rooms) {
      aver(!seg.large && longest > 0, '<design/marking#.inv.room>');
      aver(next >= seg.granuleBase && next < seg.granuleLimit && this.heap.starts[next] !== 0, '<design/marking#.inv.room>');
    }
  }
}

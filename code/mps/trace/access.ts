/* access.ts: BARRIER HITS
 *
 * A mutator wants to do what a segment forbids: what it may not see yet is scanned, or the one reference that it is after is fixed, and
 * what it writes to is known no longer <design/trace#.access>. The same for who asks the collector for a reference that it holds.
 */
import { aver } from '../../base/base.ts';
import { PageSIZE, type Low } from '../../machine/machine.ts';
import { RankEXACT, RankWEAK, type Rank } from '../heap/rank.ts';
import type { Seg } from '../heap/seg.ts';
import { AccessREAD, AccessWRITE, type AccessSet, type Step } from '../plinth.ts';
import { ResOK } from '../result.ts';
import { fixWords } from './scan.ts';
import { TouchWORK, type Trace } from './trace.ts';

/** How many hits on a weak segment are dealt with one reference at a time in a trace: AWL_SEG_SA_LIMIT <design/shield#.single.weak>. */
const WeakSINGLES = 200;

/** traceAccess -- a mutator wants to do at `addr` what the segment forbids: scan what it may not see, and from a write on
 * know nothing of where it points <design/trace#.access>. */
export function traceAccess(trace: Trace, seg: Seg, addr: Low, mode: AccessSet, step: Step | null): void {
  const hit = mode & seg.protMode;
  if ((hit & AccessREAD) !== 0) {
    aver(seg.grey && trace.isFlipped, '<design/trace#.inv.read>');
    if (step !== null && seg.singles < singlesMost(trace, seg) && step.grant()) {
      // Whether or not writing alone is forbidden: nobody will see this store again.
      accessSingle(trace, seg, addr, (mode & AccessWRITE) !== 0);
      return;
    }
    trace.scanSeg(seg, Infinity, rankForAccess(trace, seg));
  }
  // After the scan, which may have recorded a summary again <design/trace#.inv.write.after>.
  if ((hit & AccessWRITE) !== 0) seg.hit();
}

/** rankForAccess -- the rank at which a segment is scanned that is hit: EXACT is always safe while anything can be preserved
 * <design/trace#.rank>. */
function rankForAccess({ band }: Trace, seg: Seg): Rank {
  aver(band !== RankWEAK || seg.rank === RankWEAK, '<design/trace#.band>');
  return band === RankWEAK ? RankWEAK : RankEXACT;
}

/** singlesMost -- how many hits on a segment are dealt with one reference at a time in a trace. */
function singlesMost({ band }: Trace, seg: Seg): number {
  if (seg.rank === RankWEAK && band !== RankWEAK) return WeakSINGLES;
  return seg.large ? seg.size / PageSIZE : 0;
}

/** accessSingle -- fix the one reference that is to be loaded, by an access that is made though the segment stays grey: scanning
 * all of a large object would be a long pause, and all of a weak segment would make it strong <design/shield#.single>. */
function accessSingle(trace: Trace, seg: Seg, addr: Low, writes: boolean): void {
  const { ss, arena: { shield, heap } } = trace, granule = seg.granuleOf(addr >>> 0);
  seg.singles += 1;
  if (writes) seg.hit();
  else if (heap.tags[granule] !== 0) {
    shield.expose(seg);
    if (!traceFix(trace, heap.i32, granule << 2, rankForAccess(trace, seg))) heap.tags[granule] = 0;
    seg.setSummary(seg.summary | ss.summary);
    seg.fixed |= ss.fixed;
    shield.cover(seg);
  }
}

/** traceFix -- between scans, fix the reference in words w[at..at+3] at a rank; false if it is none any more. */
export function traceFix(trace: Trace, w: Int32Array, at: number, rank: Rank): boolean {
  const { ss } = trace;
  ss.rank = rank;
  ss.begin();
  ss.touched += TouchWORK;
  const isKept = fixWords(ss, w, at);
  if (ss.res === ResOK) return isKept;
  trace.enterEmergency();
  ss.begin();
  return fixWords(ss, w, at);
}

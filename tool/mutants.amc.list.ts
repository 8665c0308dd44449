/* mutants.amc.list.ts: PLANTED DEFECTS OF COPYING, FRAMES AND FORMATS
 *
 * What can be wrong with allocation points, ramps, leaves, frames, headers and pins <design/mutants>.
 */
import type { Mutant } from './mutant.ts';

const buffer = 'code/mps/heap/buffer.ts';
const format = 'code/mps/heap/format.ts';
const amc = 'code/mps/pools/amc.ts';
const fix = 'code/mps/pools/amc-fix.ts';
const ramp = 'code/mps/pools/amc-ramp.ts';
const snc = 'code/mps/pools/snc.ts';
const invariants = 'test/mps/pools/amc-invariants.test.ts';
const options = 'test/mps/pools/amc-options.test.ts';
const leaves = 'test/mps/pools/amcz.test.ts';
const frames = 'test/mps/pools/snc.test.ts';
const inline = 'test/mps/heap/buffer-inline.test.ts';
const headers = 'test/mps/heap/format-header.test.ts';

/** A part of the list in `mutants.list.ts`. */
export const mutantsOfAmc: readonly Mutant[] = [
  // Invariants 1, 2 and 3.
  { name: 'a commit that a flip came after fails', file: buffer, old: 'if (alloc >>> 0 === this.initAtFlip) return true;', new: '', tests: [inline] },
  { name: 'a commit that a flip came before succeeds', file: buffer, old: 'if (alloc >>> 0 === this.initAtFlip) return true;', new: 'if (alloc !== 0) return true;', tests: [inline] },
  {
    name: 'a flipped buffer is scanned as far as it has been committed', file: buffer,
    old: 'return this.words[FLIPPED] === 0 ? this.words[INIT] >>> 0 : this.initAtFlip;', new: 'return this.words[ALLOC] >>> 0;', tests: [inline],
  },
  { name: 'a segment with a buffer is condemned to its limit', file: amc, old: 'seg.whiteLimit = buffer.scanLimit;', new: 'seg.whiteLimit = seg.limit;', tests: [invariants] },
  { name: 'what is condemned below a buffer stays buffered', file: buffer, old: '    this.base += size;\n    return size;', new: '    return size;', tests: [invariants] },
  // Invariants 8, 9, 10 and 13.
  { name: 'what is copied into a black segment is not scanned', file: fix, old: 'if (!toSeg.grey && toSeg.rank !== LEAF) toSeg.setGrey(true);', new: '', tests: [invariants] },
  { name: 'a fix that fails leaves its reference elsewhere', file: fix, old: 'return ss.res === OK ? (to + into) | 0 : base;', new: 'return (to + into) | 0;', tests: [invariants] },
  { name: 'a pin that a segment has is forgotten with the next', file: fix, old: 'const board = seg.board ??= new Nailboard', new: 'const board = seg.board = new Nailboard', tests: [invariants] },
  { name: 'a nailed segment is scanned once', file: amc, old: 'pinned >= 0; pinned = board.take())', new: 'pinned >= 0; pinned = -1)', tests: [invariants] },
  { name: 'what failed to be scanned in a nailed segment is not tried again', file: amc, old: '        board.untake(pinned);\n', new: '', tests: [invariants, 'test/mps/heap/root.test.ts'] },
  // Invariant 12.
  { name: 'without interior the header pins', file: fix, old: '((heap.lowOf(seg, g) + (seg.pool.format.headerSize ?? 0)) | 0)', new: '(heap.lowOf(seg, g) | 0)', tests: [headers] },
  { name: 'interior makes no difference', file: amc, old: 'isTagged || this.interior', new: 'true', tests: [headers] },
  { name: 'without interior a capability may not pin', file: amc, old: 'isTagged || this.interior', new: 'this.interior', tests: [headers] },
  { name: 'a scan method is given the base', file: 'code/mps/heap/pool.ts', old: '(ss.heap.lowOf(seg, object) + headerSize) | 0', new: 'ss.heap.lowOf(seg, object) | 0', tests: [headers] },
  { name: 'a forward method is given the base', file: fix, old: 'forward(seg.arena.view, (from + headerSize) | 0, (to + headerSize) | 0);', new: 'forward(seg.arena.view, from, to);', tests: [headers] },
  { name: 'where an object went is taken for its base', file: fix, old: '(moved - headerSize) | 0', new: 'moved', tests: [headers, 'test/mps/pools/amc.test.ts'] },
  { name: 'alignment of a format is ignored', file: 'code/mps/heap/pool.ts', old: 'alignment = format.alignment ?? GranuleSIZE', new: 'alignment = GranuleSIZE', tests: [headers] },
  { name: 'tagged areas follow what has no mark', file: format, old: 'tag.mask, tag.pattern, tag.pattern);', new: 'tag.mask, tag.pattern, 0);', tests: [headers] },
  { name: 'an area is scanned on after a fix has failed', file: format, old: '    if (res !== ResOK) return res;\n', new: '', tests: [headers] },
  // Invariant 19, ramps and hash arrays.
  { name: 'deferred bytes are reclaimed as others', file: amc, old: 'accountReclaim(dead, seg.isDeferred)', new: 'accountReclaim(dead)', tests: [options] },
  { name: 'what a buffer made is never deferred', file: buffer, old: 'limit - init, seg.isDeferred)', new: 'limit - init)', tests: [options] },
  { name: 'hash arrays count', file: amc, old: "hashArrays ? 'arrays' : 'none'", new: "'none'", tests: [options] },
  { name: 'a ramp promotes what it should keep', file: ramp, old: "(this.mode === 'ramping' || this.mode === 'finish') ? this.buffer : null", new: 'false ? this.buffer : null', tests: [options] },
  { name: 'a ramp keeps survivors for ever', file: ramp, old: "else if (this.mode === 'finish') this.mode = 'collecting';", new: '', tests: [options] },
  { name: 'what a ramp kept never counts', file: ramp, old: "if (node.owner.deferral === 'ramp') node.owner.undefer();", new: '', tests: [options] },
  { name: 'a ramp that begins before the last was cleaned up is forgotten', file: ramp, old: "this.count > 0 ? 'begin' : 'outside'", new: "'outside'", tests: [options] },
  { name: 'no collection of the world follows a ramp that asks for one', file: ramp, old: 'this.collectsAll ||= collectAll;', new: '', tests: [options] },
  { name: 'an allocation point that goes leaves its ramps', file: buffer, old: '    this.patternReset();\n    this.arena.enter();', new: '    this.arena.enter();', tests: [options] },
  // Leaves.
  { name: 'leaves may hold capabilities', file: 'code/mps/pools/amcz.ts', old: 'perms: PermLEAF', new: 'perms: PermLEAF | 0x300000', tests: [leaves] },
  { name: 'buffers of leaves are flipped', file: buffer, old: 'words[FLIPPED] !== 0 || this.rank === RankNONE) return;', new: 'words[FLIPPED] !== 0) return;', tests: [leaves] },
  { name: 'leaves are copied into grey segments', file: fix, old: '!toSeg.grey && toSeg.rank !== LEAF', new: '!toSeg.grey', tests: [leaves] },
  { name: 'large leaves become grey', file: fix, old: 'if (seg.rank !== LEAF) seg.setGrey(true);', new: 'seg.setGrey(true);', tests: [leaves] },
  { name: 'pinned leaves are to be scanned', file: fix, old: 'if (seg.rank === LEAF) board.mark(object);', new: 'if (seg.large) board.mark(object);', tests: [leaves] },
  // Frames.
  { name: 'what a pop goes back over keeps its tags', file: buffer, old: '    this.heap.wipe(seg.granuleOf(at), seg.granuleOf(init - 1) + 1);\n', new: '', tests: [frames] },
  { name: 'a pop leaves what is above in segments it left', file: snc, old: '    heap.wipe(seg.granuleOf(at), seg.granuleLimit);\n', new: '', tests: [frames] },
  { name: 'a segment that a pop goes back to keeps its summary', file: buffer, old: 'if (seg.rank !== RankNONE && seg.summary !== ZoneSetUNIV) seg.setSummary(ZoneSetUNIV);', new: '', tests: [frames] },
  { name: 'a pop forgets nothing of what was scanned', file: snc, old: '    seg.scanned = Math.min(seg.scanned, at);\n', new: '', tests: [frames] },
  { name: 'a pop frees one segment', file: snc, old: 'stack.splice(depth + 1)', new: 'stack.splice(depth + 1, 1)', tests: [frames] },
  { name: 'a frame in an empty segment is of that segment', file: snc, old: 'buffer.scanLimit > seg.base) return', new: 'buffer.scanLimit >= seg.base) return', tests: [frames] },
  { name: 'any address is a frame', file: snc, old: 'depth >= 0 && this.isEnd(seg, at)', new: 'depth >= 0', tests: [frames] },
  { name: 'frames are scanned no further than they were', file: snc, old: 'return this.scanOn(ss, seg, enough);', new: 'return ss.res >= 0 && enough > 0;', tests: [frames] },
  { name: 'an allocation point that goes leaves its frames', file: snc, old: '    this.framePop(buffer, 0);\n', new: '', tests: [frames] },
];

/* mutants.vm.list.ts: PLANTED DEFECTS OF ADDRESS SPACES
 *
 * What can be wrong below mmap: where reservations lie, who may do what with which capability, what each profile refuses, and what calls do
 * to mappings <design/mutants>. Pages are in `mutants.pages.list.ts`.
 */
import type { Mutant } from './mutant.ts';

/** A part of the list in `mutants.list.ts`. */
export const mutantsOfSpaces: readonly Mutant[] = [
  // reservations: where they lie, and which there are
  {
    name: 'the gap above an item is not seen',
    file: 'code/os/vm/tree.ts',
    old: 'Math.max(right.gap, right.low - item.limit)',
    new: 'right.gap',
    tests: ['test/os/vm/tree.test.ts'],
  },
  {
    name: 'an exact fit from above is passed over',
    file: 'code/os/vm/tree.ts',
    old: 'return found >= base ? found : -1;',
    new: 'return found > base ? found : -1;',
    tests: ['test/os/vm/tree.test.ts'],
  },
  {
    name: 'an item that takes the place of a deleted one is looked for where that was',
    file: 'code/os/vm/tree.ts',
    old: '    node.last = next.last;\n',
    new: '',
    tests: ['test/os/vm/tree.test.ts'],
  },
  {
    name: 'a reservation without mappings stays',
    file: 'code/os/vm/room.ts',
    old: '    if (reservation.mapped === 0) this.destroy(reservation);\n',
    new: '',
    tests: ['test/os/vm/munmap.test.ts'],
  },
  {
    name: 'a reservation that is no more is still found',
    file: 'code/os/vm/room.ts',
    old: '    this.latest = null;\n',
    new: '',
    tests: ['test/os/vm/munmap.test.ts'],
  },
  {
    name: 'the last bytes that the limit leaves cannot be had',
    file: 'code/os/vm/room.ts',
    old: 'limit - base > this.sizeLimit',
    new: 'limit - base >= this.sizeLimit',
    tests: ['test/os/proc/limits.test.ts'],
  },
  {
    name: 'the alignment is that of the size before rounding',
    file: 'code/os/vm/room.ts',
    old: 'granuleOf(this.format, whole)',
    new: 'granuleOf(this.format, size)',
    tests: ['test/os/vm/representable.test.ts'],
  },
  {
    name: 'a range that had to begin earlier is not looked at again',
    file: 'code/os/vm/representable.ts',
    old: '    from = low;\n',
    new: '    return { base: low, limit: low + size };\n',
    tests: ['test/os/vm/representable.test.ts'],
  },
  {
    name: 'Morello needs no more than pages for twice as long',
    file: 'code/os/vm/representable.ts',
    old: 'MorelloPAGES = 0x80_0000',
    new: 'MorelloPAGES = 0x100_0000',
    tests: ['test/os/vm/representable.test.ts'],
  },

  // authority and rules
  {
    name: 'a capability may reach above its reservation',
    file: 'code/os/vm/authority.ts',
    old: ' && !isCovered(hart, slot, limit, 1)',
    new: '',
    tests: ['test/os/vm/mprotect.test.ts', 'test/os/vm/munmap.test.ts'],
  },
  {
    name: 'a capability that ends where a range begins has a byte of it',
    file: 'code/os/vm/authority.ts',
    old: 'bounds.top > from + BigInt(base)',
    new: 'bounds.top >= from + BigInt(base)',
    tests: ['test/os/acceptance/cheribsd-calls.test.ts', 'test/os/vm/advice.test.ts'],
  },
  {
    name: 'a sealed capability manages mappings',
    file: 'code/os/vm/authority.ts',
    old: '(hart.isTagged(slot) && !isSealed(hart, slot))',
    new: 'hart.isTagged(slot)',
    tests: ['test/os/vm/munmap.test.ts', 'test/os/vm/mprotect.test.ts', 'test/os/acceptance/cheribsd-calls.test.ts'],
  },
  {
    name: 'a capability whose tag is gone is an integer',
    file: 'code/os/vm/authority.ts',
    old: 'return r[c + SlotBOUNDS] === 0 && r[c + SlotPERMS] === 0 && !hart',
    new: 'return !hart',
    tests: ['test/os/acceptance/cheribsd-mmap.test.ts', 'test/os/acceptance/pcuabi-mmap.test.ts'],
  },
  {
    name: 'CheriBSD asks whether a range goes on too far after asking who shows it',
    file: 'code/os/vm/rules-cheribsd.ts',
    old: '  { row: beyond, when: (ask) => ask.isBeyond, errno: EACCES },\n  { row: stale, when: (ask) => !ask.isOwner, errno: EPROT },\n',
    new: '  { row: stale, when: (ask) => !ask.isOwner, errno: EPROT },\n  { row: beyond, when: (ask) => ask.isBeyond, errno: EACCES },\n',
    tests: ['test/os/acceptance/cheribsd-calls.test.ts', 'test/os/vm/munmap.test.ts', 'test/os/vm/cheribsd.test.ts'],
  },
  {
    name: 'CheriBSD lets capabilities be stored to a shared file',
    file: 'code/os/vm/rules-cheribsd.ts',
    old: 'ask.has(MapSHARED) && !ask.source.object.carriesTags && protInsists(ask.prot)',
    new: 'ask.has(MapSHARED) && !ask.source.object.carriesTags && ask.prot < 0',
    tests: ['test/os/acceptance/cheribsd-mmap.test.ts', 'test/os/vm/cheribsd.test.ts'],
  },
  {
    name: 'PCuABI asks what a reservation may before it asks whether there is one',
    file: 'code/os/vm/rules-pcuabi.ts',
    old: '{ row: \'P8\', when: (ask) => ask.isTagged && !ask.isOwner, errno',
    new: '{ row: \'P8\', when: (ask) => ask.isTagged && ask.reservation !== null && !ask.isOwner, errno',
    tests: ['test/os/acceptance/pcuabi-mmap.test.ts', 'test/os/acceptance/pcuabi-reservation.test.ts'],
  },
  {
    name: 'PCuABI maps over holes',
    file: 'code/os/vm/rules-pcuabi.ts',
    old: 'if (ask.map.profile.refill === \'strict\') return ask.isMapped;',
    new: 'if (ask.map.profile.refill === \'strict\') return true;',
    tests: ['test/os/acceptance/pcuabi-reservation.test.ts', 'test/os/vm/pcuabi.test.ts'],
  },
  {
    name: 'PCuABI forgets what is locked',
    file: 'code/os/vm/rules-pcuabi.ts',
    old: 'ask.reservation?.hasLocked(ask.base, ask.limit) !== false',
    new: 'ask.reservation === null',
    tests: ['test/os/vm/pcuabi.test.ts', 'test/os/vm/advice.test.ts'],
  },

  // calls
  {
    name: 'mprotect in a hurry does not ask what pages allow',
    file: 'code/os/vm/address-map.ts',
    old: '      && found.allows(base, limit, prot);\n',
    new: '      && prot >= 0;\n',
    tests: ['test/os/vm/mprotect.test.ts'],
  },
  {
    name: 'what grows repeats the last page of the object',
    file: 'code/os/vm/remap.ts',
    old: '(from.backing?.pages[page] ?? 0) + 1',
    new: '(from.backing?.pages[page] ?? 0)',
    tests: ['test/os/vm/mremap.test.ts'],
  },
  {
    name: 'what is moved and made shorter leaves its end behind',
    file: 'code/os/vm/remap.ts',
    old: '  if (oldSize > size) from.unmap(base + size, base + oldSize);\n',
    new: '',
    tests: ['test/os/vm/mremap.test.ts'],
  },
  {
    name: 'all of a segment is more than there is',
    file: 'code/os/vm/shm.ts',
    old: 'size > there.size',
    new: 'size >= there.size',
    tests: ['test/os/vm/shm.test.ts'],
  },
  {
    name: 'a call goes on into the next reservation',
    file: 'code/os/vm/request.ts',
    old: 'reservation !== null && this.limit > reservation.limit',
    new: 'reservation !== null && this.base > reservation.limit',
    tests: ['test/os/acceptance/cheribsd-calls.test.ts', 'test/os/vm/mprotect.test.ts'],
  },
  {
    name: 'what lies between two reservations counts as mapped',
    file: 'code/os/vm/request.ts',
    old: 'base !== at || ',
    new: '',
    tests: ['test/os/vm/advice.test.ts', 'test/os/acceptance/cheribsd-calls.test.ts'],
  },
  {
    name: 'CheriBSD takes capabilities alone for a protection',
    file: 'code/os/vm/mman.ts',
    old: '  if (isCapAlone(now) || isCapAlone(max)) return ENOTSUP;\n',
    new: '',
    tests: ['test/os/vm/cheribsd.test.ts', 'test/os/acceptance/cheribsd-mmap.test.ts'],
  },
  {
    name: 'a mapping may become all that its reservation may, under CheriBSD too',
    file: 'code/os/vm/profile.ts',
    old: 'pageMax: \'asked\', protects',
    new: 'pageMax: \'reserved\', protects',
    tests: ['test/os/vm/mprotect.test.ts', 'test/os/acceptance/cheribsd-mmap.test.ts'],
  },
  {
    name: 'PCuABI takes MADV_DONTNEED for a hint',
    file: 'code/os/vm/profile.ts',
    old: 'dontNeed: \'discard\'',
    new: 'dontNeed: \'hint\'',
    tests: ['test/os/vm/advice.test.ts'],
  },
  {
    name: 'msync invalidates what is locked',
    file: 'code/os/vm/advice.ts',
    old: '  if (invalidate && ranges.some(({ reservation, base, limit }) => reservation.hasLocked(base, limit))) return EBUSY;\n',
    new: '',
    tests: ['test/os/vm/advice.test.ts'],
  },
  {
    name: 'mlock of two reservations keeps the first when the second fails',
    file: 'code/os/vm/advice.ts',
    old: '      for (const one of undos) one();\n',
    new: '',
    tests: ['test/os/vm/advice.test.ts'],
  },
];

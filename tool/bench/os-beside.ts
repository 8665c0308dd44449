/* os-beside.ts: WHAT THE OPERATING SYSTEM IS SET AGAINST
 *
 * Short pieces of JavaScript, timed in the same process as the operations, in turn with them <design/bench#.os.beside>.
 */
import { performance } from 'node:perf_hooks';
import { random } from '../../code/base/base.ts';
import { insist, since } from './os-rig.ts';

/** Times something once: nanoseconds. */
export type Turn = () => number;

const COUNT = 2000;
const PAGE = 4096;
/** Pages that are filled and copied in turn. */
const PAGES = 256;
/** Keys that a map has. */
const KEYS = 1000;

/** filled -- a page and its tags. */
function filled(): Turn {
  const words = new Int32Array(PAGES * PAGE / 4), tags = new Uint8Array(PAGES * PAGE / 16);
  return () => {
    const before = performance.now();
    for (let i = 0; i < COUNT; i++) {
      const page = i % PAGES;
      words.fill(i, page * (PAGE / 4), (page + 1) * (PAGE / 4));
      tags.fill(i, page * (PAGE / 16), (page + 1) * (PAGE / 16));
    }
    const each = since(before, COUNT), last = (COUNT - 1) % PAGES;
    insist('filled', words[last * (PAGE / 4)], COUNT - 1);
    return each;
  };
}

/** copied -- as many bytes, with their tags, `count` times. */
function copied(bytes: number, count: number): Turn {
  const words = new Int32Array(bytes / 4).fill(7), ontoWords = new Int32Array(words);
  const tags = new Uint8Array(bytes / 16).fill(1), ontoTags = new Uint8Array(tags);
  return () => {
    const before = performance.now();
    for (let i = 0; i < count; i++) {
      words[0] = i;
      ontoWords.set(words);
      ontoTags.set(tags);
    }
    const each = since(before, count);
    insist('copied', ontoWords[0], count - 1);
    return each;
  };
}

/** run -- a generator that is made and runs to its end. */
function run(): Turn {
  let sum = 0;
  const body = function* (by: number): Generator<undefined, void, unknown> {
    sum += by;
  };
  return () => {
    sum = 0;
    const before = performance.now();
    for (let i = 0; i < COUNT; i++) body(1).next();
    const each = since(before, COUNT);
    insist('generators', sum, COUNT);
    return each;
  };
}

/** resumed -- a generator that goes on to where it yields again. */
function resumed(): Turn {
  let sum = 0;
  const endless = (function* (): Generator<undefined, void, unknown> {
    for (;;) {
      sum += 1;
      yield undefined;
    }
  })();
  return () => {
    sum = 0;
    const before = performance.now();
    for (let i = 0; i < COUNT; i++) endless.next();
    const each = since(before, COUNT);
    insist('generators', sum, COUNT);
    return each;
  };
}

/** drawn -- one of many generators goes on, each with an object of its own. */
function drawn(size: number): Turn {
  const draw = random(1), states = Array.from({ length: size }, () => ({ resumed: 0 }));
  const all = states.map((state) => (function* (): Generator<undefined, void, unknown> {
    for (;; state.resumed += 1) yield undefined;
  })());
  for (const one of all) one.next();
  const count = Math.max(COUNT, size);
  return () => {
    for (const state of states) state.resumed = 0;
    const before = performance.now();
    for (let i = 0; i < count; i++) all[draw(size)].next();
    const each = since(before, count);
    insist('generators', states.reduce((sum, { resumed: times }) => sum + times, 0), count);
    return each;
  };
}

/** mapped -- an entry of a Map that is made and deleted. */
function mapped(): Turn {
  const map = new Map<number, number>(Array.from({ length: KEYS }, (_, i) => [i, i]));
  return () => {
    const before = performance.now();
    for (let i = 0; i < COUNT; i++) {
      map.set(KEYS + i, i);
      map.delete(KEYS + i);
    }
    const each = since(before, COUNT);
    insist('entries', map.size, KEYS);
    return each;
  };
}

/** cloned -- as many objects, each with two arrays, in order, once more. */
function cloned(size: number): Turn {
  const make = (at: number): { at: number; one: Int32Array; other: Int32Array } => ({ at, one: new Int32Array(1), other: new Int32Array(1) });
  const all = Array.from({ length: size }, (_, i) => make(i));
  return () => {
    const before = performance.now(), copies = new Map<number, { one: Int32Array; other: Int32Array }>();
    for (const { at, one, other } of all) copies.set(at, { one: one.slice(), other: other.slice() });
    const each = since(before, 1);
    insist('objects', copies.size, size);
    return each;
  };
}

/** besideMake -- what an operation is set against, by its name in rows; `bytes` are those of the process that is forked, `size` what there
 * is more and more of. */
export function besideMake(against: string, bytes: number, size: number): Turn {
  switch (against) {
    case 'page filled': return filled();
    case 'page copied': return copied(PAGE, COUNT);
    case 'bytes copied': return copied(bytes, 1);
    case 'generator run': return run();
    case 'generator resumed': return resumed();
    case 'as many generators': return drawn(size);
    case 'as many objects': return cloned(size);
    case 'Map set, delete': return mapped();
    default: throw new Error(`there is nothing like "${against}" to set it against`);
  }
}

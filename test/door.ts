/* door.ts: WHO CALLS WHAT
 *
 * With CAPSTAN_DOOR naming a folder, counts the calls that tests make of the library's classes from outside of it, and writes them there
 * <design/coverage#.door>. What is counted: `Class.method`, where the class that is named is the one that has the method; with `{option}`
 * for each option that was given, and `=code` for a small number that was returned.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { RootView } from '../code/mps/heap/root-view.ts';
import { Arena, System, Telemetry } from '../code/mps/mps.ts';
import { Sac } from '../code/mps/pools/sac.ts';
import { WalkView } from '../code/mps/services/walk.ts';
import { classesOf } from '../tool/mps-names.ts';

/** More calls from one file are not told apart. */
const CountMOST = 1000;
/** Numbers up to here may be result codes. */
const CodeMOST = 8;

const folder = process.env['CAPSTAN_DOOR'] ?? '';
const wanted = classesOf(readFileSync(new URL('../tool/mps-names.txt', import.meta.url), 'utf8'));
const patched = new Set<object>();
const counts = new Map<string, number>();

/** isOutside -- whether who calls a wrapper is not the library itself. */
function isOutside(): boolean {
  const limit = Error.stackTraceLimit;
  // This function, what counts, the wrapper, and who has called it.
  Error.stackTraceLimit = 4;
  const frames = (new Error().stack ?? '').split('\n');
  Error.stackTraceLimit = limit;
  return !(frames.at(-1) ?? '').includes('/code/mps/');
}

function count(name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

/** What clients are given to call from within the library: counted although a call of the library is under way. */
const givenToClients: ReadonlySet<string> = new Set(['HeapView', 'WalkView', 'RootView']);

/** Calls of the library that are under way. */
let depth = 0;

/** note -- count a call; false if it is not to be looked at more closely. */
function note(name: string, args: readonly unknown[]): boolean {
  if ((counts.get(name) ?? 0) >= CountMOST || !isOutside()) return false;
  count(name);
  for (const arg of args) {
    if (typeof arg === 'object' && arg !== null && Object.getPrototypeOf(arg) === Object.prototype) for (const key of Object.keys(arg)) count(`${name}{${key}}`);
  }
  return true;
}

/** discover -- have the calls of an object counted, if its class is one that is wanted, and of the objects that it has. */
function discover(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  const prototype = Object.getPrototypeOf(value) as object | null;
  if (prototype === null || patched.has(prototype) || prototype === Object.prototype) return;
  if (!isWanted(prototype)) return;
  patch(prototype);
  for (const own of Object.values(value)) discover(own);
}

const nameOf = (prototype: object): string => prototype.constructor.name;

function isWanted(prototype: object): boolean {
  for (let at: object | null = prototype; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at) as object | null) if (wanted.has(nameOf(at))) return true;
  return false;
}

/** patch -- have the calls of a class's methods counted, inherited ones too. */
function patch(prototype: object): void {
  if (patched.has(prototype) || prototype === Object.prototype) return;
  patched.add(prototype);
  for (const [key, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    if (key === 'constructor') continue;
    const name = `${nameOf(prototype)}.${key}`, part = descriptor.get === undefined ? 'value' : 'get', original: unknown = Reflect.get(descriptor, part);
    if (typeof original !== 'function') continue;
    Object.defineProperty(prototype, key, { ...descriptor, [part]: wrapped(name, original as (...args: unknown[]) => unknown) });
  }
  patch(Object.getPrototypeOf(prototype) as object);
}

function wrapped(name: string, original: (...args: unknown[]) => unknown): (...args: unknown[]) => unknown {
  const isGiven = givenToClients.has(name.split('.')[0]);
  return function (this: unknown, ...args: unknown[]): unknown {
    if (depth > 0 && !isGiven) return original.apply(this, args);
    const isNoted = note(name, args);
    depth += 1;
    let result: unknown = null;
    try {
      result = original.apply(this, args);
    } finally {
      depth -= 1;
    }
    if (isNoted && typeof result === 'number' && result >= 0 && result <= CodeMOST) count(`${name}=${result}`);
    discover(this);
    discover(result);
    return result;
  };
}

if (folder !== '') {
  // The last ones nobody returns: functions make them, or hand them to who is called back.
  for (const { prototype } of [System, Arena, Telemetry, Sac, RootView, WalkView]) patch(prototype);
  beforeAll(() => { counts.clear(); });
  afterAll(() => {
    const { testPath = 'unknown' } = expect.getState();
    writeFileSync(join(folder, `${testPath.replace(/^.*\/test\//, 'test/').replaceAll('/', '+')}.json`), JSON.stringify([...counts]));
  });
}

/* soak.ts: THE SOAK
 *
 * Every program of test/data/scheme under every setting of the heap, on both platforms, by one thread and by four, in both varieties, in
 * the least memory and in plenty: the full product of what the tests run a table of <design/testing#.soak>. It takes hours, shows how
 * far it is, and goes on where it was stopped as long as Capstan has not changed. Cases come in a shuffled order, always the same, so
 * that what a stopped soak has run is a fair sample.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { random } from '../code/base/base.ts';

const top = resolve(import.meta.dirname, '..');
const programsPlace = join(top, 'test/data/scheme');
const statePlace = join(top, '.soak');
const stateFile = join(statePlace, 'results.jsonl');

const nurseries = ['4KiB', '64KiB', '8MiB'];
const grains = [4096, 65536];
const collects = ['normal', 'every-poll'];
const seeds = ['1', '2', '3', '4', '5'];
const platforms = ['ix', 'an'];
const threads = ['1', '4'];
const checks = ['hot', 'cool'];

/** A program under some settings; `memory` in bytes, or the least that will do and one grain more. */
interface Case {
  readonly program: string;
  readonly options: readonly string[];
  readonly grain: number;
  readonly memory: number | 'least';
}

/** What a case came to. */
interface Result {
  readonly key: string;
  readonly passed: boolean;
  /** The memory it ran in, in bytes. */
  readonly memory: number;
  readonly why: string;
}

const Ample = 256 * 2 ** 20;

/** With so little the runtime does not start; to ask would cost the command a search for the least memory. */
const NeverSTARTS = 256 * 2 ** 10;

/** Exit code, and what was printed. */
interface Done { readonly code: number; readonly out: string; readonly err: string }

const launcher = `import { main } from ${JSON.stringify(join(top, 'dist/cli/main.js'))}; await main(process.argv.slice(1));`;

let stopping = false;

/** Runs the built command. */
function capstan(args: readonly string[]): Promise<Done> {
  return new Promise((done) => {
    const env = { ...process.env };
    delete env['CAPSTAN_CHECK'];
    execFile(process.execPath, ['--input-type=module', '-e', launcher, '--', ...args], { env, maxBuffer: 2 ** 26 }, (error, out, err) => {
      done({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, out, err });
    });
  });
}

const runOf = ({ program, options, grain }: Case, memory: number): Promise<Done> =>
  capstan(['run', join(programsPlace, `${program}.scm`), '--memory', `${memory}B`, '--grain', `${grain}B`, ...options]);

const leasts = new Map<string, Promise<number>>();

/** leastOf -- the least memory of a case, which checks do not change: it is searched for once, with few of them. */
function leastOf(one: Case): Promise<number> {
  const options = one.options.map((option) => (option === 'cool' ? 'hot' : option)), key = keyOf({ ...one, options });
  const found = leasts.get(key) ?? leastMemory({ ...one, options });
  leasts.set(key, found);
  return found;
}

/** The smallest memory, in whole grains, in which a case ends as it should. */
async function leastMemory(one: Case): Promise<number> {
  const ends = async (count: number): Promise<boolean> => (await runOf(one, count * one.grain)).code === 0;
  let low = Math.floor(NeverSTARTS / one.grain), high = low + 16;
  while (!stopping && high * one.grain <= Ample && !await ends(high)) {
    low = high;
    high *= 2;
  }
  while (!stopping && high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (await ends(middle)) high = middle;
    else low = middle;
  }
  return high * one.grain;
}

const keyOf = ({ program, options, grain, memory }: Case): string => [program, `grain ${grain}`, `memory ${memory}`, ...options].join(' ');

async function judge(one: Case): Promise<Result> {
  const memory = one.memory === 'least' ? await leastOf(one) + one.grain : one.memory;
  const done = await runOf(one, memory);
  const expected = readFileSync(join(programsPlace, `${one.program}.out`), 'utf8');
  const why = done.code !== 0 ? `exit code ${done.code}: ${done.err.split('\n')[0]}` : done.out !== expected ? 'other output than expected' : '';
  return { key: keyOf(one), passed: why === '', memory, why };
}

/** Every case there is. */
function cases(): Case[] {
  const programs = readdirSync(programsPlace).filter((name) => name.endsWith('.scm')).map((name) => name.slice(0, -4)).sort();
  const product: Case[] = [];
  for (const memory of [Ample, 'least'] as const) for (const program of programs) for (const grain of grains) {
    for (const options of combinations()) product.push({ program, grain, memory, options });
  }
  return shuffled(product);
}

/** combinations -- every choice of the command's options. */
function* combinations(): Iterable<string[]> {
  for (const nursery of nurseries) for (const collect of collects) for (const platform of platforms) for (const count of threads) {
    for (const seed of seeds) for (const check of checks) {
      // A pause of 0 interleaves most, the usual one least.
      const pause = Number(seed) % 2 === 1 ? '0' : '10ms';
      yield [
        '--nursery', nursery, '--collect', collect, '--platform', platform, '--threads', count, '--pause', pause, '--seed', seed, '--check', check,
      ];
    }
  }
}

function shuffled<T>(list: readonly T[]): T[] {
  const draw = random(1), out = [...list];
  for (let last = out.length - 1; last > 0; --last) {
    const other = draw(last + 1);
    [out[last], out[other]] = [out[other], out[last]];
  }
  return out;
}

/** What the results are good for: this Capstan, and no other. */
function fingerprint(): string {
  const hash = createHash('sha256');
  for (const path of readdirSync(join(top, 'dist'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.js')).sort()) {
    hash.update(path).update(readFileSync(join(top, 'dist', path)));
  }
  return hash.digest('hex');
}

/** The results of earlier runs that still hold. */
function resultsLoad(): Map<string, Result> {
  mkdirSync(statePlace, { recursive: true });
  const of = fingerprint();
  const lines = existsSync(stateFile) ? readFileSync(stateFile, 'utf8').trim().split('\n') : [];
  if (lines[0] !== of) {
    writeFileSync(stateFile, `${of}\n`);
    return new Map();
  }
  return new Map(lines.slice(1).map((line) => JSON.parse(line) as Result).map((result) => [result.key, result]));
}

async function soak(): Promise<void> {
  const all = cases(), results = resultsLoad();
  const open = all.filter((one) => !results.has(keyOf(one)));
  process.on('SIGINT', () => { stopping = true; });
  const isTerminal = process.stderr.isTTY;
  const worker = async (): Promise<void> => {
    for (let one = open.shift(); one !== undefined && !stopping; one = open.shift()) {
      const result = await judge(one);
      // What was being searched for when the soak was stopped has not been found.
      if (stopping) return;
      results.set(result.key, result);
      appendFileSync(stateFile, `${JSON.stringify(result)}\n`);
      if (!result.passed) console.log(`failed: ${result.key}: ${result.why}`);
      if (isTerminal) process.stderr.write(`\r${results.size} of ${all.length} `);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  if (isTerminal) process.stderr.write('\r');
  const failed = [...results.values()].filter(({ passed }) => !passed);
  const rest = all.length - results.size;
  if (rest > 0) console.log(`stopped with ${rest} to go: \`make soak\` goes on`);
  console.log(`${results.size - failed.length} passed, ${failed.length} failed`);
  process.exitCode = stopping ? 130 : failed.length > 0 ? 1 : 0;
}

await soak();

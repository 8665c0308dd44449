/* fresh.ts: FRESH PROCESSES
 *
 * Every case is timed in a process of its own, so that no case finds the heap or the compiled code that another has
 * left behind <design/bench#.inv.fresh>. The bench itself only waits, and so hears a Ctrl-C at any time.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { median } from './timing.ts';

/** What a case measured: numbers and texts by name. */
export type Sample = Readonly<Record<string, number | string>>;

/** Runs a case once in a fresh process. Rejects, with what the case said, if it fails. */
export type Sampler = (name: string) => Promise<Sample>;

const running = new Set<ChildProcess>();

/** fresh -- run a case of `cases.ts` in a fresh process. */
export const fresh: Sampler = async (name) => {
  const text = await output(process.execPath, [fileURLToPath(new URL('./cases.js', import.meta.url)), name]);
  return JSON.parse(text) as Sample;
};

/** output -- what a program prints, once it has ended well; else an error with the last line that it had to say. */
export function output(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(child);
    let out = '', err = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text;
    });
    child.on('error', (error) => {
      running.delete(child);
      reject(error);
    });
    child.on('close', (code, signal) => {
      running.delete(child);
      if (code === 0) resolve(out);
      else reject(new Error(complaint(err) ?? `${program} ended with ${signal ?? `exit code ${code ?? 0}`}`));
    });
  });
}

/** complaint -- the line of a program's standard error that says what went wrong: of a stack trace, the error's own. */
function complaint(text: string): string | null {
  const lines = text.split('\n').map((line) => line.trim()).filter((line) => line !== '');
  return lines.find((line) => /\b(?:\w*Error|error|fatal)\b.*:/.test(line)) ?? lines[0] ?? null;
}

/** stopAll -- end every process that is still running. */
export function stopAll(): void {
  for (const child of running) child.kill('SIGKILL');
}

/** samples -- run each of several cases `times` times, in turn, so that a slow minute of the machine meets them all. */
export async function samples(
  sample: Sampler, names: readonly string[], times: number,
): Promise<ReadonlyMap<string, readonly Sample[]>> {
  const found = new Map<string, Sample[]>(names.map((name) => [name, []]));
  for (let round = 0; round < times; round++) {
    for (const [name, list] of found) list.push(await sample(name));
  }
  return found;
}

/** medianOf -- the median of one number of several samples. */
export const medianOf = (list: readonly Sample[], key: string): number => median(list.map((sample) => numberOf(sample, key)));

/** numberOf -- a number of a sample; an error if the case did not give it. */
export function numberOf(sample: Sample, key: string): number {
  const value = sample[key];
  if (typeof value !== 'number') throw new Error(`the case gave no number "${key}"`);
  return value;
}

/** messageOf -- what an error says, in one line. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error)).split('\n')[0];

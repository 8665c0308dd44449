/* native.ts: C PROGRAMS
 *
 * What is written in C is built with `cc` where there is one, and runs like any other case <design/bench#.native>.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageOf, output, type Sample } from './fresh.ts';

/** The C programs stand beside this file's source; the built bench lies two folders deeper. */
const FOLDER: string = import.meta.url.endsWith('.ts') ? './' : '../../../tool/bench/';

/** A C program that has been built: `run` gives a sample, `finish` removes it. Or what it lacks here, which is no failure. */
export type Native = { readonly run: () => Promise<Sample>; readonly finish: () => void } | { readonly missing: string };

/** nativeBuild -- build NAME.c, with `libraries` for the linker. Rejects if it cannot be compiled though everything is there. */
export async function nativeBuild(name: string, libraries: readonly string[] = []): Promise<Native> {
  const folder = mkdtempSync(join(tmpdir(), 'capstan-bench-')), program = join(folder, name);
  const finish = (): void => {
    process.off('exit', finish);
    rmSync(folder, { recursive: true, force: true });
  };
  // A Ctrl-C ends the process from outside of whoever would call it.
  process.on('exit', finish);
  try {
    await output('cc', ['-O2', '-o', program, fileURLToPath(new URL(`${FOLDER}${name}.c`, import.meta.url)), ...libraries]);
  } catch (error) {
    finish();
    const missing = nativeMissing(messageOf(error));
    if (missing === null) throw error;
    return { missing };
  }
  return { run: async () => JSON.parse(await output(program, [])) as Sample, finish };
}

/** nativeMissing -- what must be installed, as the compiler's message says it; null if the message says something else. */
export function nativeMissing(message: string): string | null {
  if (message.includes('ENOENT')) return 'there is no C compiler cc (install gcc)';
  if (/\bgc\.h\b|-lgc\b/.test(message)) return 'libgc is not installed (install libgc-dev)';
  return null;
}

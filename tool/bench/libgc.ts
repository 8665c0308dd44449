/* libgc.ts: THE C VERSION OF GCBENCH
 *
 * Builds gcbench.c with `cc` against Debian's libgc, where both are installed, and runs it <design/bench#.gcbench.libgc>.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageOf, output, type Sample } from './fresh.ts';

/** gcbench.c stands beside this file's source; the built bench lies two folders deeper. */
const source = fileURLToPath(new URL('../../../tool/bench/gcbench.c', import.meta.url));

/** What a C version gives: its samples, or why there are none. */
export type LibgcSamples = { readonly samples: readonly Sample[] } | { readonly missing: string };

/** libgcSamples -- build the C version and run it so many times. */
export async function libgcSamples(times: number): Promise<LibgcSamples> {
  const folder = mkdtempSync(join(tmpdir(), 'capstan-bench-'));
  try {
    const program = join(folder, 'gcbench');
    const missing = await build(program);
    if (missing !== null) return { missing };
    const samples: Sample[] = [];
    for (let i = 0; i < times; i++) samples.push(JSON.parse(await output(program, [])) as Sample);
    return { samples };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** build -- compile; null if that went well, else why it cannot be. */
async function build(program: string): Promise<string | null> {
  try {
    await output('cc', ['-O2', '-o', program, source, '-lgc']);
    return null;
  } catch (error) {
    const message = messageOf(error);
    if (message.includes('ENOENT')) return 'there is no C compiler cc (install gcc)';
    if (/gc\.h|-lgc/.test(message)) return 'libgc is not installed (install libgc-dev)';
    return message;
  }
}

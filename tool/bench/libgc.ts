/* libgc.ts: THE C VERSION OF GCBENCH
 *
 * Builds gcbench.c against Debian's libgc, where that is installed, and runs it <design/bench#.gcbench.libgc>.
 */
import type { Sample } from './fresh.ts';
import { nativeBuild } from './native.ts';

/** What a C version gives: its samples, or why there are none. */
export type LibgcSamples = { readonly samples: readonly Sample[] } | { readonly missing: string };

/** libgcSamples -- build the C version and run it so many times. */
export async function libgcSamples(times: number): Promise<LibgcSamples> {
  const native = await nativeBuild('gcbench', ['-lgc']);
  if ('missing' in native) return native;
  try {
    const samples: Sample[] = [];
    for (let i = 0; i < times; i++) samples.push(await native.run());
    return { samples };
  } finally {
    native.finish();
  }
}

/* program.ts: PROGRAM FILES
 *
 * Reads programs, and tells one from what it was when its run string was made <design/cli#.run>.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { UserError } from './exit.ts';

/** programRead -- a program's text; refused if a hash is given and the program has another. */
export function programRead(file: string, hash: string | undefined): string {
  let text = '';
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error;
    const why = error.code === 'ENOENT' ? 'there is no such file' : error.code === 'EISDIR' ? 'it is a directory' : `it cannot be read: ${error.message}`;
    throw new UserError(`${file}: ${why} (name a file with a Scheme program)`);
  }
  if (hash !== undefined && hash !== programHash(text)) throw new UserError(hashMessage(file, hash, text));
  return text;
}

/** programHash -- what tells a program from what it was. */
export const programHash = (text: string): string => `@${createHash('sha256').update(text).digest('hex').slice(0, 8)}`;

const hashMessage = (file: string, hash: string, text: string): string => (/^@[0-9a-f]{8}$/.test(hash)
  ? `${file} has changed: it was ${hash} and is ${programHash(text)} (leave ${hash} out to run it as it is)`
  : `"${hash}" is not the hash of a program (run one file at a time; a hash is as in ${programHash(text)})`);

/* lines.ts: FILES BY LINES
 *
 * Reads a text file of any size, or a pipe, also if it is compressed by gzip, which its first bytes tell and not its name
 * <design/cli#.lines>. An interruption ends the reading at once, also of a pipe or terminal that says nothing <design/cli#.lines.interrupt>.
 */
import { constants, createReadStream, fstatSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { addAbortSignal, pipeline, Readable } from 'node:stream';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { isatty, ReadStream } from 'node:tty';
import { createGunzip } from 'node:zlib';
import { UserError } from './exit.ts';
import { nameShown } from './print.ts';

/** Bytes read at a time. */
const ChunkSIZE = 64 * 1024;

/** The longest line, in characters: what has none as short is no text of lines. */
const LineMOST = 1024 * 1024;

/** Milliseconds by which an interruption may come after the end of a pipe whose writer it ended. */
const InterruptMS = 50;

/** How gzip's files begin. */
const Magic: readonly number[] = [0x1f, 0x8b];

type Chunks = AsyncIterable<Uint8Array>;

/** isStandardInput -- a name of what the process was given to read. */
export const isStandardInput = (file: string): boolean => file === '-' || file === '/dev/stdin';

/** interruptAwaited -- let a signal in that comes with the end of a file, before somebody takes that end for the file's own. */
export async function interruptAwaited(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await setTimeout(InterruptMS);
}

/** linesRead -- the lines of a file, so many at a time as are read at once; none any more when `signal` aborts
 *
 * Throws UserError if it cannot be read.
 */
export async function* linesRead(file: string, signal: AbortSignal): AsyncGenerator<readonly string[]> {
  try {
    for await (const lines of linesOf(await unpacked(addAbortSignal(signal, opened(file))), file, signal)) {
      await setImmediate();
      if (signal.aborted) return;
      yield lines;
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    await interruptAwaited(signal);
    if (!signal.aborted) throw error instanceof UserError ? error : new UserError(`${nameShown(file)}: ${why(error)}`);
  }
}

/** opened -- a stream of a file's bytes. A read that waits cannot be called off, so what may fall silent is polled instead. */
function opened(file: string): Readable {
  if (isStandardInput(file)) return process.stdin;
  const fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  if (isatty(fd)) return new ReadStream(fd);
  if (fstatSync(fd).isFIFO()) return new Socket({ fd, writable: false });
  return createReadStream(file, { fd, highWaterMark: ChunkSIZE });
}

/** unpacked -- bytes, decompressed if they need be. A pipe can be read but once, so what was looked at is handed on. */
async function unpacked(bytes: Chunks): Promise<Chunks> {
  const rest = bytes[Symbol.asyncIterator]();
  let begin: Uint8Array = new Uint8Array(0);
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) {
    begin = Buffer.concat([begin, next.value]);
    if (begin.length >= Magic.length) break;
  }
  const whole = joined(begin, rest);
  if (!Magic.every((byte, at) => begin[at] === byte)) return whole;
  // The error that a stream of the two ends with is thrown to whoever reads the last.
  return pipeline(Readable.from(whole), createGunzip({ chunkSize: ChunkSIZE }), () => undefined);
}

async function* joined(begin: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield begin;
  yield* { [Symbol.asyncIterator]: () => rest };
}

async function* linesOf(chunks: Chunks, file: string, signal: AbortSignal): AsyncGenerator<readonly string[]> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > LineMOST) {
      throw new UserError(`${nameShown(file)}: a line has more than ${LineMOST} characters: this is no file of lines`);
    }
    yield lines;
  }
  rest += decoder.decode();
  if (rest === '') return;
  await interruptAwaited(signal);
  yield [rest];
}

const advice = '(name a file of lines, as it is or compressed by gzip)';

function why(error: Error & { code?: unknown }): string {
  switch (error.code) {
    case 'ENOENT': case 'ENOTDIR': return `there is no such file ${advice}`;
    case 'EISDIR': return `it is a directory ${advice}`;
    case 'EACCES': case 'EPERM': return 'permission denied';
    case 'Z_BUF_ERROR': return 'its gzip data is cut off';
    default: return String(error.code).startsWith('Z_') ? 'its gzip data is damaged' : `it cannot be read: ${error.message}`;
  }
}

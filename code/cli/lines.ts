/* lines.ts: FILES BY LINES
 *
 * Reads a text file of any size, or a pipe, also if it is compressed by gzip, which its first bytes tell and not its name
 * <design/cli#.lines>.
 */
import { createReadStream } from 'node:fs';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { UserError } from './exit.ts';

/** Bytes read at a time. */
const ChunkSIZE = 64 * 1024;

/** The longest line, in characters: what has none as short is no text of lines. */
const LineMOST = 1024 * 1024;

/** How gzip's files begin. */
const Magic: readonly number[] = [0x1f, 0x8b];

type Chunks = AsyncIterable<Uint8Array>;

/** linesRead -- the lines of a file, so many at a time as are read at once. Throws UserError if it cannot be read. */
export async function* linesRead(file: string): AsyncGenerator<readonly string[]> {
  try {
    yield* linesOf(await unpacked(createReadStream(file, { highWaterMark: ChunkSIZE })), file);
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error instanceof UserError) throw error;
    throw new UserError(`${file}: ${why(error)} (name a file of lines, as it is or compressed by gzip)`);
  }
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

async function* linesOf(chunks: Chunks, file: string): AsyncGenerator<readonly string[]> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > LineMOST) throw new UserError(`${file}: a line has more than ${LineMOST} characters: this is no file of lines`);
    yield lines;
  }
  rest += decoder.decode();
  if (rest !== '') yield [rest];
}

function why(error: Error & { code?: unknown }): string {
  switch (error.code) {
    case 'ENOENT': return 'there is no such file';
    case 'EISDIR': return 'it is a directory';
    case 'Z_BUF_ERROR': return 'its gzip data is cut short';
    default: return `it cannot be read: ${error.message}`;
  }
}

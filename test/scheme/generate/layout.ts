/* layout.ts: PROGRAMS AS A PERSON WOULD BREAK THEM INTO LINES
 *
 * A failing program is read before anything else is done about it <design/testing#.generated>.
 */

const WIDTH = 118;
const token = /\s+|(#\\.[a-z]*|"(?:\\.|[^"\\])*"|#\(|[()]|['`]|,@|,|[^\s()'`,"]+)/gy;

/** A word, or a list with what stands before its first part. */
type Tree = string | { readonly open: string; readonly parts: Tree[] };

/** layout -- the same program, in lines that fit where they can */
export function layout(text: string): string {
  const words = Array.from(text.matchAll(token), (found) => found[1]).filter((word) => word !== undefined);
  let at = 0;
  const take = (): Tree => {
    const word = words[at++];
    if (/^['`,]@?$/.test(word)) {
      const inner = take();
      return typeof inner === 'string' ? word + inner : { open: word + inner.open, parts: inner.parts };
    }
    if (word !== '(' && word !== '#(') return word;
    const parts: Tree[] = [];
    while (words[at] !== ')') parts.push(take());
    at += 1;
    return { open: word, parts };
  };
  const lines: string[] = [];
  while (at < words.length) lines.push(place(take(), 0));
  return `${lines.join('\n')}\n`;
}

function flat(tree: Tree): string {
  return typeof tree === 'string' ? tree : `${tree.open}${tree.parts.map(flat).join(' ')})`;
}

function place(tree: Tree, column: number): string {
  const line = flat(tree);
  if (typeof tree === 'string' || column + line.length <= WIDTH || tree.parts.length < 2) return line;
  const [head, second, ...rest] = tree.parts, inner = column + tree.open.length + 1;
  const begin = `${tree.open}${place(head, inner)}`;
  const wide = typeof head === 'string' ? place(second, column + begin.length + 1) : null;
  const lines = wide === null ? [second, ...rest] : rest;
  const first = wide === null ? begin : `${begin} ${wide}`;
  return `${[first, ...lines.map((part) => ' '.repeat(inner) + place(part, inner))].join('\n')})`;
}

/* mps-names.ts: THE MPS'S NAMES
 *
 * Reads the list of the names of the MPS's interface with what Capstan has in their place <design/coverage#.names>.
 */

/** A name of the MPS's interface. */
export interface MpsName {
  readonly name: string;
  /** What there is here, in words for who reads. */
  readonly here: string;
  /** Calls of which one at least must be made by tests; none: it is deliberately different, and `here` says where that is stated. */
  readonly calls: readonly string[];
}

/** namesParse -- the names of a list: lines of a name, what is here, and the calls, between bars; # begins a comment. */
export function namesParse(text: string): MpsName[] {
  return text.split('\n').map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#')).map((line) => {
    const [name, here = '', calls = ''] = line.split('|').map((cell) => cell.trim());
    return { name, here, calls: calls.split(/\s+/).filter((call) => call !== '') };
  });
}

/** classesOf -- the classes whose calls a list asks for. */
export function classesOf(text: string): Set<string> {
  return new Set(namesParse(text).flatMap(({ calls }) => calls.map((call) => call.split('.')[0])));
}

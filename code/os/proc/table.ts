/* table.ts: TABLES AS TEXT
 *
 * Rows under headings, for the views of the system <design/views#.text>.
 */

/** A column: its heading, and how wide it is at least. Numbers and addresses are set to the right. */
export interface Column {
  readonly heading: string;
  readonly width: number;
  readonly isRight?: boolean;
}

/** Columns of text that people read without scrolling. */
export const TextWIDTH = 80;

/** tableText -- lines, the headings first; the last column takes what is left of a line and is cut there, with three dots. */
export function tableText(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const widths = columns.map(({ heading, width }, index) =>
    Math.max(width, heading.length, ...(index === columns.length - 1 ? [] : rows.map((row) => row[index].length))));
  const line = (cells: readonly string[]): string => cut(cells.map((cell, index) =>
    (columns[index].isRight === true ? cell.padStart(widths[index]) : cell.padEnd(widths[index]))).join(' ').trimEnd());
  return [line(columns.map(({ heading }) => heading)), ...rows.map(line)];
}

const cut = (line: string): string => (line.length > TextWIDTH ? `${line.slice(0, TextWIDTH - 3)}...` : line);

/* mutate.ts: EVERY SMALL CHANGE
 *
 * All the single changes of a source that its syntax suggests: what is compared, computed, masked, chosen, returned or done, one thing
 * wrong at a time <design/mutants#.change>. A change is named by what stands around it, never by a line, so names outlive edits elsewhere.
 */
import { posix } from 'node:path';
import ts from 'typescript';

/** One change of a source. */
export interface Change {
  /** File, function, the text before and after; a number too, where a function has the same change in several places. */
  readonly name: string;
  /** From the repository's root. */
  readonly file: string;
  /** What is replaced: characters [base, limit) of the file. */
  readonly base: number;
  readonly limit: number;
  readonly text: string;
}

/** changeApply -- the text of the file with the change in it. */
export const changeApply = ({ base, limit, text }: Change, source: string): string => source.slice(0, base) + text + source.slice(limit);

/** A name shows as much around a change as fits in so many characters, for the change alone says little. */
const ContextMAX = 60;

/** And at least so many on either side, where what stands around it is longer. */
const ContextMARGIN = 24;

/** What a binary operator is taken for. */
const operators: Readonly<Record<string, readonly string[]>> = {
  '<': ['<=', '>='], '<=': ['<', '>'], '>': ['>=', '<='], '>=': ['>', '<'], '===': ['!=='], '!==': ['==='],
  '+': ['-'], '-': ['+'], '*': ['/'], '/': ['*'], '%': ['*'], '**': ['*'],
  '&': ['|'], '|': ['&'], '^': ['|', '&'], '<<': ['>>'], '>>': ['<<'], '>>>': ['>>', '<<'],
  '&&': ['||'], '||': ['&&'],
  '+=': ['-='], '-=': ['+='], '&=': ['|='], '|=': ['&='], '^=': ['|='], '<<=': ['>>='], '>>=': ['<<='], '||=': ['&&='], '&&=': ['||='],
};

/** Operators of which either side alone is tried too: a condition less, a mask less, a field less. */
const halved: ReadonlySet<string> = new Set(['&&', '||', '??', '&', '|', '^']);

/** Functions that are taken for each other. */
const siblings: ReadonlyMap<string, string> = new Map([
  ['asUintN', 'asIntN'], ['asIntN', 'asUintN'], ['min', 'max'], ['max', 'min'], ['floor', 'ceil'], ['ceil', 'floor'],
  ['every', 'some'], ['some', 'every'],
]);

/** Takes a piece of syntax, and the texts to try in its place. */
type Emit = (node: ts.Node, ...texts: readonly string[]) => void;

const isFunction = (node: ts.Node | undefined): boolean => node !== undefined && (ts.isArrowFunction(node) || ts.isFunctionExpression(node));

/** nameOf -- what a declaration calls what is in it; null if the node is no such declaration. */
function nameOf(node: ts.Node): string | null {
  if (ts.isFunctionDeclaration(node) || ts.isClassDeclaration(node)) return node.name?.getText() ?? null;
  if (ts.isMethodDeclaration(node) || ts.isPropertyDeclaration(node) || ts.isPropertyAssignment(node)) return node.name.getText();
  if (ts.isConstructorDeclaration(node)) return 'constructor';
  if (!ts.isVariableDeclaration(node)) return null;
  return ts.isSourceFile(node.parent.parent.parent) || isFunction(node.initializer) ? node.name.getText() : null;
}

/** isErased -- whether TypeScript removes the node, or it says only what is imported. */
const isErased = (node: ts.Node): boolean => ts.isTypeNode(node) || ts.isImportDeclaration(node) || ts.isExportDeclaration(node)
  || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node);

/** literalBeside -- the numbers beside a literal, written as it is. */
function literalBeside(text: string): string[] {
  const big = text.endsWith('n'), digits = text.replaceAll('_', '').replace(/n$/, '');
  if (/[.e]/i.test(digits) && !/^0x/i.test(digits)) return [];
  const value = BigInt(digits), radix = /^0x/i.test(digits) ? 16 : 10;
  const write = (number: bigint): string => `${radix === 16 ? '0x' : ''}${number.toString(radix)}${big ? 'n' : ''}`;
  return value === 0n ? [write(1n), `(-1${big ? 'n' : ''})`] : [write(value + 1n), write(value - 1n)];
}

function binary(node: ts.BinaryExpression, emit: Emit): void {
  const { left, right, operatorToken } = node, operator = operatorToken.getText();
  emit(operatorToken, ...operators[operator] ?? []);
  if (operator === '>>' && ts.isNumericLiteral(right)) emit(operatorToken, '>>>');
  if (halved.has(operator)) emit(node, left.getText(), right.getText());
}

function unary(node: ts.PrefixUnaryExpression, emit: Emit): void {
  const operand = node.operand.getText();
  switch (node.operator) {
    case ts.SyntaxKind.ExclamationToken: case ts.SyntaxKind.MinusToken: case ts.SyntaxKind.TildeToken: emit(node, operand); break;
    case ts.SyntaxKind.PlusPlusToken: emit(node, `--${operand}`); break;
    case ts.SyntaxKind.MinusMinusToken: emit(node, `++${operand}`); break;
    default:
  }
}

function call(node: ts.CallExpression, emit: Emit): void {
  if (!ts.isPropertyAccessExpression(node.expression)) return;
  const { name } = node.expression, sibling = siblings.get(name.text);
  if (sibling !== undefined) emit(name, sibling);
  if (name.text === 'asUintN' || name.text === 'asIntN') emit(node, `(${node.arguments[1].getText()})`);
}

function statement(node: ts.Statement, emit: Emit): void {
  if (ts.isIfStatement(node)) emit(node.expression, 'true', 'false');
  else if (ts.isWhileStatement(node) || ts.isDoStatement(node)) emit(node.expression, 'false');
  else if (ts.isExpressionStatement(node)) emit(node, ';');
  else if (ts.isReturnStatement(node) && ts.isCaseOrDefaultClause(node.parent)) emit(node, ';');
}

/** changesAt -- the changes of one node, without those of what is in it. */
function changesAt(node: ts.Node, emit: Emit): void {
  if (ts.isBinaryExpression(node)) binary(node, emit);
  else if (ts.isPrefixUnaryExpression(node)) unary(node, emit);
  else if (ts.isCallExpression(node)) call(node, emit);
  else if (ts.isConditionalExpression(node)) emit(node, `(${node.whenTrue.getText()})`, `(${node.whenFalse.getText()})`);
  else if (ts.isNumericLiteral(node) || ts.isBigIntLiteral(node)) emit(node, ...literalBeside(node.getText()));
  else if (ts.isStringLiteral(node)) emit(node, node.text === '' ? "'?'" : "''");
  else if (node.kind === ts.SyntaxKind.TrueKeyword) emit(node, 'false');
  else if (node.kind === ts.SyntaxKind.FalseKeyword) emit(node, 'true');
  else if (ts.isStatement(node)) statement(node, emit);
}

const isLimit = (node: ts.Node): boolean => ts.isSourceFile(node) || ts.isBlock(node) || ts.isVariableDeclarationList(node)
  || ts.isFunctionLike(node) || ts.isClassElement(node) || ts.isPropertyAssignment(node) || ts.isObjectLiteralExpression(node);

/** contextOf -- where the piece of text begins and ends that tells a change of `node` from others: the widest syntax around it, within its
 * statement or declaration, that a name has room for. */
function contextOf(node: ts.Node): readonly [base: number, limit: number] {
  let context = node, at = node;
  for (; !isLimit(at) && at.getText().length <= ContextMAX; at = at.parent) context = at;
  let base = context.getStart(), limit = context.end;
  if (isLimit(at) || limit - base > ContextMARGIN) return [base, limit];
  const text = node.getSourceFile().text, isWord = (place: number): boolean => /[\w.]/.test(text.charAt(place));
  base = Math.max(at.getStart(), base - ContextMARGIN);
  limit = Math.min(at.end, limit + ContextMARGIN);
  while (isWord(base - 1)) base -= 1;
  while (isWord(limit)) limit += 1;
  return [base, limit];
}

/** briefOf -- a text on one line, without its middle if it is long. */
function briefOf(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= 2 * ContextMAX ? line : `${line.slice(0, ContextMARGIN)} ... ${line.slice(-ContextMARGIN)}`;
}

/** changesOf -- every change of a source, or of `only` one function of it, in order of place; no two give the same text. */
export function changesOf(file: string, text: string, only: string | null = null): Change[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2023, true);
  const changes: Change[] = [], seen = new Set<string>(), times = new Map<string, number>();
  const add = (node: ts.Node, replacement: string, where: string): void => {
    const base = node.getStart(), limit = node.end, [from, to] = contextOf(node);
    const before = briefOf(text.slice(from, to)), after = briefOf(text.slice(from, base) + replacement + text.slice(limit, to));
    const key = `${base} ${limit} ${replacement}`, name = `${posix.basename(file)} ${where}: ${before} -> ${after}`;
    if (seen.has(key)) return;
    const count = (times.get(name) ?? 0) + 1;
    seen.add(key);
    times.set(name, count);
    changes.push({ name: count === 1 ? name : `${name} (${count})`, file, base, limit, text: replacement });
  };
  const visit = (node: ts.Node, where: string): void => {
    if (isErased(node)) return;
    const name = nameOf(node), inside = name === null ? where : where === '' ? name : `${where}.${name}`;
    if (only === null || inside === only || inside.startsWith(`${only}.`)) changesAt(node, (at, ...texts) => texts.forEach((each) => add(at, each, inside)));
    ts.forEachChild(node, (child) => visit(child, inside));
  };
  visit(source, '');
  return changes;
}

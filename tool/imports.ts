/* imports.ts: WHAT A MODULE IMPORTS
 *
 * The imports of one file as TypeScript itself parses them, values told from types <design/floors#.imports>.
 */
import ts from 'typescript';

/** One import, export-from, import type or import() of a file. */
export interface Import {
  /** As written; null where it is computed at run time. */
  readonly specifier: string | null;
  /** False where the import vanishes when types are erased. */
  readonly isValue: boolean;
  /** From 1. */
  readonly line: number;
}

const textOf = (node: ts.Node | undefined): string | null =>
  (node !== undefined && ts.isStringLiteralLike(node) ? node.text : null);

/** importOf -- what a syntax node imports: null if nothing.
 *
 * Under verbatimModuleSyntax `import { type A } from` is kept, without its names, so it counts as a value import.
 */
function importOf(node: ts.Node): Omit<Import, 'line'> | null {
  if (ts.isImportDeclaration(node)) {
    return { specifier: textOf(node.moduleSpecifier), isValue: node.importClause?.phaseModifier !== ts.SyntaxKind.TypeKeyword };
  }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined) {
    return { specifier: textOf(node.moduleSpecifier), isValue: !node.isTypeOnly };
  }
  if (ts.isImportTypeNode(node)) {
    return { specifier: ts.isLiteralTypeNode(node.argument) ? textOf(node.argument.literal) : null, isValue: false };
  }
  if (ts.isImportEqualsDeclaration(node) && ts.isExternalModuleReference(node.moduleReference)) {
    return { specifier: textOf(node.moduleReference.expression), isValue: !node.isTypeOnly };
  }
  if (ts.isCallExpression(node)) {
    const isRequire = ts.isIdentifier(node.expression) && node.expression.text === 'require';
    if (isRequire || node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      return { specifier: textOf(node.arguments[0]), isValue: true };
    }
  }
  return null;
}

/** importsOf -- the imports of a file, in order. */
export function importsOf(file: string, text: string): Import[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2023);
  const found: Import[] = [];
  const visit = (node: ts.Node): void => {
    const imported = importOf(node);
    if (imported !== null) {
      found.push({ ...imported, line: source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1 });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

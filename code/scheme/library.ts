/* library.ts: LIBRARIES AND FEATURES
 *
 * import of the standard libraries, which are all there from the beginning; cond-expand; and what there is not:
 * include and define-library <design/expander#.def.library>.
 */
import { sequence } from './build.ts';
import type { Datum, PairDatum, Position } from './datum.ts';
import { SchemeSyntaxError } from './datum.ts';
import { datumPosition, datumText, formParts, properList } from './form.ts';
import type { Scope, SpecialBinding } from './scope.ts';
import { auxiliary } from './scope.ts';

/** What cond-expand and the procedure `features` know. */
export const SchemeFEATURES: readonly string[] = ['r7rs', 'capstan', 'full-unicode', 'ieee-float'];

const LIBRARIES: ReadonlySet<string> = new Set([
  'base', 'case-lambda', 'char', 'cxr', 'eval', 'file', 'inexact', 'lazy', 'load', 'process-context', 'read', 'repl',
  'time', 'write', 'r5rs',
].map((name) => `(scheme ${name})`));

const IMPORT = '(import (scheme base) ...)';

/** importCheck -- accept an import of libraries that are there; their names are bound from the beginning */
export function importCheck(form: PairDatum): void {
  for (const set of formParts(form, 1, Infinity, IMPORT)) importSet(set, form.at);
}

function importSet(written: Datum, near: Position): void {
  let set = written;
  for (;;) {
    const at = datumPosition(set, near);
    const parts = properList(set, at, 'an import set', IMPORT);
    const [head, inner] = parts;
    if (head?.type !== 'symbol') throw new SchemeSyntaxError(at, `${datumText(set)} is not an import set`, `write ${IMPORT}`);
    const library = inner?.type === 'pair' && parts.length >= 2;
    if (library && (head.name === 'prefix' || head.name === 'rename')) {
      throw new SchemeSyntaxError(at, `import with ${head.name} is absent`, 'import the library and define the other names');
    }
    if (!library || (head.name !== 'only' && head.name !== 'except')) {
      libraryCheck(set, at);
      return;
    }
    set = inner;
  }
}

function libraryCheck(name: Datum, at: Position): void {
  if (LIBRARIES.has(datumText(name))) return;
  if (datumText(name) === '(scheme complex)') {
    throw new SchemeSyntaxError(at, 'the library (scheme complex) is absent', 'there are only integers and reals');
  }
  throw new SchemeSyntaxError(at, `unknown library ${datumText(name)}`, `known are ${[...LIBRARIES].join(' ')}`);
}

const COND = '(cond-expand (FEATURE FORM ...) ... [(else FORM ...)])';

/** conditionalForms -- the forms of the first clause of a cond-expand that holds; none if none does */
export function conditionalForms(form: PairDatum, scope: Scope): readonly Datum[] {
  const clauses = formParts(form, 1, Infinity, COND);
  for (const [i, clause] of clauses.entries()) {
    const at = datumPosition(clause, form.at);
    const [requirement, ...forms] = properList(clause, at, 'a clause of cond-expand', COND);
    if (requirement === undefined) throw new SchemeSyntaxError(at, 'an empty clause of cond-expand', `write ${COND}`);
    if (auxiliary(requirement, scope) === 'else' && i < clauses.length - 1) {
      throw new SchemeSyntaxError(at, 'else is not the last clause', 'move it to the end');
    }
    if (holds(requirement, at, 0)) return forms;
  }
  return [];
}

const RequirementDEPTH = 100;

/** Whether a feature requirement holds. */
function holds(requirement: Datum, near: Position, level: number): boolean {
  const at = datumPosition(requirement, near);
  if (level > RequirementDEPTH) throw new SchemeSyntaxError(at, 'a requirement is nested too deeply', `at most ${RequirementDEPTH} levels`);
  if (requirement.type === 'symbol') return requirement.name === 'else' || SchemeFEATURES.includes(requirement.name);
  const [head, ...parts] = properList(requirement, at, 'a requirement', COND);
  const each = (part: Datum): boolean => holds(part, at, level + 1);
  switch (head?.type === 'symbol' ? head.name : '') {
    case 'and': return parts.every(each);
    case 'or': return parts.some(each);
    case 'not': return !each(onlyPart(parts, at));
    case 'library': return LIBRARIES.has(datumText(onlyPart(parts, at)));
    default: throw new SchemeSyntaxError(at, `${datumText(requirement)} is not a feature requirement`, 'write a name, (and ...), (or ...), (not ...) or (library ...)');
  }
}

function onlyPart(parts: readonly Datum[], at: Position): Datum {
  const [part] = parts;
  if (part === undefined || parts.length > 1) throw new SchemeSyntaxError(at, `this requirement takes 1 part, got ${parts.length}`, 'write (not FEATURE) or (library NAME)');
  return part;
}

const condExpand: SpecialBinding['expand'] = (x, form, scope) => sequence(x.exprs(conditionalForms(form, scope), scope, form.at));

function absent(what: string, hint: string): SpecialBinding['expand'] {
  return (_x, form) => {
    throw new SchemeSyntaxError(form.at, `${datumText(form.car)} ${what}`, hint);
  };
}

const special = (name: string, expand: SpecialBinding['expand']): SpecialBinding => ({ kind: 'special', name, role: 'definition', expand });
const include = absent('is absent', 'put the forms into this file');

export const libraries: readonly SpecialBinding[] = [
  special('cond-expand', condExpand), special('import', absent('out of place', 'import stands at the top level')),
  special('include', include), special('include-ci', include),
  special('define-library', absent('is not supported', 'put the definitions at the top level')),
];

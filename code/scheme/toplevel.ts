/* toplevel.ts: THE TOP LEVEL
 *
 * Definitions, macros and directives of a program, and the splicing of begin and cond-expand <design/expander#.def.toplevel>.
 */
import { sequence } from './build.ts';
import type { Datum, Position } from './datum.ts';
import { defineSyntax, definitionParse, topDefine } from './definitions.ts';
import type { Expander } from './expander.ts';
import { formParts, pushAll } from './form.ts';
import type { Expr } from './ir.ts';
import { conditionalForms, importCheck } from './library.ts';

/** toplevel -- the core form of one top-level datum, which may define any number of names */
export function toplevel(x: Expander, datum: Datum, at: Position): Expr {
  const made: Expr[] = [];
  const pending: Datum[] = [datum];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const form = x.macro(next, x.top);
    const special = x.special(form, x.top);
    if (form.type !== 'pair' || special?.role !== 'definition') {
      made.push(x.expr(form, x.top, at));
      continue;
    }
    switch (special.name) {
      case 'begin': pushAll(pending, formParts(form, 0, Infinity, '(begin FORM ...)')); break;
      case 'cond-expand': pushAll(pending, conditionalForms(form, x.top)); break;
      case 'define-syntax': defineSyntax(x, form, x.top); break;
      case 'import': importCheck(form); break;
      case 'include': case 'include-ci': case 'define-library': case 'include-library-declarations':
        made.push(special.expand(x, form, x.top));
        break;
      default: for (const each of topDefine(x, definitionParse(x, form, x.top, special))) made.push(each);
    }
  }
  return sequence(made);
}

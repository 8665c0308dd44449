/* syntax-rules.ts: SYNTAX-RULES
 *
 * Macros by pattern and template, hygienic by aliases <design/expander#.inv.hygiene>.
 */
import type { Datum, PairDatum, SymbolDatum } from './datum.ts';
import { SchemeSyntaxError } from './datum.ts';
import { datumPosition, datumText, formParts, properList, symbolPart } from './form.ts';
import type { Matches, Pattern, Rules } from './pattern.ts';
import { patternCompile, patternMatch, patternUsage } from './pattern.ts';
import type { Key, Scope } from './scope.ts';
import type { Budget, Template } from './template.ts';
import { templateCompile, templateFill } from './template.ts';

const USAGE = '(syntax-rules (LITERAL ...) (PATTERN TEMPLATE) ...)';
/** Patterns that an error shows. */
const ShownMAX = 3;

interface Rule { readonly pattern: Pattern; readonly template: Template; readonly written: Datum }

/** The meaning of a macro: its rules and where they are written. */
export class SyntaxRules {
  private readonly rules: Rules;
  private readonly list: readonly Rule[];

  /** `form` is the whole syntax-rules form, `scope` where it stands. Throws SchemeSyntaxError. */
  constructor(form: PairDatum, scope: Scope) {
    let parts = formParts(form, 1, Infinity, USAGE);
    let ellipsis: SymbolDatum | null = null;
    if (parts[0]?.type === 'symbol') {
      ellipsis = parts[0];
      parts = parts.slice(1);
    }
    const [first, ...rules] = parts;
    if (first === undefined) throw new SchemeSyntaxError(form.at, 'syntax-rules without a list of literals', `write ${USAGE}`);
    const literals = properList(first, form.at, 'the list of literals', USAGE).map((literal) =>
      symbolPart(literal, form.at, 'a literal of syntax-rules', USAGE));
    this.rules = { scope, literals, ellipsis };
    this.list = rules.map((rule) => this.compile(rule, form));
  }

  /** expand -- what a use of the macro stands for; all of it stands where the use does */
  expand(form: PairDatum, name: string, use: Scope, budget: Budget): Datum {
    for (const rule of this.list) {
      const matches: Matches = new Map();
      if (!patternMatch(this.rules, rule.pattern, form.cdr, use, matches)) continue;
      return templateFill({ rules: this.rules, at: form.at, name, aliases: new Map(), budget }, rule.template, matches);
    }
    const shown = this.list.slice(0, ShownMAX).map((rule) => patternUsage(name, rule.written)).join(' or ');
    throw new SchemeSyntaxError(form.at, `no rule of ${name} matches ${datumText(form)}`, shown === '' ? 'the macro has no rules' : `write ${shown}`);
  }

  private compile(rule: Datum, form: PairDatum): Rule {
    const at = datumPosition(rule, form.at);
    const parts = properList(rule, at, 'a rule of syntax-rules', USAGE);
    const [pattern, template] = parts;
    if (pattern === undefined || template === undefined || parts.length !== 2) {
      throw new SchemeSyntaxError(at, 'a rule of syntax-rules is a pattern and a template', `write ${USAGE}`);
    }
    if (pattern.type !== 'pair' || pattern.car.type !== 'symbol') {
      throw new SchemeSyntaxError(datumPosition(pattern, at), 'a rule\'s pattern must be a list that begins with a name', 'write (_ PATTERN ...)');
    }
    const depths = new Map<Key, number>();
    // .keyword: the name at the head of a pattern stands for the macro and matches anything.
    const compiled = patternCompile(this.rules, pattern.cdr, depths, pattern.at);
    return { pattern: compiled, template: templateCompile(this.rules, template, depths, at), written: pattern };
  }
}

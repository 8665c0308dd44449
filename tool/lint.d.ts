/* lint.d.ts: what `lint.js` exports, for tests <design/check#.lint>. */
import type { Rule } from 'eslint';

export declare const noCatchAll: Rule.RuleModule;
export declare const averLiteral: Rule.RuleModule;
export declare const OutsideGLOBALS: readonly string[];
export declare const OutsidePROPERTIES: readonly (readonly [string | null, string])[];
declare const plugin: { rules: Record<string, Rule.RuleModule> };
export default plugin;

/* body.ts: BODIES
 *
 * Definitions at the head of a body, found by expanding macros as far as needed, and bound as by letrec*
 * <design/expander#.def.body>.
 */
import { named, sequence } from './build.ts';
import type { Datum, PairDatum, Position, SymbolDatum } from './datum.ts';
import { SchemeSyntaxError } from './datum.ts';
import { condExpand } from './conditional-expansion.ts';
import { defineParts, defineSyntax, defineValues } from './definitions.ts';
import type { Expander } from './expander.ts';
import { datumPosition, formParts } from './form.ts';
import type { Expr, Variable } from './ir.ts';
import { letrecGroup, letrecSplit } from './letrec.ts';
import { recordParse, recordItems } from './record.ts';
import type { LetrecGroup, Scope } from './scope.ts';

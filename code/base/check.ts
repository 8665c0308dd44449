/* check.ts: ASSERTIONS AND SIGNATURES
 *
 * An assertion that fails is a defect of Capstan or a broken rule of its interface; nobody catches it. Its message is
 * the tag of the invariant that is broken <design/check>.
 */

/** A broken invariant: the message is its design tag, or the rule of the interface that the caller broke. */
export class AverError extends Error {
  readonly code = 'CAPSTAN_AVER';
  override readonly name = 'AverError';
}

/** aver -- insist on an invariant; `message` is a literal, by preference its tag <design/check#.aver>. */
export function aver(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AverError(message);
}

/** The signature of a live structure; each class has its own <design/check#.sig>. */
export type Sig = number;

/** What a structure's signature is before it is complete and after it is finished. */
export const SigINVALID: Sig = 0;

/** checkSig -- a structure is complete, live and of the class it is taken for <design/check#.sig>. */
export function checkSig(structure: { readonly sig: Sig }, sig: Sig): void {
  aver(structure.sig === sig, '<design/check#.sig>');
}

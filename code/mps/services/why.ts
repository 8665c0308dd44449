/* why.ts: WHY A COLLECTION WAS STARTED
 *
 * Reasons as sentences, for messages <design/message#.why>.
 */
import type { Reason } from '../event.ts';
import { sizeText } from '../units.ts';

/** reasonText -- a reason as a sentence. */
export function reasonText(reason: Reason): string {
  switch (reason.why) {
    case 'client': return clientTexts[reason.what];
    case 'every-poll': return `A collection at every poll was asked for, and this is poll ${reason.poll}.`;
    case 'generation full':
      return `Generation ${reason.generation} of a chain is full: it has ${sizeText(reason.newSize)} of new objects, and capacity for ${sizeText(reason.capacity)}.`;
    case 'world':
      return `Everything has to be collected while there is memory for that: ${sizeText(Math.round(reason.available))} are available and ${sizeText(Math.round(reason.needed))} needed.`;
    case 'allocation failed':
      return `There was no memory for ${sizeText(reason.size)}, with ${sizeText(reason.committed)} of ${sizeText(reason.limit)} committed.`;
  }
}

/** What a client may have asked for. */
const clientTexts: Readonly<Record<(Reason & { why: 'client' })['what'], string>> = {
  collect: 'The client has asked for everything to be collected.',
  step: 'The client has time: everything is collected, step by step.',
};

/* variety.ts: THE VARIETY
 *
 * How much of itself a run checks: `rash` nothing on the critical path, `hot` what is cheap (the default), `cool`
 * everything. Chosen once, by CAPSTAN_CHECK, before anything else is loaded <design/check#.variety>.
 */

/** The three varieties, from the least checking to the most. */
export type Variety = 'rash' | 'hot' | 'cool';

const wanted: string = process.env['CAPSTAN_CHECK'] ?? 'hot';

if (wanted !== 'rash' && wanted !== 'hot' && wanted !== 'cool') {
  throw new RangeError(`CAPSTAN_CHECK is "${wanted}"; it must be rash, hot or cool`);
}

/** The variety of this process. */
export const variety: Variety = wanted;

/** True when everything is checked. Copy it into a module's own const before using it in a loop, so that it folds. */
export const cool: boolean = variety === 'cool';

/** True when not even the cheap checks of the critical path run. */
export const rash: boolean = variety === 'rash';

/* machine.ts: THE MACHINE
 *
 * The door of floor 1: addresses, tagged memory, page tables, capabilities and harts <design/machine>.
 */
export * from './address.ts';
export * from './fault.ts';
export * from './hart.ts';
export * from './memory.ts';
export * from './pages.ts';
export * from './slot.ts';

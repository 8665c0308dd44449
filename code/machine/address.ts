/* address.ts: ADDRESSES
 *
 * Virtual addresses have 43 bits and are exact as JavaScript numbers <design/machine#.address.exact>. The machine
 * keeps them as two 32-bit words; one high word, the *window*, is served by a flat page table, and within it the low
 * word alone says where <design/machine#.window>.
 */
declare const brand: unique symbol;

/** A number of type T that stands for one thing only. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** A virtual address: an integer from 0 to 2^43 - 1. */
export type Addr = Brand<number, 'Addr'>;

/** The low 32 bits of an address in the window, as a signed word: what slots and page tables are indexed by. */
export type Low = number;

/** The high word of every address in the window. */
export const WindowHIGH = 0x40;

/** How many address bits there are. */
export const AddressBITS = 43;

export const PageSHIFT = 12;
export const PageSIZE = 4096;
export const GranuleSHIFT = 4;
/** Bytes that share one tag, and the size and alignment of a capability in memory. */
export const GranuleSIZE = 16;

/** addrOfWindow -- the whole address of a place in the window. */
export const addrOfWindow = (low: Low): Addr => (WindowHIGH * 0x1_0000_0000 + (low >>> 0)) as Addr;

/** lowOfAddr -- the low word of an address, as the machine keeps it. */
export const lowOfAddr = (addr: Addr): Low => addr | 0;

/** highOfAddr -- the high word of an address. */
export const highOfAddr = (addr: Addr): number => Math.floor(addr / 0x1_0000_0000);

/** addrOfWords -- an address from its two words; the high word may be any 32 bits. */
export const addrOfWords = (low: number, high: number): Addr => ((high >>> 0) * 0x1_0000_0000 + (low >>> 0)) as Addr;

/** lowOffset -- the low word of (address + offset) mod 2^64; `offset` is an integer below 2^52 either way. */
export const lowOffset = (low: number, offset: number): number => (low + offset) | 0;

/** highOffset -- the high word of (address + offset) mod 2^64, from the address's two words. */
export const highOffset = (low: number, high: number, offset: number): number =>
  (high + Math.floor(((low >>> 0) + offset) / 0x1_0000_0000)) | 0;

/* vm.ts: THE VIRTUAL MACHINE
 *
 * Runs instructions (opcodes.ts) on the hart's slots. Code, closures and every value are in the heap or in slots; this object
 * holds the running frame's number, an offset into its code, and fuel: nothing that a collection could make wrong
 * <design/vm#.state>.
 *
 * .fast: The loop makes the checks of a hart's access in place, with the arrays in locals, and leaves whatever fails them to
 * the hart <design/vm#.fast>. In `cool` each is made through the hart first, for its checks.
 */
/* eslint-disable max-lines -- the arms of one switch <design/vm#.why.one-loop> */
import { cool } from '../base/base.ts';
import { PageLOADCAP, PageREAD, PermDATA, PermLOADCAP, WindowHIGH, slotDecode } from '../machine/machine.ts';
import { SchemeHalt, SchemeRaise } from './errors.ts';
import {
  ConstantFALSE, ConstantNULL, HeaderFOURTH, KindCLOSURE, KindPRIMITIVE, ObjectMIN, PairSIZE, SlotCODE, SlotCONT,
  SlotHANDLERS, SlotPARAMS, SlotRESULT, SlotVM1, SlotWINDERS, WindowBASE,
} from './kinds.ts';
import { LinkBITS, LinkMASK } from './opcodes.ts';
import { Procedures } from './procedure.ts';

// Copies, for V8 folds a module's own constants but not imported ones <design/critical-path#.fold>.
const COOL = cool;
const LOADCAP: number = PermLOADCAP;
/** A page whose tags reach registers in every generation. */
const LoadRIGHTS: number = PageREAD | PageLOADCAP;
const FALSE = ConstantFALSE;
const NULL = ConstantNULL;
const PAIR = PairSIZE;
const CLOSURE = KindCLOSURE;
const PRIMITIVE = KindPRIMITIVE;
const OBJECT = ObjectMIN;
const BITS = LinkBITS;
const MASK = LinkMASK;
const CODE = SlotCODE;
const FRAME = HeaderFOURTH;
const WINDOW = WindowHIGH;
const DATA: number = PermDATA;
/** How bounds below 4 KiB stand in memory <design/machine#.slot>. */
const BoundsNULL = 0x18004;
const BoundsEXACT = 1 << 26;

/** What `run` says: the fuel ran out, or the program has ended (Vm.failure says how). */
export type Progress = 'more' | 'done';

/** A Scheme thread: one hart, one allocation point, one program at a time. */
export class Vm extends Procedures {
  private fuel: number = 0;

  /** begin -- make the procedure in a slot, of no arguments, what `run` runs. */
  begin(closure: number): void {
    const hart = this.hart;
    hart.move(SlotVM1, closure);
    hart.clear(SlotCONT);
    hart.clear(SlotRESULT);
    for (const register of [SlotHANDLERS, SlotWINDERS, SlotPARAMS]) this.setConstant(register, ConstantNULL);
    this.failure = null;
    this.exitCode = null;
    this.reset();
    this.raiseTop(WindowBASE + 2);
    this.linkBottom();
    hart.move(WindowBASE + 1, SlotVM1);
    this.clearScratch();
    this.enterClosure(WindowBASE, 0);
  }

  /** run -- run until the program ends or `fuel` calls and loops have been made; the rest is run by calling again. */
  run(fuel: number): Progress {
    this.fuel = fuel;
    this.ballast();
    for (;;) {
      try {
        return this.execute();
      } catch (error) {
        if (error instanceof SchemeHalt) return this.halt();
        if (!(error instanceof SchemeRaise)) throw error;
        if (!this.tryRaise(error)) return this.halt();
      }
    }
  }

  private tryRaise(error: SchemeRaise): boolean {
    try {
      this.raise(error);
      return true;
    } catch (halt) {
      if (halt instanceof SchemeHalt) return false;
      throw halt;
    }
  }

  private halt(): Progress {
    if (this.failure === null) this.hart.move(SlotRESULT, WindowBASE);
    return 'done';
  }

  /** execute -- the loop. .critical <design/vm#.fast>
   *
   * Words of slots are indexed from `fpw`, the frame's first. A `break` out of the switch is a call: its frame begins at word
   * `base`, callee and `argc` arguments in place; everything else continues.
   */
  private execute(): Progress {
    const hart = this.hart, r = hart.r, i32 = hart.i32, tags = hart.tags, pte = hart.pte, codes = this.codes;
    let fpw = this.fp << 3, pc = this.pc, argc = this.argc, fuel = this.fuel, base = 0, tail = false;
    // Whether the locals say how things stand; a method that changes fields may throw in the middle.
    let local = true;
    try {
      for (;;) {
        let w0: number, w1: number;
        {
          const at = ((r[0]) + pc) | 0, e = pte[at >>> 12];
          if (!COOL && pc >>> 0 <= (r[5]) - 8 && (e & 1) !== 0) {
            const p = ((e & -4096) | (at & 4095)) >>> 2;
            w0 = i32[p];
            w1 = i32[p + 1];
          } else {
            w0 = hart.load32(CODE, pc);
            w1 = hart.load32(CODE, pc + 4);
          }
        }
        pc += 8;
        const a = fpw + (w0 >>> 16);
        switch (w0 & 0xffff) {
          case 0: { // OpMOVE
            const b = fpw + (w1 & 0xffff);
            r[a] = r[b];
            r[a + 1] = r[b + 1];
            r[a + 2] = r[b + 2];
            r[a + 3] = r[b + 3];
            r[a + 4] = r[b + 4];
            r[a + 5] = r[b + 5];
            r[a + 6] = r[b + 6];
            continue;
          }
          case 1: // OpFIX
            r[a] = w1;
            r[a + 1] = w1 >> 31;
            r[a + 2] = 1;
            r[a + 3] = 0;
            r[a + 4] = 0;
            r[a + 5] = 0;
            r[a + 6] = 0;
            continue;
          case 2: // OpIMM
            r[a] = w1 >>> 16;
            r[a + 1] = 0;
            r[a + 2] = w1 & 0xffff;
            r[a + 3] = 0;
            r[a + 4] = 0;
            r[a + 5] = 0;
            r[a + 6] = 0;
            continue;
          case 3: // OpCONST
            hart.loadCap(a >> 3, CODE, (w1 >>> 16) << 4);
            continue;
          case 4: // OpFREE
            hart.loadCap(a >> 3, (fpw >> 3) + 1, (w1 >>> 16) << 4);
            continue;
          case 5: // OpGREF
            this.globalSlow(a >> 3, w1 >>> 16);
            continue;
          case 6: // OpGSET
            this.globalSet(w1 >>> 16, (fpw + (w1 & 0xffff)) >> 3, false);
            continue;
          case 7: // OpGDEF
            this.globalSet(w1 >>> 16, (fpw + (w1 & 0xffff)) >> 3, true);
            continue;
          case 8: // OpBOX
            hart.top = (fpw >> 3) + hart.load32(CODE, FRAME);
            this.makeBox(a >> 3, (fpw + (w1 & 0xffff)) >> 3);
            continue;
          case 9: // OpBOXREF
            hart.loadCap(a >> 3, (fpw + (w1 & 0xffff)) >> 3, 0);
            continue;
          case 10: // OpBOXREFCHECK
            this.boxRefCheck(a >> 3, (fpw + (w1 & 0xffff)) >> 3, w1 >>> 16);
            continue;
          case 11: // OpBOXSET
            hart.storeCap(a >> 3, 0, (fpw + (w1 & 0xffff)) >> 3);
            continue;
          case 12: // OpJUMP
            pc += w1 << 3;
            continue;
          case 13: // OpLOOP
            pc += w1 << 3;
            fuel -= 1;
            if (fuel > 0) continue;
            hart.top = (fpw >> 3) + hart.load32(CODE, FRAME);
            return 'more';

          // Tests
          case 14: // OpIF
            if (r[a] === FALSE && r[a + 2] === 0 && r[a + 3] === 0) pc += (w1 >> 16) << 3;
            continue;
          case 15: // OpIFNOT
            if (r[a] !== FALSE || r[a + 2] !== 0 || r[a + 3] !== 0) pc += (w1 >> 16) << 3;
            continue;
          case 16: // OpIFNULL
            if (r[a] !== NULL || r[a + 2] !== 0 || r[a + 3] !== 0) {
              if (r[a + 4] === 0 && r[a + 3] !== 0) this.sound(a >> 3);
              pc += (w1 >> 16) << 3;
            }
            continue;
          case 17: // OpIFPAIR
            if (r[a + 5] !== PAIR) {
              if (r[a + 4] === 0 && r[a + 3] !== 0) this.sound(a >> 3);
              pc += (w1 >> 16) << 3;
            }
            continue;
          case 18: { // OpIFEQ
            const b = fpw + (w1 & 0xffff);
            if (r[a] !== r[b] || r[a + 2] !== r[b + 2] || r[a + 1] !== r[b + 1] || r[a + 3] !== r[b + 3]) pc += (w1 >> 16) << 3;
            continue;
          }
          case 19: { // OpIFLT
            const b = fpw + (w1 & 0xffff), x = r[a], y = r[b];
            const small = (((r[a + 2]) ^ 1) | (r[a + 3]) | ((r[b + 2]) ^ 1) | (r[b + 3])
              | ((r[a + 1]) ^ (x >> 31)) | ((r[b + 1]) ^ (y >> 31))) === 0;
            if (!(small ? x < y : this.compare('<', a >> 3, b >> 3))) pc += (w1 >> 16) << 3;
            continue;
          }
          case 20: { // OpIFLE
            const b = fpw + (w1 & 0xffff), x = r[a], y = r[b];
            const small = (((r[a + 2]) ^ 1) | (r[a + 3]) | ((r[b + 2]) ^ 1) | (r[b + 3])
              | ((r[a + 1]) ^ (x >> 31)) | ((r[b + 1]) ^ (y >> 31))) === 0;
            if (!(small ? x <= y : this.compare('<=', a >> 3, b >> 3))) pc += (w1 >> 16) << 3;
            continue;
          }
          case 21: { // OpIFNUMEQ
            const b = fpw + (w1 & 0xffff), x = r[a], y = r[b];
            const small = (((r[a + 2]) ^ 1) | (r[a + 3]) | ((r[b + 2]) ^ 1) | (r[b + 3])
              | ((r[a + 1]) ^ (x >> 31)) | ((r[b + 1]) ^ (y >> 31))) === 0;
            if (!(small ? x === y : this.compare('=', a >> 3, b >> 3))) pc += (w1 >> 16) << 3;
            continue;
          }
          case 60: { // OpIFGT
            const b = fpw + (w1 & 0xffff), x = r[a], y = r[b];
            const small = (((r[a + 2]) ^ 1) | (r[a + 3]) | ((r[b + 2]) ^ 1) | (r[b + 3])
              | ((r[a + 1]) ^ (x >> 31)) | ((r[b + 1]) ^ (y >> 31))) === 0;
            if (!(small ? x > y : this.compare('>', a >> 3, b >> 3))) pc += (w1 >> 16) << 3;
            continue;
          }
          case 61: { // OpIFGE
            const b = fpw + (w1 & 0xffff), x = r[a], y = r[b];
            const small = (((r[a + 2]) ^ 1) | (r[a + 3]) | ((r[b + 2]) ^ 1) | (r[b + 3])
              | ((r[a + 1]) ^ (x >> 31)) | ((r[b + 1]) ^ (y >> 31))) === 0;
            if (!(small ? x >= y : this.compare('>=', a >> 3, b >> 3))) pc += (w1 >> 16) << 3;
            continue;
          }
          case 22: { // OpIFLTI
            const x = r[a], y = (w1 << 16) >> 16;
            const small = (((r[a + 2]) ^ 1) | (r[a + 3]) | ((r[a + 1]) ^ (x >> 31))) === 0;
            if (!(small ? x < y : this.compareSmall('<', a >> 3, y))) pc += (w1 >> 16) << 3;
            continue;
          }
          case 23: { // OpIFLEI
            const x = r[a], y = (w1 << 16) >> 16;
            const small = (((r[a + 2]) ^ 1) | (r[a + 3]) | ((r[a + 1]) ^ (x >> 31))) === 0;
            if (!(small ? x <= y : this.compareSmall('<=', a >> 3, y))) pc += (w1 >> 16) << 3;
            continue;
          }
          case 24: { // OpIFGTI
            const x = r[a], y = (w1 << 16) >> 16;
            const small = (((r[a + 2]) ^ 1) | (r[a + 3]) | ((r[a + 1]) ^ (x >> 31))) === 0;
            if (!(small ? x > y : this.compareSmall('>', a >> 3, y))) pc += (w1 >> 16) << 3;
            continue;
          }
          case 25: { // OpIFGEI
            const x = r[a], y = (w1 << 16) >> 16;
            const small = (((r[a + 2]) ^ 1) | (r[a + 3]) | ((r[a + 1]) ^ (x >> 31))) === 0;
            if (!(small ? x >= y : this.compareSmall('>=', a >> 3, y))) pc += (w1 >> 16) << 3;
            continue;
          }
          case 26: { // OpIFEQI
            const x = r[a], y = (w1 << 16) >> 16;
            const small = (((r[a + 2]) ^ 1) | (r[a + 3]) | ((r[a + 1]) ^ (x >> 31))) === 0;
            if (!(small ? x === y : this.compareSmall('=', a >> 3, y))) pc += (w1 >> 16) << 3;
            continue;
          }
          case 50: // OpIFARGS
            if (argc !== w0 >>> 16) pc += (w1 >> 16) << 3;
            continue;
          case 51: // OpIFMANY
            if (argc < w0 >>> 16) pc += (w1 >> 16) << 3;
            continue;

          // Numbers
          case 27: { // OpADD
            const b = fpw + (w1 & 0xffff), c = fpw + (w1 >>> 16), x = r[b], y = r[c];
            if ((((r[b + 2]) ^ 1) | (r[b + 3]) | ((r[c + 2]) ^ 1) | (r[c + 3])
              | ((r[b + 1]) ^ (x >> 31)) | ((r[c + 1]) ^ (y >> 31))) === 0) {
              const sum = x + y;
              r[a] = sum;
              r[a + 1] = sum < 0 ? -1 : 0;
              r[a + 2] = 1;
              r[a + 3] = 0;
              r[a + 4] = 0;
              r[a + 5] = 0;
              r[a + 6] = 0;
            } else this.add(a >> 3, b >> 3, c >> 3, 1);
            continue;
          }
          case 28: { // OpSUB
            const b = fpw + (w1 & 0xffff), c = fpw + (w1 >>> 16), x = r[b], y = r[c];
            if ((((r[b + 2]) ^ 1) | (r[b + 3]) | ((r[c + 2]) ^ 1) | (r[c + 3])
              | ((r[b + 1]) ^ (x >> 31)) | ((r[c + 1]) ^ (y >> 31))) === 0) {
              const sum = x - y;
              r[a] = sum;
              r[a + 1] = sum < 0 ? -1 : 0;
              r[a + 2] = 1;
              r[a + 3] = 0;
              r[a + 4] = 0;
              r[a + 5] = 0;
              r[a + 6] = 0;
            } else this.add(a >> 3, b >> 3, c >> 3, -1);
            continue;
          }
          case 33: { // OpADDI
            const b = fpw + (w1 & 0xffff), x = r[b];
            if ((((r[b + 2]) ^ 1) | (r[b + 3]) | ((r[b + 1]) ^ (x >> 31))) === 0) {
              const sum = x + (w1 >> 16);
              r[a] = sum;
              r[a + 1] = sum < 0 ? -1 : 0;
              r[a + 2] = 1;
              r[a + 3] = 0;
              r[a + 4] = 0;
              r[a + 5] = 0;
              r[a + 6] = 0;
            } else this.addSmall(a >> 3, b >> 3, w1 >> 16);
            continue;
          }
          case 29: // OpMUL
            this.multiply(a >> 3, (fpw + (w1 & 0xffff)) >> 3, (fpw + (w1 >>> 16)) >> 3);
            continue;
          case 30: // OpQUO
            this.divide('quotient', a >> 3, (fpw + (w1 & 0xffff)) >> 3, (fpw + (w1 >>> 16)) >> 3);
            continue;
          case 31: // OpREM
            this.divide('remainder', a >> 3, (fpw + (w1 & 0xffff)) >> 3, (fpw + (w1 >>> 16)) >> 3);
            continue;
          case 32: // OpMOD
            this.divide('modulo', a >> 3, (fpw + (w1 & 0xffff)) >> 3, (fpw + (w1 >>> 16)) >> 3);
            continue;

          // Objects
          case 34: { // OpCAR
            const b = (fpw + (w1 & 0xffff));
            if (r[b + 5] === PAIR) hart.loadCap(a >> 3, b >> 3, 0);
            else this.part('car', a >> 3, b >> 3, 0);
            continue;
          }
          case 35: { // OpCDR
            const b = (fpw + (w1 & 0xffff));
            if (r[b + 5] === PAIR) hart.loadCap(a >> 3, b >> 3, 16);
            else this.part('cdr', a >> 3, b >> 3, 16);
            continue;
          }
          case 58: // OpCADR
            this.part('cadr', SlotVM1, (fpw + (w1 & 0xffff)) >> 3, 16);
            this.part('cadr', a >> 3, SlotVM1, 0);
            continue;
          case 59: // OpCDDR
            this.part('cddr', SlotVM1, (fpw + (w1 & 0xffff)) >> 3, 16);
            this.part('cddr', a >> 3, SlotVM1, 16);
            continue;
          case 36: // OpCONS
            hart.top = (fpw >> 3) + hart.load32(CODE, FRAME);
            this.cons(a >> 3, (fpw + (w1 & 0xffff)) >> 3, (fpw + (w1 >>> 16)) >> 3);
            continue;
          case 37: // OpSETCAR
            this.setPart('set-car!', a >> 3, 0, (fpw + (w1 & 0xffff)) >> 3);
            continue;
          case 38: // OpSETCDR
            this.setPart('set-cdr!', a >> 3, 16, (fpw + (w1 & 0xffff)) >> 3);
            continue;
          case 39: { // OpVREF
            const b = (fpw + (w1 & 0xffff)) >> 3;
            hart.loadCap(a >> 3, b, this.element('vector-ref', b, (fpw + (w1 >>> 16)) >> 3));
            continue;
          }
          case 40: // OpVSET
            hart.storeCap(a >> 3, this.element('vector-set!', a >> 3, (fpw + (w1 & 0xffff)) >> 3), (fpw + (w1 >>> 16)) >> 3);
            continue;
          case 41: // OpCLOSURE
            this.fp = fpw >> 3;
            this.pc = pc;
            this.trim();
            this.makeClosure(a >> 3, w1 & 0xffff, w1 >>> 16);
            pc = this.pc;
            continue;
          case 42: // OpCLOSESET
            hart.storeCap(a >> 3, (w1 >>> 16) << 4, (fpw + (w1 & 0xffff)) >> 3);
            continue;

          // Procedures
          case 62: // OpCLEAR
            for (let d = a, limit = a + ((w1 & 0xffff) << 3); d < limit; d += 1) r[d] = 0;
            continue;
          case 43: // OpCALL
            base = a;
            argc = w1 & 0xffff;
            tail = false;
            break;
          case 44: // OpTAIL
            base = a;
            argc = w1 & 0xffff;
            tail = true;
            break;
          case 45: // OpCALLG
          case 46: { // OpTAILG
            base = a;
            argc = w1 & 0xffff;
            tail = (w0 & 0xffff) === 46;
            const k = (w1 >>> 16) << 4, at = ((r[0]) + k) | 0, e = pte[at >>> 12];
            if (COOL) this.auditGlobal(w1 >>> 16);
            if (k <= (r[5]) - 16 && (e & LoadRIGHTS) === LoadRIGHTS && (at & 15) === 0 && ((r[4]) & LOADCAP) !== 0) {
              const p = ((e & -4096) | (at & 4095)) >>> 2, low = i32[p];
              // A capability to just a cell, with every right: its bounds need no decoding.
              const whole = tags[p >>> 2] !== 0 && i32[p + 1] === WINDOW && i32[p + 3] === DATA
                && i32[p + 2] === (((low & 0x3fff) | (((low + 48) & 0xfff) << 14)) ^ BoundsNULL | BoundsEXACT) && (low & 15) === 0;
              const at2 = (low + 16) | 0, e2 = pte[at2 >>> 12], q = ((e2 & -4096) | (at2 & 4095)) >>> 2;
              if (whole && (e2 & LoadRIGHTS) === LoadRIGHTS && tags[q >>> 2] !== 0) {
                r[a + 8] = i32[q];
                r[a + 9] = i32[q + 1];
                r[a + 10] = i32[q + 2];
                r[a + 11] = i32[q + 3];
                slotDecode(r, a + 8);
                break;
              }
            }
            this.globalSlow((a >> 3) + 1, w1 >>> 16);
            break;
          }
          case 47: { // OpRETURN
            const link = r[fpw + 7];
            // The caller's code: often the same, for who calls itself.
            if (r[0] !== r[fpw]) {
              r[0] = r[fpw];
              r[1] = r[fpw + 1];
              r[2] = r[fpw + 2];
              r[3] = r[fpw + 3];
              r[4] = r[fpw + 4];
              r[5] = r[fpw + 5];
              r[6] = r[fpw + 6];
            }
            r[fpw] = r[a];
            r[fpw + 1] = r[a + 1];
            r[fpw + 2] = r[a + 2];
            r[fpw + 3] = r[a + 3];
            r[fpw + 4] = r[a + 4];
            r[fpw + 5] = r[a + 5];
            r[fpw + 6] = r[a + 6];
            pc = (link >>> BITS) << 3;
            fpw -= link & MASK;
            continue;
          }
          case 48: { // OpENTER
            if (argc !== w0 >>> 16) throw this.wrongCount(w0 >>> 16, w0 >>> 16, argc);
            if (fuel <= 0) {
              pc -= 8;
              hart.top = (fpw >> 3) + 2 + argc;
              return 'more';
            }
            fuel -= 1;
            const top = (fpw + w1) >> 3;
            if (top > hart.top) {
              if (top > this.windowLimit) {
                this.fp = fpw >> 3;
                this.spill(2 + argc);
                fpw = this.fp << 3;
              }
              this.raiseTop((fpw + w1) >> 3);
            }
            continue;
          }
          case 49: { // OpREST
            const least = w0 >>> 16;
            if (argc < least) throw this.wrongCount(least, -1, argc);
            if (fuel <= 0) {
              pc -= 8;
              hart.top = (fpw >> 3) + 2 + argc;
              return 'more';
            }
            fuel -= 1;
            this.fp = fpw >> 3;
            const top = (fpw + w1) >> 3;
            if (top > this.windowLimit) {
              this.spill(2 + argc);
              fpw = this.fp << 3;
            }
            this.raiseTop((fpw + w1) >> 3);
            this.rest(least, argc);
            continue;
          }
          case 52: // OpARITY
            throw this.wrongCount(-1, -1, argc);

          // By hand
          case 53: // OpAPPLY
          case 54: // OpAPPLYVALUES
          case 55: // OpCALLCC
          case 56: // OpREINSTATE
            this.fp = fpw >> 3;
            this.pc = pc;
            this.argc = argc;
            local = false;
            this.control(w0 & 0xffff, a >> 3, (fpw + (w1 & 0xffff)) >> 3);
            local = true;
            fpw = this.fp << 3;
            pc = this.pc;
            argc = this.argc;
            continue;
          case 57: // OpUNDERFLOW
            this.fp = fpw >> 3;
            if (!this.underflow()) {
              hart.move(SlotRESULT, WindowBASE);
              return 'done';
            }
            fpw = this.fp << 3;
            pc = this.pc;
            continue;
          default:
            throw new Error(`no instruction ${w0 & 0xffff}`);
        }

        // A call of what is at base + 1.
        const callee = base + 8, low = r[callee], e = pte[low >>> 12];
        if (COOL) this.auditCall(callee >> 3);
        if ((r[callee + 5]) >= OBJECT && (e & LoadRIGHTS) === LoadRIGHTS && (low & 15) === 0) {
          const p = ((e & -4096) | (low & 4095)) >>> 2, kind = i32[p];
          if (kind === CLOSURE) {
            const at = (low + 16) | 0, e2 = pte[at >>> 12];
            if ((e2 & LoadRIGHTS) === LoadRIGHTS && ((r[callee + 4]) & LOADCAP) !== 0) {
              const q = ((e2 & -4096) | (at & 4095)) >>> 2, entry = i32[p + 2];
              if (!tail) {
                r[base] = r[0];
                r[base + 1] = r[1];
                r[base + 2] = r[2];
                r[base + 3] = r[3];
                r[base + 4] = r[4];
                r[base + 5] = r[5];
                r[base + 6] = r[6];
                r[base + 7] = (pc << (BITS - 3)) | (base - fpw);
                fpw = base;
              } else {
                for (let d = fpw + 8, s = callee, limit = callee + 8 + (argc << 3); s < limit; d += 8, s += 8) {
                  r[d] = r[s];
                  r[d + 1] = r[s + 1];
                  r[d + 2] = r[s + 2];
                  r[d + 3] = r[s + 3];
                  r[d + 4] = r[s + 4];
                  r[d + 5] = r[s + 5];
                  r[d + 6] = r[s + 6];
                }
              }
              if (r[0] !== i32[q] || tags[q >>> 2] === 0) {
                r[0] = i32[q];
                r[1] = i32[q + 1];
                r[2] = i32[q + 2];
                r[3] = i32[q + 3];
                if (tags[q >>> 2] !== 0) slotDecode(r, 0);
                else r[4] = r[5] = r[6] = 0;
              }
              pc = entry;
              continue;
            }
          } else if (kind === PRIMITIVE) {
            const index = i32[p + 1], first = base >> 3;
            this.arity(index, argc);
            const frame = (fpw >> 3) + hart.load32(CODE, FRAME), top = first + 2 + argc > frame ? first + 2 + argc : frame;
            hart.top = top;
            (codes[index])(this, first, argc);
            hart.top = top;
            if (!tail) continue;
            this.fp = fpw >> 3;
            this.giveBack(first);
            fpw = this.fp << 3;
            pc = this.pc;
            continue;
          }
        }
        this.fp = fpw >> 3;
        this.pc = pc;
        local = false;
        this.callSlow(base >> 3, argc, tail);
        local = true;
        fpw = this.fp << 3;
        pc = this.pc;
        argc = this.argc;
      }
    } finally {
      if (local) {
        this.fp = fpw >> 3;
        this.pc = pc;
        this.argc = argc;
      }
      this.fuel = fuel;
    }
  }
}

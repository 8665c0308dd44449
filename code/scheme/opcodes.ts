/* opcodes.ts: THE INSTRUCTION SET
 *
 * An instruction is 64 bits, two words <design/vm#.instruction>:
 *
 *     word 0    op (16 bits)  |  a << 16
 *     word 1    b (16 bits)   |  c << 16        or w, all 32 bits
 *
 * Operands: `s` is a slot of the frame, as its distance from the frame pointer in words, eight a slot; `k` a constant of the
 * code, as its granule counted from the code's base; `j` a signed distance in instructions from the next one; `i` a signed
 * number; `n` a count. Arms of the table that the code generator makes by hand only are marked *.
 */

/** s := s */
export const OpMOVE = 0;
/** a s := fixnum w */
export const OpFIX = 1;
/** a s := constant or character: type b, payload c */
export const OpIMM = 2;
/** a s := c k */
export const OpCONST = 3;
/** a s := granule c of the running closure */
export const OpFREE = 4;
/** a s := value of the global cell c k, which must be bound */
export const OpGREF = 5;
/** value of the global cell c k, which must be bound, := b s */
export const OpGSET = 6;
/** value of the global cell c k := b s */
export const OpGDEF = 7;
/** a s := new box of b s */
export const OpBOX = 8;
/** a s := content of box b s */
export const OpBOXREF = 9;
/** the same; it must not be unassigned: variable named c k */
export const OpBOXREFCHECK = 10;
/** content of box a s := b s */
export const OpBOXSET = 11;
/** go on w j from here */
export const OpJUMP = 12;
/** the same, backward, at the cost of one unit of fuel */
export const OpLOOP = 13;

// Tests: go on if it holds, else c j from here
/** a s is not #f */
export const OpIF = 14;
/** a s is #f */
export const OpIFNOT = 15;
export const OpIFNULL = 16;
export const OpIFPAIR = 17;
/** a s and b s are the same value */
export const OpIFEQ = 18;
export const OpIFLT = 19;
export const OpIFLE = 20;
export const OpIFNUMEQ = 21;
/** a s < b i, and so on */
export const OpIFLTI = 22;
export const OpIFLEI = 23;
export const OpIFGTI = 24;
export const OpIFGEI = 25;
export const OpIFEQI = 26;

// Numbers: a s := b s op c s
export const OpADD = 27;
export const OpSUB = 28;
export const OpMUL = 29;
export const OpQUO = 30;
export const OpREM = 31;
export const OpMOD = 32;
/** a s := b s + c i */
export const OpADDI = 33;

// Objects
export const OpCAR = 34;
export const OpCDR = 35;
/** a s := new pair of b s and c s */
export const OpCONS = 36;
/** car of a s := b s */
export const OpSETCAR = 37;
export const OpSETCDR = 38;
/** a s := element c s of vector b s */
export const OpVREF = 39;
/** element b s of vector a s := c s */
export const OpVSET = 40;
/** a s := new closure of code c k with b n free values; then b words: a slot of the frame, or ~granule of the running closure */
export const OpCLOSURE = 41;
/** granule c of closure a s := b s; while closures that know each other are made */
export const OpCLOSESET = 42;

// Procedures: the frame of a callee is at a s, callee and arguments in place
/** call with b n arguments */
export const OpCALL = 43;
export const OpTAIL = 44;
/** the same; the callee is the value of the global cell c k */
export const OpCALLG = 45;
export const OpTAILG = 46;
/** give a s to the caller */
export const OpRETURN = 47;
/** begin a procedure of a n arguments whose frame has b words */
export const OpENTER = 48;
/** begin a procedure of a n or more arguments; the rest becomes a list in the slot after them */
export const OpREST = 49;
/** go on if there are a n arguments, else c j from here */
export const OpIFARGS = 50;
/** go on if there are a n arguments or more */
export const OpIFMANY = 51;
/** no clause takes this many arguments */
export const OpARITY = 52;

/** *: spread the list in the last argument and tail-call the first with what is between and the list's elements */
export const OpAPPLY = 53;
/** *: tail-call a s with the values that b s stands for */
export const OpAPPLYVALUES = 54;
/** *: tail-call the first argument with the continuation */
export const OpCALLCC = 55;
/** *: go on with the continuation that is the first argument, giving it the second */
export const OpREINSTATE = 56;
/** *: the frame at the window's bottom has returned */
export const OpUNDERFLOW = 57;
/** a s := the cadr of b s */
export const OpCADR = 58;
/** a s := the cddr of b s */
export const OpCDDR = 59;
/** Tests, as OpIFLT and OpIFLE. */
export const OpIFGT = 60;
export const OpIFGE = 61;
/** b n slots from a s on := nothing */
export const OpCLEAR = 62;

/** The names, by number. */
export const OpNAMES: readonly string[] = [
  'move', 'fix', 'imm', 'const', 'free', 'gref', 'gset', 'gdef', 'box', 'boxref', 'boxrefcheck', 'boxset', 'jump', 'loop',
  'if', 'ifnot', 'ifnull', 'ifpair', 'ifeq', 'iflt', 'ifle', 'ifnumeq', 'iflti', 'iflei', 'ifgti', 'ifgei', 'ifeqi',
  'add', 'sub', 'mul', 'quo', 'rem', 'mod', 'addi', 'car', 'cdr', 'cons', 'setcar', 'setcdr', 'vref', 'vset',
  'closure', 'closeset', 'call', 'tail', 'callg', 'tailg', 'return', 'enter', 'rest', 'ifargs', 'ifmany', 'arity',
  'apply', 'applyvalues', 'callcc', 'reinstate', 'underflow', 'cadr', 'cddr', 'ifgt', 'ifge', 'clear',
];

/** The size of an instruction in bytes. */
export const InstructionSIZE = 8;

/** The most slots a frame may have; the window keeps room for one beyond its limit. */
export const FrameMAX = 1000;

/** Bits of a link word that hold the distance to the caller's frame, in words; above them the return pc, in instructions. */
export const LinkBITS = 13;
export const LinkMASK = 0x1fff;

/** The most instructions of one procedure, so that jumps have 16 bits and a link word its pc. */
export const InstructionsMAX = 0x7fff;
/** The most constants of one procedure. */
export const ConstantsMAX = 0x3fff;

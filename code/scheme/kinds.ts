/* kinds.ts: VALUES AND OBJECTS AS THEY STAND IN MEMORY
 *
 * Every Scheme value is one granule <design/vm#.value>. An untagged granule is an immediate:
 *
 *     word 0    payload, low               fixnum: two's complement of 64 bits over words 0 and 1
 *          1    payload, high              flonum: IEEE 754 over words 0 and 1
 *          2    ImmediateTYPE              character: code point in word 0;  constant: its number in word 0
 *          3    0                          not 0: a capability that lost its tag, never a value
 *
 * A tagged granule is a capability to a whole object, address at its base. An object of 32 bytes is a pair, one of 16 bytes a
 * box; every other object is at least 48 bytes and begins with an untagged header granule: word 0 its kind, word 1 a length or
 * count, words 2 and 3 as the kind says <design/vm#.object>. Offsets and sizes are in bytes.
 */

// Immediates ---------------------------------------------------------------------------------------------------------

/** What word 2 of an immediate says. */
export const ImmediateCONSTANT = 0;
export const ImmediateFIXNUM = 1;
export const ImmediateCHAR = 2;
export const ImmediateFLONUM = 3;

/** The constants, by their number in word 0. All zeros is the value of a variable that has none yet. */
export const ConstantUNASSIGNED = 0;
export const ConstantNULL = 1;
export const ConstantFALSE = 2;
export const ConstantTRUE = 3;
export const ConstantUNSPECIFIC = 4;
export const ConstantEOF = 5;
export const ConstantDEFAULT = 6;

/** The largest fixnum; the smallest is its negative. */
export const FixnumMAX: number = Number.MAX_SAFE_INTEGER;

// Kinds --------------------------------------------------------------------------------------------------------------

/** What an object is. Pairs and boxes carry no header: their size tells. 0 stands for immediates. */
export type Kind = number;
export const KindIMMEDIATE = 0;
export const KindPAIR = 1;
export const KindBOX = 2;
/** word 1: elements, from VectorELEMENTS on. */
export const KindVECTOR = 3;
/** word 1: characters, each a code point in 4 bytes from StringCHARS on. */
export const KindSTRING = 4;
/** word 2: hash of its name. Name string at SymbolNAME. */
export const KindSYMBOL = 5;
/** word 1: bytes, from BytesBYTES on. */
export const KindBYTES = 6;
/** word 1: free values; word 2: the offset in its code where it begins. Code at ClosureCODE, values from ClosureFREE on. */
export const KindCLOSURE = 7;
/** word 1: index in the virtual machine's table; name symbol at PrimitiveNAME. */
export const KindPRIMITIVE = 8;
/** word 1: bytes of instructions; word 2: offset of the first; word 3: slots of its frame. See CodeNAME and on. */
export const KindCODE = 9;
/** A global variable. word 2: hash of its name. Value at GlobalVALUE (unassigned: unbound), symbol at GlobalSYMBOL. */
export const KindGLOBAL = 10;
/** word 1: offset of the record in its stack where it continues. See ContinuationSTACK and on. */
export const KindCONTINUATION = 11;
/** Frames that left the window. Never written after it is made. word 1: bytes in use; word 2: offset in the parent. */
export const KindSTACK = 12;
/** word 1: 32-bit digits, least significant first, from BignumDIGITS on; word 2: 1 where negative. */
export const KindBIGNUM = 13;
/** word 1: fields. Record type at RecordTYPE, fields from RecordFIELDS on. */
export const KindRECORD = 14;
/** word 1: fields. Name symbol at 16, vector of field symbols at 32. */
export const KindRECORDTYPE = 15;
/** word 2: 1 when forced. Value or thunk at 16. */
export const KindPROMISE = 16;
/** See ConditionTYPE and on. */
export const KindCONDITION = 17;
/** No value or more than one. word 1: how many, from ValuesVALUES on. */
export const KindVALUES = 18;
/** A hash table of symbols or global cells. word 1: buckets; word 2: entries. Buckets (lists) from TableBUCKETS on. */
export const KindTABLE = 19;
/** A port. word 1: its number among the runtime's ports. */
export const KindPORT = 20;
/** An environment, for `eval`. */
export const KindENVIRONMENT = 21;
/** Bytes that hold nothing but a claim on memory. */
export const KindBALLAST = 22;

/** What the kinds are called in messages and in a census of the heap, by kind. */
export const KindNAMES: readonly string[] = [
  'immediate', 'pair', 'box', 'vector', 'string', 'symbol', 'bytevector', 'closure', 'primitive', 'code', 'global',
  'continuation', 'stack', 'bignum', 'record', 'record-type', 'promise', 'condition', 'values', 'table', 'port', 'environment',
  'ballast',
];

// Layouts ------------------------------------------------------------------------------------------------------------

/** The size of a granule, thus of a value. */
export const ValueSIZE = 16;
/** The least size of an object with a header. */
export const ObjectMIN = 48;
/** Offsets of the words of a header. */
export const HeaderKIND = 0;
export const HeaderLENGTH = 4;
export const HeaderTHIRD = 8;
export const HeaderFOURTH = 12;

export const PairSIZE = 32;
export const PairCAR = 0;
export const PairCDR = 16;
export const BoxSIZE = 16;

export const VectorELEMENTS = 16;
export const StringCHARS = 16;
export const BytesBYTES = 16;
export const SymbolNAME = 16;
export const SymbolSIZE = 48;
export const ClosureCODE = 16;
export const ClosureFREE = 32;
export const PrimitiveNAME = 16;
export const PrimitiveSIZE = 48;
export const GlobalVALUE = 16;
export const GlobalSYMBOL = 32;
export const GlobalSIZE = 48;
export const BignumDIGITS = 16;
export const RecordTYPE = 16;
export const RecordFIELDS = 32;
export const RecordTypeNAME = 16;
export const RecordTypeFIELDS = 32;
export const RecordTypeSIZE = 48;
export const PromiseVALUE = 16;
export const PromiseSIZE = 48;
export const ValuesVALUES = 16;
export const TableBUCKETS = 16;

/** Of code: its name (a symbol, or #f), its source's name (a string), its places (BYTES), then constants from CodeCONSTANTS on. */
export const CodeNAME = 16;
export const CodeSOURCE = 32;
export const CodePLACES = 48;
export const CodeCONSTANTS = 64;

export const ContinuationSTACK = 16;
export const ContinuationHANDLERS = 32;
export const ContinuationWINDERS = 48;
export const ContinuationPARAMS = 64;
export const ContinuationSIZE = 80;

export const StackPARENT = 16;
export const StackRECORDS = 32;

/** Of a condition: type (a fixnum, below), message (any value, by custom a string), list of irritants, place, call chain. */
export const ConditionTYPE = 16;
export const ConditionMESSAGE = 32;
export const ConditionIRRITANTS = 48;
/** `FILE:LINE:COL` as a string, or #f. */
export const ConditionPLACE = 64;
/** Lines of the call chain as a list of strings, innermost first. */
export const ConditionCHAIN = 80;
export const ConditionSIZE = 96;

/** Types of condition. */
export const ConditionERROR = 0;
export const ConditionREAD = 1;
export const ConditionFILE = 2;
export const ConditionEXHAUSTED = 3;

// Sizes --------------------------------------------------------------------------------------------------------------

/** objectSize -- the size of an object with a header and `bytes` bytes after it: whole granules, no less than ObjectMIN. */
export function objectSize(bytes: number): number {
  const size = Math.ceil(bytes / ValueSIZE) * ValueSIZE + ValueSIZE;
  return size < ObjectMIN ? ObjectMIN : size;
}

// Registers ----------------------------------------------------------------------------------------------------------

/** Slots of a Scheme thread that have one meaning always <design/vm#.register>. */
export const SlotCODE = 0;
/** Where the frames below the window continue: a STACK, its spare word the record's offset; untagged at the end. */
export const SlotCONT = 1;
export const SlotHANDLERS = 2;
export const SlotWINDERS = 3;
export const SlotPARAMS = 4;
/** A box that holds the TABLE of symbols. */
export const SlotSYMBOLS = 5;
/** A box that holds the TABLE of global cells. */
export const SlotGLOBALS = 6;
/** The code to which the frame at the window's bottom returns. */
export const SlotSTUB = 7;
/** The procedure of one argument that raises it. */
export const SlotRAISE = 8;
/** The procedure of a continuation and a value that leaves and enters dynamic extents, then reinstates. */
export const SlotREWIND = 9;
/** The condition for a heap that is full, made beforehand. */
export const SlotEXHAUSTED = 10;
/** Memory that is given back when the heap is full, so that a handler can run. */
export const SlotBALLAST = 11;
/** What the last top-level form gave. */
export const SlotRESULT = 12;
/** Where `cool` loads what it only checks; clear between instructions. */
export const SlotAUDIT = 13;
/** A box that holds a vector of the constants that threads share. */
export const SlotLITERALS = 14;

/** Scratch for primitives: nothing but primitives uses them; lost over a call of another primitive. */
export const SlotTMP0 = 16;
export const SlotTMP1 = 17;
export const SlotTMP2 = 18;
export const SlotTMP3 = 19;
export const SlotTMP4 = 20;
export const SlotTMP5 = 21;
export const SlotTMP6 = 22;
export const SlotTMP7 = 23;

/** Scratch for the virtual machine and its constructors; primitives leave them alone. */
export const SlotVM0 = 24;
export const SlotVM1 = 25;
export const SlotVM2 = 26;
export const SlotVM3 = 27;
export const SlotVM4 = 28;
export const SlotVM5 = 29;
export const SlotVM6 = 30;
export const SlotVM7 = 31;

/** The first slot of the window. */
export const WindowBASE = 32;

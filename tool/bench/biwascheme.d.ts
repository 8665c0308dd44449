/* biwascheme.d.ts: what the bench uses of BiwaScheme, which has no types of its own. */
// eslint-disable-next-line no-restricted-syntax -- A package without types can be described in no other way.
declare module 'biwascheme' {
  interface BiwaScheme {
    /** Runs programs; all interpreters of a process share their globals. */
    readonly Interpreter: new (onError: (error: unknown) => void) => {
      /** Evaluates a program, within the call as long as nothing in it waits. */
      evaluate(text: string, onResult: (value: unknown) => void): unknown;
    };
    readonly Port: {
      /** Where `display` writes. */
      current_output: unknown;
      readonly CustomOutput: new (write: (text: string) => void) => unknown;
    };
  }
  const biwascheme: BiwaScheme;
  export = biwascheme;
}

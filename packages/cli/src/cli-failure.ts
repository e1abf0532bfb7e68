// What ends a command: one sentence for a person and an exit code for a script. Anything else that is thrown is a
// defect and keeps its stack.

export const EXIT_CODES = {
  /** Done; for `watch`: the workflow succeeded. */
  ok: 0,
  /** The service refused, or the machine's workflow failed. */
  failed: 1,
  /** Wrong words on the command line, or a file of the user's that cannot be used. */
  usage: 2,
  /** The service cannot be reached, or does not know the user. */
  unreachable: 3,
  /** Ctrl-C. */
  interrupted: 130,
} as const;

export type ExitKind = keyof typeof EXIT_CODES;

export class CliFailure extends Error {
  readonly exitCode: number;

  constructor(kind: ExitKind, text: string, options: { readonly cause?: unknown } = {}) {
    super(text, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'CliFailure';
    this.exitCode = EXIT_CODES[kind];
  }
}

// One command of `./bessemer lab`: its words, its help, its work.

export type Command = {
  readonly name: string;
  /** After the name, as the help shows it. */
  readonly usage: string;
  readonly summary: string;
  readonly help: string;
  /** Throws LabFailure for what a person can mend; resolves with the exit status. */
  readonly run: (args: readonly string[]) => Promise<number>;
};

export const print = (text: string): void => {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
};

export const printJson = (value: unknown): void => print(JSON.stringify(value, null, 2));

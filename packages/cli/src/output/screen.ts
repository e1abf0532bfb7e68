// Where a command that takes its time writes: lines that stay and, on a terminal, one line below them that is
// rewritten. On a pipe the live line is printed now and then instead.

export type Screen = {
  readonly line: (text: string) => void;
  /** undefined clears it. */
  readonly live: (text: string | undefined) => void;
};

export type Output = {
  readonly write: (text: string) => unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
};

const CLEAR_LINE = '\r\u001B[2K';
const COLUMNS_DEFAULT = 100;

export const makeScreen = (output: Output, nowMs: () => number): Screen =>
  output.isTTY === true ? terminalScreen(output) : pipeScreen(output, nowMs);

const terminalScreen = (output: Output): Screen => {
  let shown: string | undefined;
  const draw = (text: string | undefined): void => {
    if (shown !== undefined) output.write(CLEAR_LINE);
    shown = text?.slice(0, (output.columns ?? COLUMNS_DEFAULT) - 1);
    if (shown !== undefined) output.write(shown);
  };
  return {
    line: (text) => {
      const below = shown;
      draw(undefined);
      output.write(`${printable(text)}\n`);
      draw(below);
    },
    live: (text) => draw(text === undefined ? undefined : printable(text)),
  };
};

/** Often enough to see that it lives, seldom enough to keep a log short. */
const PIPE_LIVE_EACH_MS = 5_000;

const pipeScreen = (output: Output, nowMs: () => number): Screen => {
  let lastMs = Number.NEGATIVE_INFINITY;
  return {
    line: (text) => {
      lastMs = nowMs();
      output.write(`${printable(text)}\n`);
    },
    live: (text) => {
      if (text === undefined || nowMs() - lastMs < PIPE_LIVE_EACH_MS) return;
      lastMs = nowMs();
      output.write(`${printable(text)}\n`);
    },
  };
};

/** Texts come from machines: no control characters but line ends may reach a terminal. */
const printable = (text: string): string => text.replaceAll(CONTROL, '?');
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const CONTROL = /[\u0000-\u0009\u000B-\u001F\u007F-\u009F]/g;

// What the agent says: a line on the console and a bounded memory of lines for log collection. URLs are cut at
// the query before they come here, tokens never come here.

import type { Clock } from '#clock';

export type AgentLog = {
  readonly say: (text: string) => void;
  /** Everything remembered, oldest first. */
  readonly lines: () => readonly string[];
};

const LINES_MAX = 2_000;
const LINE_CHARS_MAX = 2_000;

export const makeAgentLog = (clock: Clock, write: (line: string) => void): AgentLog => {
  const kept: string[] = [];
  return {
    say: (text) => {
      const line = `${new Date(clock.wallMs()).toISOString()} agent: ${printable(text)}`;
      kept.push(line);
      if (kept.length > LINES_MAX) kept.shift();
      write(line);
    },
    lines: () => kept,
  };
};

/** Whatever came from outside stays on its line and off the terminal's controls. */
const printable = (text: string): string =>
  text.slice(0, LINE_CHARS_MAX).replaceAll(/\p{Cc}/gu, (character) =>
    // Escaped as JSON escapes it, without the quotes.
    JSON.stringify(character).slice(1, -1),
  );

/** For messages: a URL without query and credentials. */
export const shownUrl = (url: string): string => {
  if (!URL.canParse(url)) return '(not a URL)';
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
};

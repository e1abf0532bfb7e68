// What an agent says in words ends in last_error, in the history and on the terminals of operators. Nobody vouches for
// it: it is bounded, and nothing in it moves a cursor, rings a bell, or turns the direction of reading.

const CHARS_MAX = 2_000;

/** Control characters and those that only change how others are shown. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu;

/** Undefined for what is no text at all. */
export const foreignText = (value: unknown, charsMax = CHARS_MAX): string | undefined =>
  typeof value === 'string'
    ? value.slice(0, charsMax).toWellFormed().replaceAll(INVISIBLE, ' ').trim()
    : undefined;

// Regular expressions of inspection rules, as far as a machine without memory can match them: what needs looking back
// or ahead (back references, lookaround, possessive repetition) is refused when a rule is written. The result is a
// list of instructions whose length bounds the work for each character of a text; see linear-regex.ts.
//
// Hand-written descent over the pattern; one function for each level of the grammar.

import { Refusal } from '../errors/refusal.ts';

export type CharacterSet = {
  readonly isNegated: boolean;
  /** Pairs of first and last code point. */
  readonly ranges: readonly (readonly [number, number])[];
};

export type Instruction =
  | { readonly kind: 'set'; readonly set: CharacterSet }
  | { readonly kind: 'split'; readonly first: number; readonly second: number }
  | { readonly kind: 'assert'; readonly what: 'start' | 'end' | 'word' | 'not-word' }
  | { readonly kind: 'match' };

export type RegexProgram = {
  readonly instructions: readonly Instruction[];
  readonly isCaseless: boolean;
};

const PATTERN_CHARS_MAX = 512;
/** Each character of a text costs at most so many steps. */
const INSTRUCTIONS_MAX = 2_000;
const REPEAT_MAX = 1_000;
const DEPTH_MAX = 50;

type Tree =
  | { readonly kind: 'empty' }
  | { readonly kind: 'set'; readonly set: CharacterSet }
  | { readonly kind: 'assert'; readonly what: 'start' | 'end' | 'word' | 'not-word' }
  | { readonly kind: 'sequence' | 'choice'; readonly parts: readonly Tree[] }
  | {
      readonly kind: 'repeat';
      readonly part: Tree;
      readonly min: number;
      /** Undefined: without end. */
      readonly max: number | undefined;
    };

const DIGITS: CharacterSet['ranges'] = [[0x30, 0x39]];
const WORDS: CharacterSet['ranges'] = [
  [0x30, 0x39],
  [0x41, 0x5a],
  [0x5f, 0x5f],
  [0x61, 0x7a],
];
const SPACES: CharacterSet['ranges'] = [
  [0x09, 0x0d],
  [0x20, 0x20],
];
const LAST_CODE = 0x10_ff_ff;

const complement = (ranges: CharacterSet['ranges']): CharacterSet['ranges'] => {
  const result: [number, number][] = [];
  let next = 0;
  for (const [first, last] of ranges) {
    if (first > next) result.push([next, first - 1]);
    next = last + 1;
  }
  return [...result, [next, LAST_CODE]];
};

const CLASSES: { readonly [letter: string]: CharacterSet['ranges'] } = {
  d: DIGITS,
  D: complement(DIGITS),
  w: WORDS,
  W: complement(WORDS),
  s: SPACES,
  S: complement(SPACES),
};
const CONTROLS: { readonly [letter: string]: number } = {
  n: 0x0a,
  r: 0x0d,
  t: 0x09,
  f: 0x0c,
  v: 0x0b,
  0: 0x00,
};

/** `field` is what the message calls the place of the pattern. Throws Refusal(400). */
export const parseRegex = (field: string, pattern: string): RegexProgram => {
  const refuse = (why: string): never => {
    throw new Refusal(400, `${field}: ${JSON.stringify(pattern.slice(0, 200))} ${why}`);
  };
  if (pattern.length > PATTERN_CHARS_MAX) {
    refuse(`is longer than ${PATTERN_CHARS_MAX} characters`);
  }
  const flags = /^\(\?([is]+)\)/.exec(pattern);
  const characters = Array.from(pattern.slice(flags?.[0].length ?? 0));
  const isDotAll = flags?.[1]?.includes('s') === true;
  let at = 0;

  const peek = (): string | undefined => characters[at];
  const takes = (text: string): boolean => {
    if (characters.slice(at, at + text.length).join('') !== text) return false;
    at += text.length;
    return true;
  };

  const readChoice = (depth: number): Tree => {
    if (depth > DEPTH_MAX) refuse(`has groups deeper than ${DEPTH_MAX}`);
    const parts = [readSequence(depth)];
    while (takes('|')) parts.push(readSequence(depth));
    return parts.length === 1 ? (parts[0] as Tree) : { kind: 'choice', parts };
  };

  const readSequence = (depth: number): Tree => {
    const parts: Tree[] = [];
    while (peek() !== undefined && peek() !== '|' && peek() !== ')') {
      parts.push(readRepeats(readAtom(depth)));
    }
    return parts.length === 0 ? { kind: 'empty' } : { kind: 'sequence', parts };
  };

  const readRepeats = (part: Tree): Tree => {
    const bounds = readBounds();
    if (bounds === undefined) return part;
    // Lazy or not makes no difference to whether there is a match.
    takes('?');
    if (peek() === '+') refuse('has a possessive repetition, which is not supported');
    if (readBounds() !== undefined) refuse('repeats a repetition');
    return { kind: 'repeat', part, ...bounds };
  };

  const readBounds = (): { min: number; max: number | undefined } | undefined => {
    if (takes('*')) return { min: 0, max: undefined };
    if (takes('+')) return { min: 1, max: undefined };
    if (takes('?')) return { min: 0, max: 1 };
    const rest = characters.slice(at, at + 12).join('');
    const counted = /^\{(?:(\d{1,4})(?:(,)(\d{1,4})?)?|,(\d{1,4}))\}/.exec(rest);
    if (counted === null) return undefined;
    at += counted[0].length;
    const [, least, comma, most, onlyMost] = counted;
    const min = Number(least ?? 0);
    const last = onlyMost ?? (comma === undefined ? least : most);
    const max = last === undefined ? undefined : Number(last);
    if (min > REPEAT_MAX || (max ?? 0) > REPEAT_MAX)
      refuse(`repeats more than ${REPEAT_MAX} times`);
    if (max !== undefined && max < min) refuse('has a repetition whose end is before its start');
    return { min, max };
  };

  const readAtom = (depth: number): Tree => {
    const character = peek() ?? '';
    at += 1;
    switch (character) {
      case '(':
        return readGroup(depth);
      case '[':
        return { kind: 'set', set: readSet() };
      case '.':
        return {
          kind: 'set',
          set: isDotAll
            ? { isNegated: true, ranges: [] }
            : { isNegated: true, ranges: [[0x0a, 0x0a]] },
        };
      case '^':
        return { kind: 'assert', what: 'start' };
      case '$':
        return { kind: 'assert', what: 'end' };
      case '\\':
        return readEscape();
      case '*':
      case '+':
      case '?':
        return refuse(`repeats nothing at "${character}"`);
      default:
        return one(character.codePointAt(0) ?? 0);
    }
  };

  const one = (code: number): Tree => ({
    kind: 'set',
    set: { isNegated: false, ranges: [[code, code]] },
  });

  const readGroup = (depth: number): Tree => {
    if (takes('?:')) return closed(readChoice(depth + 1));
    if (takes('?P<')) {
      while (/\w/.test(peek() ?? '')) at += 1;
      if (!takes('>')) refuse('has a group whose name does not end');
      return closed(readChoice(depth + 1));
    }
    if (peek() === '?') refuse('uses a kind of group that is not supported, such as lookaround');
    return closed(readChoice(depth + 1));
  };

  const closed = (tree: Tree): Tree => {
    if (!takes(')')) refuse('has a group that does not end');
    return tree;
  };

  const readEscape = (): Tree => {
    const letter = peek() ?? '';
    if (takes('b')) return { kind: 'assert', what: 'word' };
    if (takes('B')) return { kind: 'assert', what: 'not-word' };
    if (takes('A')) return { kind: 'assert', what: 'start' };
    if (takes('Z')) return { kind: 'assert', what: 'end' };
    const ranges = CLASSES[letter];
    if (ranges !== undefined) {
      at += 1;
      return { kind: 'set', set: { isNegated: false, ranges } };
    }
    return one(readEscapedCode());
  };

  const readEscapedCode = (): number => {
    const letter = peek();
    if (letter === undefined) return refuse('ends in a backslash');
    at += 1;
    const control = CONTROLS[letter];
    if (control !== undefined) return control;
    const digits = { x: 2, u: 4, U: 8 }[letter];
    if (digits !== undefined) {
      const hex = characters.slice(at, at + digits).join('');
      if (!/^[0-9a-fA-F]+$/.test(hex) || hex.length !== digits) {
        refuse(`has a bad escape \\${letter}`);
      }
      at += digits;
      return Number.parseInt(hex, 16);
    }
    if (/[A-Za-z0-9]/.test(letter)) refuse(`has the escape \\${letter}, which is not supported`);
    return letter.codePointAt(0) ?? 0;
  };

  const readSet = (): CharacterSet => {
    const isNegated = takes('^');
    const ranges: (readonly [number, number])[] = [];
    let isFirst = true;
    while (peek() !== ']' || isFirst) {
      if (peek() === undefined) refuse('has a set of characters that does not end');
      isFirst = false;
      const [letter, next] = [peek(), characters[at + 1] ?? ''];
      const named = letter === '\\' ? CLASSES[next] : undefined;
      if (named !== undefined) {
        at += 2;
        ranges.push(...named);
        continue;
      }
      const first = readSetCode();
      const isRange = peek() === '-' && characters[at + 1] !== ']' && at + 1 < characters.length;
      if (isRange) at += 1;
      const last = isRange ? readSetCode() : first;
      if (last < first) refuse('has a range of characters whose end is before its start');
      ranges.push([first, last]);
    }
    at += 1;
    return { isNegated, ranges };
  };

  const readSetCode = (): number => {
    const character = peek() ?? '';
    at += 1;
    if (character !== '\\') return character.codePointAt(0) ?? 0;
    if (takes('b')) return 0x08;
    return readEscapedCode();
  };

  const tree = readChoice(0);
  if (at < characters.length) refuse('has a ")" without "("');
  const instructions = compile(tree, () => refuse('is too large'));
  return { instructions, isCaseless: flags?.[1]?.includes('i') === true };
};

const compile = (tree: Tree, refuse: () => never): readonly Instruction[] => {
  const made: Instruction[] = [];
  const put = (instruction: Instruction): number => {
    if (made.length >= INSTRUCTIONS_MAX) refuse();
    made.push(instruction);
    return made.length - 1;
  };
  const split = (index: number, first: number, second: number): void => {
    made[index] = { kind: 'split', first, second };
  };
  const jump = (): number => put({ kind: 'split', first: 0, second: 0 });

  const emit = (each: Tree): void => {
    switch (each.kind) {
      case 'empty':
        return;
      case 'set':
      case 'assert':
        put(each);
        return;
      case 'sequence':
        each.parts.forEach(emit);
        return;
      case 'choice':
        emitChoice(each.parts);
        return;
      case 'repeat':
        emitRepeat(each);
    }
  };
  const emitChoice = (parts: readonly Tree[]): void => {
    const ends: number[] = [];
    parts.forEach((part, index) => {
      if (index === parts.length - 1) return emit(part);
      const fork = jump();
      emit(part);
      ends.push(jump());
      split(fork, fork + 1, made.length);
    });
    for (const end of ends) split(end, made.length, made.length);
  };
  const emitRepeat = ({ part, min, max }: Tree & { readonly kind: 'repeat' }): void => {
    for (let count = 0; count < min; count += 1) emit(part);
    if (max === undefined) {
      const fork = jump();
      emit(part);
      split(jump(), fork, fork);
      split(fork, fork + 1, made.length);
      return;
    }
    const forks: number[] = [];
    for (let count = min; count < max; count += 1) {
      forks.push(jump());
      emit(part);
    }
    for (const fork of forks) split(fork, fork + 1, made.length);
  };
  emit(tree);
  put({ kind: 'match' });
  return made;
};

// Matches a text in one pass: all places of the program where a match could be are walked at once, so the work is the
// length of the text times the length of the program, whatever the pattern and whoever wrote the text.

import type { CharacterSet, RegexProgram } from './regex-parse.ts';

/** What may still be spent; shared by all matches of one run of rules. */
export type Budget = { steps: number };

export class BudgetSpent extends Error {}

const inRanges = (ranges: CharacterSet['ranges'], code: number): boolean =>
  ranges.some(([first, last]) => code >= first && code <= last);

const otherCase = (code: number): number => {
  const character = String.fromCodePoint(code);
  const lower = character.toLowerCase();
  const other = lower === character ? character.toUpperCase() : lower;
  return other.codePointAt(0) ?? code;
};

const NEWLINE = 0x0a;

const isWord = (code: number | undefined): boolean =>
  code !== undefined && /\w/.test(String.fromCodePoint(code));

/**
 * `whole`: from the first character to the last (a line end at the end does not count); `within`: anywhere. Throws
 * BudgetSpent.
 */
export const matchesRegex = (
  program: RegexProgram,
  text: string,
  where: 'whole' | 'within',
  budget: Budget,
): boolean => {
  const { instructions, isCaseless } = program;
  const codes = Array.from(text, (character) => character.codePointAt(0) ?? 0);
  /** At which place of the text an instruction was put on the list last. */
  const seen = new Int32Array(instructions.length).fill(-1);
  let isMatch = false;

  const isEnd = (place: number): boolean =>
    place === codes.length || (place === codes.length - 1 && codes[place] === NEWLINE);
  const holds = (what: 'start' | 'end' | 'word' | 'not-word', place: number): boolean => {
    if (what === 'start') return place === 0;
    if (what === 'end') return isEnd(place);
    return (isWord(codes[place - 1]) !== isWord(codes[place])) === (what === 'word');
  };
  const follow = (from: number, place: number, list: number[]): void => {
    const open = [from];
    for (let index = open.pop(); index !== undefined; index = open.pop()) {
      if (seen[index] === place) continue;
      seen[index] = place;
      budget.steps -= 1;
      const instruction = instructions[index];
      if (instruction === undefined) continue;
      if (instruction.kind === 'set') list.push(index);
      else if (instruction.kind === 'split') open.push(instruction.second, instruction.first);
      else if (instruction.kind === 'match') isMatch ||= where === 'within' || isEnd(place);
      else if (holds(instruction.what, place)) open.push(index + 1);
    }
  };
  const takes = (set: CharacterSet, code: number): boolean => {
    const isIn =
      inRanges(set.ranges, code) || (isCaseless && inRanges(set.ranges, otherCase(code)));
    return isIn !== set.isNegated;
  };

  let current: number[] = [];
  for (let place = 0; place <= codes.length; place += 1) {
    if (place === 0 || where === 'within') follow(0, place, current);
    if (budget.steps < 0) throw new BudgetSpent();
    if (isMatch) return true;
    const code = codes[place];
    if (code === undefined) return false;
    const next: number[] = [];
    for (const index of current) {
      const instruction = instructions[index];
      if (instruction?.kind === 'set' && takes(instruction.set, code)) {
        follow(index + 1, place + 1, next);
      }
    }
    budget.steps -= current.length;
    current = next;
    if (isMatch) return true;
    if (current.length === 0 && where === 'whole') return false;
  }
  return isMatch;
};

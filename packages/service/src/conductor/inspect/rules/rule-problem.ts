// Why a rule could not go on. Whoever runs the rules says which rule it was, and makes it the failure of the inspection.

export class RuleProblem extends Error {}

const SHOWN_CHARS_MAX = 200;

/** Values come from machines: cut, and on one line. */
export const shownValue = (value: unknown): string =>
  (JSON.stringify(value) ?? 'nothing').slice(0, SHOWN_CHARS_MAX);

// What is wrong with the files of the policy, where, and what would be right.

export type PolicyProblem = {
  readonly severity: 'error' | 'warning';
  readonly path: string;
  readonly line?: number | undefined;
  readonly rule?: string | undefined;
  readonly text: string;
};

/** Enough to see what kind of mistake it is; `bessemer policy check` shows all. */
const SHOWN_MAX = 5;

export const problemText = ({ path, line, rule, text }: PolicyProblem): string =>
  `${path}${line === undefined ? '' : `:${line}`}: ${rule === undefined ? '' : `"${rule}": `}${text}`;

export const isError = ({ severity }: PolicyProblem): boolean => severity === 'error';

/** A policy that cannot be used. */
export class PolicyInvalid extends Error {
  readonly problems: readonly PolicyProblem[];

  constructor(problems: readonly PolicyProblem[]) {
    const errors = problems.filter(isError);
    const more = errors.length > SHOWN_MAX ? [`and ${errors.length - SHOWN_MAX} more`] : [];
    super([...errors.slice(0, SHOWN_MAX).map(problemText), ...more].join('; '));
    this.problems = problems;
  }
}

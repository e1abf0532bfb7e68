// Notes that a drill takes while it goes on.

import type { Finding } from './drill.ts';

export type Findings = {
  /** For the column `seen`. */
  readonly saw: (text: string) => void;
  /** `otherwise` says what was wrong, when `isRight` is false. */
  readonly check: (isRight: boolean, otherwise: string) => void;
  readonly finding: () => Finding;
};

/** A corpus that fails throughout must not fill the screen. */
const DEVIATIONS_SHOWN_MAX = 8;

export const makeFindings = (): Findings => {
  const seen: string[] = [];
  const deviations: string[] = [];
  return {
    saw: (text) => {
      if (!seen.includes(text)) seen.push(text);
    },
    check: (isRight, otherwise) => {
      if (!isRight) deviations.push(otherwise);
    },
    finding: () => {
      const more = deviations.length - DEVIATIONS_SHOWN_MAX;
      return {
        seen: seen.join('; '),
        deviations:
          more > 0
            ? [...deviations.slice(0, DEVIATIONS_SHOWN_MAX), `and ${more} more`]
            : deviations,
      };
    },
  };
};

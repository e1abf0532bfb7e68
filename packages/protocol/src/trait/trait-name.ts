// What a trait may be called: nodes, deploy templates and runbooks all take these names.

import { Refusal } from '../errors/refusal.ts';
import { STANDARD_TRAITS } from './standard-traits.ts';

const CUSTOM_PATTERN = /^CUSTOM_[A-Z0-9_]+$/;
const NAME_CHARS_MAX = 255;

export const isTraitName = (text: string): boolean =>
  text.length <= NAME_CHARS_MAX && (STANDARD_TRAITS.has(text) || CUSTOM_PATTERN.test(text));

/** `field` is what the message calls the place of the value. Throws Refusal(400). */
export const requireTraitName = (field: string, value: unknown): string => {
  if (typeof value === 'string' && isTraitName(value)) return value;
  const shown = (JSON.stringify(value) ?? 'None').slice(0, 300);
  throw new Refusal(
    400,
    `${field}: ${shown} is not a trait: CUSTOM_ followed by A-Z, 0-9 and _, up to ${NAME_CHARS_MAX} ` +
      'characters, or one of the standard names',
  );
};

// Passwords that an operator wants for machines of a kind, in the place of the profiles.

import type { PasswordProfile } from './password-profiles.ts';

export type PasswordPattern = {
  /** VENDOR/MODEL; `*` stands for any characters, capitals are as good as small letters. */
  readonly model: string;
  readonly profile: PasswordProfile;
};

/** In time that grows with the text alone: no part is looked for twice. */
const isMatch = (pattern: string, text: string): boolean => {
  const [first = '', ...others] = pattern.toLowerCase().split('*');
  const plain = text.toLowerCase();
  const last = others.pop();
  if (last === undefined) return plain === first;
  if (!plain.startsWith(first) || plain.length < first.length + last.length) return false;
  let at = first.length;
  for (const part of others) {
    const found = plain.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at + last.length <= plain.length && plain.endsWith(last);
};

/** The first that fits. What tells no model fits those that begin and end with `*`. */
export const findPattern = (
  patterns: readonly PasswordPattern[],
  model: string | undefined,
): PasswordPattern | undefined => patterns.find((each) => isMatch(each.model, model ?? ''));

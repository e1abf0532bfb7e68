// `%(key)s` in a rule stands for a value of the object or of the caller. `%%` is a percent sign.

import { RuleInvalid } from './rule-invalid.ts';

export type Template = {
  /** As the rule has it. */
  readonly source: string;
  /** Texts, and keys that stand for one. */
  readonly parts: readonly (string | { readonly key: string })[];
};

const PART = /%(?:\((?<key>[^()%]+)\)s|(?<percent>%))/y;

/** Throws RuleInvalid. */
export const parseTemplate = (source: string): Template => {
  const parts: (string | { readonly key: string })[] = [];
  let text = '';
  for (let at = 0; at < source.length;) {
    if (source[at] !== '%') {
      text += source[at];
      at += 1;
      continue;
    }
    PART.lastIndex = at;
    const found = PART.exec(source);
    if (found === null) {
      throw new RuleInvalid(`"${source}": "%" begins %(key)s; write %% for a percent sign`);
    }
    at = PART.lastIndex;
    const key = found.groups?.['key'];
    if (key === undefined) {
      text += '%';
      continue;
    }
    if (text !== '') parts.push(text);
    text = '';
    parts.push({ key });
  }
  if (text !== '') parts.push(text);
  return { source, parts };
};

/** The text of a template without keys. */
export const constantOf = ({ parts }: Template): string | undefined =>
  parts.every((part) => typeof part === 'string') ? parts.join('') : undefined;

/** The key of a template that is nothing but one. */
export const onlyKeyOf = ({ parts: [first, ...rest] }: Template): string | undefined =>
  rest.length === 0 && typeof first === 'object' ? first.key : undefined;

/** Undefined when a key has no value. */
export const fillTemplate = (
  { parts }: Template,
  valueOf: (key: string) => string | undefined,
): string | undefined => {
  let text = '';
  for (const part of parts) {
    const piece = typeof part === 'string' ? part : valueOf(part.key);
    if (piece === undefined) return undefined;
    text += piece;
  }
  return text;
};

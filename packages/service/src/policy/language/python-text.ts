// The language compares texts as Python writes them: operators' files have `True`, `None` and `1.0` in them.

import { RuleInvalid } from './rule-invalid.ts';

const CONSTANTS: ReadonlySet<string> = new Set(['True', 'False', 'None']);
const WHOLE = /^[+-]?(?:0|[1-9]\d{0,14})$/;
const FRACTION = /^[+-]?(?:\d{1,15}\.\d{0,15}|\.\d{1,15})$/;

/** What a value of the caller is as a text. */
export const pythonText = (value: unknown): string => {
  if (value === null || value === undefined) return 'None';
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (Array.isArray(value)) return `[${value.map(quoted).join(', ')}]`;
  return typeof value === 'string' ? value : JSON.stringify(value);
};

const quoted = (value: unknown): string =>
  typeof value === 'string' ? `'${value}'` : pythonText(value);

const fractionText = (value: number): string =>
  Number.isInteger(value) ? `${value}.0` : String(value);

/**
 * The text that a literal is compared as, undefined for what is a name and not a literal. Throws RuleInvalid for what
 * begins like a literal and is none.
 */
export const literalText = (source: string): string | undefined => {
  if (CONSTANTS.has(source)) return source;
  if (WHOLE.test(source)) return String(Number(source));
  if (FRACTION.test(source)) return fractionText(Number(source));
  const [quote = ''] = source;
  if (quote === "'" || quote === '"') {
    const body = source.slice(1, -1);
    if (source.length >= 2 && source.endsWith(quote) && !/['"\\]/.test(body)) return body;
    throw new RuleInvalid(`${source}: a quoted text has no quotes, colons or backslashes in it`);
  }
  if (/^[\d.+-]/.test(source)) throw new RuleInvalid(`"${source}" is neither a name nor a number`);
  return undefined;
};

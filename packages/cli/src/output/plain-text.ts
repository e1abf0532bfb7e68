// A value of JSON as people read it: texts bare, everything else as JSON.

import type { JsonValue } from '@bessemer/protocol/json';

export const plainText = (value: JsonValue | undefined): string => {
  if (value === undefined || value === null) return '-';
  return typeof value === 'string' ? value : JSON.stringify(value);
};

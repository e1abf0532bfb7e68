// JSON Schema, as little of it as the API needs, and words to write it with.

import type { JsonValue } from '@bessemer/protocol/json';

export type Schema = { readonly [keyword: string]: JsonValue };

export const text = (more: Schema = {}): Schema => ({ type: 'string', ...more });
export const uuid: Schema = text({ format: 'uuid' });
export const time: Schema = text({ format: 'date-time' });
export const flag: Schema = { type: 'boolean' };
export const whole = (minimum = 0): Schema => ({ type: 'integer', minimum });
/** A map whose keys nobody but the user knows. */
export const map: Schema = { type: 'object', additionalProperties: true };
export const oneOf = (...values: readonly string[]): Schema => text({ enum: [...values] });

export const list = (items: Schema): Schema => ({ type: 'array', items });

export const closed = (
  properties: { readonly [name: string]: Schema },
  required: readonly string[] = [],
): Schema => ({
  type: 'object',
  properties,
  ...(required.length === 0 ? {} : { required: [...required] }),
  additionalProperties: false,
});

/** Others may be there too. */
export const open = (properties: { readonly [name: string]: Schema }): Schema => ({
  type: 'object',
  properties,
});

export const nullable = (schema: Schema): Schema =>
  typeof schema['type'] === 'string'
    ? {
        ...schema,
        type: [schema['type'], 'null'],
        ...(Array.isArray(schema['enum']) ? { enum: [...schema['enum'], null] } : {}),
      }
    : { anyOf: [schema, { type: 'null' }] };

export const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });

/** A page: the objects under `key`, and where the next one is. */
export const page = (key: string, item: Schema): Schema =>
  open({ [key]: list(item), next: text({ format: 'uri' }) });

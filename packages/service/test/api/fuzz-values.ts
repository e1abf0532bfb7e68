// Values for requests: right ones from a JSON schema, hostile ones from a list of old acquaintances, and right ones with
// something hostile put in.

import * as fc from 'fast-check';

import { isJsonObject, type JsonObject, type JsonValue } from '@bessemer/protocol/json';
import type { Schema } from '#api/openapi/schema';

type Values = fc.Arbitrary<JsonValue>;

/** For keys of this name, values with which a request gets further than its schema. */
export type Words = { readonly [name: string]: readonly JsonValue[] };

export type ValueMaker = {
  readonly right: (schema: Schema, name?: string) => Values;
  readonly mutated: (schema: Schema) => Values;
};

const POISONED_KEYS = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty'];
const STRANGE_KEYS = [...POISONED_KEYS, '', '\0', '\ud800', 'a.b', '/', '~1', 'ключ', '$ref', '0'];

export const STRANGE_TEXTS: readonly string[] = [
  '',
  ' ',
  '\0',
  'a\0b',
  '\ud800',
  '\udfff\ud800',
  '\u202e\ufeff',
  '\r\nX-Evil: 1',
  'null',
  'None',
  'true',
  '0',
  '-1',
  '1e999',
  '9007199254740993',
  "' or 1=1 --",
  '"; drop table node; --',
  '%',
  '%s%n',
  '_',
  '../../etc/passwd',
  '${7*7}',
  '{{7*7}}',
  '<script>',
  '(a+)+$',
  '[',
  '2026-02-30T99:99:99Z',
  '00000000-0000-0000-0000-000000000000',
  'ffffffff-ffff-ffff-ffff-ffffffffffff',
  'FF:FF:FF:FF:FF:FF',
  'http://[::1',
  'file:///etc/shadow',
  '******',
  '💥'.repeat(40),
  'a'.repeat(256),
  'a'.repeat(5_000),
];

const nested = (depth: number, kind: 'list' | 'map'): JsonValue => {
  let value: JsonValue = 1;
  for (let level = 0; level < depth; level += 1) value = kind === 'list' ? [value] : { a: value };
  return value;
};

const STRANGE_VALUES: readonly JsonValue[] = [
  ...STRANGE_TEXTS,
  null,
  true,
  false,
  0,
  -0,
  -1,
  0.5,
  1e308,
  2 ** 31,
  2 ** 53,
  2 ** 63,
  -(2 ** 63),
  [],
  {},
  [null],
  [[]],
  [{}],
  { '': null },
  { constructor: { name: 'x' } },
  { length: 1_000_000 },
  { toString: 'x' },
  Array.from({ length: 300 }, (_each, at) => at),
  Object.fromEntries(Array.from({ length: 300 }, (_each, at) => [`k${at}`, at])),
  nested(20, 'list'),
  nested(20, 'map'),
  nested(24, 'map'),
  nested(40, 'list'),
];

export const strangeText: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...STRANGE_TEXTS) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 30 }) },
);

export const strange: Values = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...STRANGE_VALUES) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) as Values },
);

const FORMATS: { readonly [format: string]: Values } = {
  uuid: fc.uuid(),
  'date-time': fc.constantFrom('2026-11-21T02:24:26.626474+00:00', '1970-01-01T00:00:00Z'),
  uri: fc.constantFrom('http://127.0.0.1/x', 'https://example.org/image.qcow2'),
};

const PLAIN_TEXT = fc.oneof(
  fc.constantFrom('a', 'x', 'CUSTOM_A', 'uefi', 'power on', 'n1'),
  fc.string({ maxLength: 12 }),
);

const texts = (schema: Schema): Values => {
  const { format, maxLength } = schema;
  if (typeof format === 'string') return FORMATS[format] ?? PLAIN_TEXT;
  if (typeof maxLength !== 'number' || maxLength > 300) return PLAIN_TEXT;
  return fc.oneof(
    { weight: 8, arbitrary: PLAIN_TEXT },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        'a'.repeat(maxLength),
        'a'.repeat(maxLength + 1),
        '\u00e9'.repeat(maxLength),
      ),
    },
  );
};

export const makeValues = (
  schemas: { readonly [name: string]: Schema },
  words: Words,
): ValueMaker => {
  const known = new Map<Schema, Values>();

  const ofObject = (schema: Schema): Values => {
    const properties = (schema['properties'] ?? {}) as { readonly [name: string]: Schema };
    // Without it such a body asks for nothing.
    const usual = properties['target'] === undefined ? [] : ['target'];
    const required = (schema['required'] ?? usual) as string[];
    const named = Object.fromEntries(
      Object.entries(properties).map(([name, each]) => [name, right(each, name)]),
    );
    const picked = fc.record(named, { requiredKeys: required });
    // All keys at once fail by one of them; mostly two or three come along.
    const few = fc
      .tuple(picked, fc.array(fc.constantFrom('', ...Object.keys(named)), { maxLength: 3 }))
      .map(([all, kept]) =>
        Object.fromEntries(
          Object.entries(all).filter(([key]) => required.includes(key) || kept.includes(key)),
        ),
      );
    const fixed = fc.oneof({ weight: 4, arbitrary: few }, { weight: 1, arbitrary: picked });
    if (schema['additionalProperties'] !== true) return fixed;
    return fc.oneof(
      fixed,
      fc.dictionary(fc.constantFrom('a', 'b', 'name', 'message'), PLAIN_TEXT, { maxKeys: 3 }),
    ) as Values;
  };

  const plain = (schema: Schema, name: string): Values => {
    if (typeof schema['$ref'] === 'string') {
      const target = schemas[schema['$ref'].split('/').at(-1) ?? ''];
      return target === undefined ? strange : right(target, name);
    }
    if (Array.isArray(schema['enum'])) return fc.constantFrom(...schema['enum']);
    const choices = schema['anyOf'] ?? schema['oneOf'];
    if (Array.isArray(choices)) return fc.oneof(...choices.map((each) => right(each as Schema)));
    const { type = '' } = schema;
    if (Array.isArray(type)) {
      return fc.oneof(...type.map((each) => plain({ ...schema, type: each }, name)));
    }
    const minimum = typeof schema['minimum'] === 'number' ? schema['minimum'] : -5;
    const kinds: { readonly [kind: string]: () => Values } = {
      null: () => fc.constant(null),
      boolean: () => fc.boolean(),
      integer: () => fc.integer({ min: minimum, max: minimum + 100 }),
      number: () => fc.double({ noNaN: true, noDefaultInfinity: true }),
      string: () => texts(schema),
      array: () =>
        fc.array(right((schema['items'] ?? {}) as Schema, name), { maxLength: 4 }) as Values,
      object: () => ofObject(schema),
    };
    return kinds[type as string]?.() ?? strange;
  };

  const right = (schema: Schema, name = ''): Values => {
    const usual = schema['enum'] === undefined ? words[name] : undefined;
    if (usual !== undefined) {
      return fc.oneof(
        { weight: 6, arbitrary: fc.constantFrom(...usual) },
        { weight: 1, arbitrary: strange },
      );
    }
    const made = known.get(schema) ?? plain(schema, name);
    known.set(schema, made);
    return made;
  };

  return {
    right,
    mutated: (schema) =>
      fc
        .tuple(right(schema), strange, fc.nat(1_000), fc.constantFrom(...STRANGE_KEYS))
        .map(([value, evil, at, key]) => putIn(value, evil, at, key)),
  };
};

const isBranch = (value: JsonValue | undefined): value is JsonObject | JsonValue[] =>
  Array.isArray(value) || isJsonObject(value);

/** A copy with `evil` somewhere: in the place of all or of a part, beside the parts, or instead of a key. */
const putIn = (value: JsonValue, evil: JsonValue, at: number, key: string): JsonValue => {
  if (!isBranch(value) || at % 7 === 0) return evil;
  const copy = structuredClone(value);
  let place: JsonObject | JsonValue[] = copy;
  let rest = at;
  for (;;) {
    const keys = Object.keys(place);
    const picked = keys[rest % Math.max(keys.length, 1)];
    const next = picked === undefined ? undefined : (place as JsonObject)[picked];
    if (picked === undefined || rest % 3 === 0) {
      Object.defineProperty(place, Array.isArray(place) ? place.length : key, {
        value: evil,
        enumerable: true,
        configurable: true,
        writable: true,
      });
      return copy;
    }
    if (!isBranch(next) || rest % 5 === 0) {
      if (rest % 11 === 0 && !Array.isArray(place)) Reflect.deleteProperty(place, picked);
      else (place as JsonObject)[picked] = evil;
      return copy;
    }
    place = next;
    rest = Math.floor(rest / 2) + 1;
  }
};

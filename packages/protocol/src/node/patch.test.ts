import assert from 'node:assert/strict';
import { test } from 'node:test';

import { assert as check, constantFrom, dictionary, jsonValue, property } from 'fast-check';

import { Refusal } from '../errors/refusal.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import { applyPatch, parsePatch } from './patch.ts';

const KEYS = constantFrom('a', 'b', 'c');
const documents = dictionary(KEYS, jsonValue({ maxDepth: 2 })) as unknown as Parameters<
  typeof property<[JsonObject]>
>[0];
const values = jsonValue({ maxDepth: 2 });

const patch = (document: JsonObject, operations: unknown): JsonObject =>
  applyPatch(document, parsePatch(operations));
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

test('add then read gives the value that was added', () => {
  check(
    property(documents, KEYS, values, (document, key, value) => {
      const patched = patch(document, [{ op: 'add', path: `/${key}`, value }]);

      assert.deepEqual(plain(patched[key]), plain(value));
    }),
  );
});

test('add then remove of a new key gives the document back', () => {
  check(
    property(documents, values, (document, value) => {
      const patched = patch(document, [
        { op: 'add', path: '/fresh', value },
        { op: 'remove', path: '/fresh' },
      ]);

      assert.deepEqual(plain(patched), plain(document));
    }),
  );
});

test('replacing a value by itself changes nothing', () => {
  check(
    property(documents, (document) => {
      const operations = Object.entries(document).map(([key, value]) => ({
        op: 'replace',
        path: `/${key}`,
        value,
      }));

      assert.deepEqual(plain(patch(document, operations)), plain(document));
    }),
  );
});

test('the given document is never changed, whether the patch works or not', () => {
  check(
    property(documents, KEYS, values, (document, key, value) => {
      const before = JSON.stringify(document);
      const operations = [
        { op: 'add', path: `/${key}`, value },
        { op: 'remove', path: `/${key}/nope/deeper` },
      ];

      assert.throws(() => patch(document, operations), Refusal);
      assert.equal(JSON.stringify(document), before);
    }),
  );
});

test('whatever the body is, it is applied or refused with 400', () => {
  check(
    property(jsonValue(), (body) => {
      try {
        patch({ a: 1 }, body);
      } catch (error) {
        assert.ok(error instanceof Refusal);
        assert.equal(error.status, 400);
      }
    }),
  );
});

test('no path reaches into the prototype of objects', () => {
  for (const path of ['/__proto__/x', '/a/__proto__', '/a/constructor/prototype/x', '/prototype']) {
    assert.throws(() => patch({ a: {} }, [{ op: 'add', path, value: 1 }]), Refusal, path);
  }
  assert.equal(({} as { x?: unknown }).x, undefined);
});

const LISTS: readonly (readonly [string, object, readonly JsonValue[]])[] = [
  ['an index inserts', { op: 'add', path: '/l/1', value: 'x' }, [1, 'x', 2]],
  ['a dash appends', { op: 'add', path: '/l/-', value: 'x' }, [1, 2, 'x']],
  ['the index after the last appends', { op: 'add', path: '/l/2', value: 'x' }, [1, 2, 'x']],
  ['replace takes the place', { op: 'replace', path: '/l/0', value: 'x' }, ['x', 2]],
  ['remove closes the gap', { op: 'remove', path: '/l/0' }, [2]],
];

test('lists are patched by index', () => {
  for (const [what, operation, expected] of LISTS) {
    assert.deepEqual(patch({ l: [1, 2] }, [operation])['l'], expected, what);
  }
});

test('indexes outside of a list, and those that are none, are refused', () => {
  for (const path of ['/l/3', '/l/01', '/l/x', '/l/-1']) {
    assert.throws(() => patch({ l: [1, 2] }, [{ op: 'add', path, value: 1 }]), Refusal, path);
  }
});

// T-59: nothing that a user wrote gets to the engine of regular expressions. All patterns stand in the source; what
// users call expressions (inspection rules) is matched by a matcher of our own, in linear time.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const PACKAGES = join(import.meta.dirname, '../..');
const ROOTS = ['service/src', 'protocol/src'];

type Source = { readonly file: string; readonly text: string };

const sources: readonly Source[] = ROOTS.flatMap((root) =>
  readdirSync(join(PACKAGES, root), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !/(?:^|\/)test-|\.test\.ts$/.test(name))
    .map((name) => ({
      file: `${root}/${name}`,
      text: readFileSync(join(PACKAGES, root, name), 'utf8'),
    })),
);

/** Built from words that stand in the same file. */
const BUILT = ['protocol/src/node/mask.ts'];

test('T-59: patterns are built in one place, from our own words', () => {
  const building = sources.filter(({ text }) => /\bRegExp\(/.test(text)).map(({ file }) => file);

  assert.deepEqual(building, BUILT);
});

/** A text given to these becomes a pattern. */
const CALL = /\.(?:match|matchAll|search)\(\s*([^)\s]*)/g;
/** A pattern as it stands, or a constant. */
const LITERAL = /^(?:\/|[A-Z][A-Z_]+,?$)/;

test('T-59: what is matched with stands in the source', () => {
  assert.ok(sources.length > 300, String(sources.length));

  const others = sources.flatMap(({ file, text }) =>
    [...text.matchAll(CALL)]
      .map(([, given = '']) => given)
      .filter((given) => !LITERAL.test(given))
      .map((given) => `${file}: ${given}`),
  );

  assert.deepEqual(others, []);
});

test('T-59: no query hands a pattern of a user to the engine of the store', () => {
  const inStore = sources.filter(({ file }) => file.startsWith('service/src/store/'));

  const matching = inStore.filter(({ text }) => /\b(?:regexp|glob|similar to|~\*)\b/i.test(text));

  assert.deepEqual(
    matching.map(({ file }) => file),
    [],
  );
});

// The generated pages of docs/reference say what the code says.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { renderReference } from './reference/render-reference.ts';

const DIRECTORY = join(import.meta.dirname, '../docs/reference');

for (const [file, text] of Object.entries(renderReference())) {
  test(`docs/reference/${file} is up to date`, async () => {
    const written = await readFile(join(DIRECTORY, file), 'utf8');

    assert.equal(written, text, 'run: node_modules/.bin/node test/reference/render-reference.ts');
  });
}

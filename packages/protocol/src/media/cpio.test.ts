import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { Failure } from '../errors/failure.ts';
import { type CpioFile, readCpio, writeCpio } from './cpio.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const isInvalid = (error: unknown): boolean =>
  error instanceof Failure && error.code === 'media.invalid';

const anyName = fc.stringMatching(/^[a-z0-9_-]{1,12}$/);
const anyFile = fc.record(
  {
    // Three levels for all: a file is never the directory of another.
    path: fc.tuple(anyName, anyName, anyName).map((names) => names.join('/')),
    mode: fc.constantFrom(0o600, 0o644, 0o755),
    content: fc.uint8Array({ maxLength: 300 }),
  },
  { noNullPrototype: true },
);
const anyFiles = fc.uniqueArray(anyFile, { selector: (file) => file.path, maxLength: 12 });
const sorted = (files: readonly CpioFile[]): CpioFile[] =>
  files.toSorted((a, b) => (a.path < b.path ? -1 : 1));

test('whatever files are written are read again', () => {
  fc.assert(
    fc.property(anyFiles, (files) => {
      const read = readCpio(writeCpio(files));

      assert.deepEqual(sorted(read), sorted(files));
    }),
  );
});

test('the same files in another order give the same bytes, in whole blocks', () => {
  fc.assert(
    fc.property(anyFiles, (files) => {
      const archive = writeCpio(files);

      assert.deepEqual(writeCpio(files.toReversed()), archive);
      assert.equal(archive.length % 512, 0);
    }),
  );
});

test('an altered archive is read or refused, and never leads out of its directory', () => {
  const archive = writeCpio([{ path: 'etc/a/b.conf', mode: 0o600, content: bytesOf('x = 1\n') }]);
  fc.assert(
    fc.property(fc.nat(archive.length - 1), fc.nat(255), (at, value) => {
      const altered = Uint8Array.from(archive);
      altered[at] = value;

      try {
        for (const { path } of readCpio(altered)) assert.doesNotMatch(path, /^\/|(^|\/)\.\.(\/|$)/);
      } catch (error) {
        assert.ok(isInvalid(error), String(error));
      }
    }),
    { numRuns: 2000 },
  );
});

test('names that lead elsewhere are neither written nor read', () => {
  for (const path of ['/etc/a', '../a', 'a/../b', 'a//b', './a', '', 'a/']) {
    assert.throws(() => writeCpio([{ path, mode: 0o644, content: bytesOf('') }]), isInvalid, path);
  }
  const archive = writeCpio([{ path: 'aa/b', mode: 0o644, content: bytesOf('') }]);
  const text = new TextDecoder().decode(archive).replaceAll('aa', '..');

  assert.throws(() => readCpio(bytesOf(text)), isInvalid);
});

test('a symbolic link in an archive is refused', () => {
  const archive = writeCpio([{ path: 'link', mode: 0o777, content: bytesOf('/etc') }]);
  const text = new TextDecoder().decode(archive).replace('000081ff', '0000a1ff');

  assert.throws(() => readCpio(bytesOf(text)), /neither a file nor a directory/);
});

test('an empty region is not an archive', () => {
  assert.throws(() => readCpio(new Uint8Array(4096)), isInvalid);
});

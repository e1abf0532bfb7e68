import assert from 'node:assert/strict';
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { makeLeaseReader } from '#netboot/dnsmasq/leases';

test('leases are read again when they changed, and only then', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'bessemer-leases-'));
  try {
    const path = join(directory, 'leases');
    const leases = makeLeaseReader(path);
    const before = await leases();
    await writeFile(path, '1795252938 52:54:00:00:00:02 10.98.0.54 * *\n');
    const first = await leases();
    const again = await leases();
    await appendFile(path, '1795252939 52:54:00:00:00:03 10.98.0.55 * *\n');
    const later = await leases();
    await rm(path);
    const after = await leases();

    assert.deepEqual(before, []);
    assert.equal(first.length, 1);
    assert.equal(again, first);
    assert.deepEqual(
      later.map(({ address }) => address),
      ['10.98.0.54', '10.98.0.55'],
    );
    assert.deepEqual(after, []);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

// The network of emulated machines, as the kernel shows it. Needs root, as emulated machines do.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { claimTap, ensureTap, releaseTaps } from '../src/host/network.ts';

const CANNOT =
  process.getuid?.() === 0 && existsSync('/dev/net/tun') ? false : 'needs root and /dev/net/tun';

const tapNames = (): readonly string[] => {
  const text = execFileSync('ip', ['-n', 'bessemer-lab', '-o', 'link', 'show'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  }).toString();
  return [...text.matchAll(/\b(bsmtap\d+):/g)].map((found) => found[1] ?? '');
};

test(
  'each claim gives another tap and address, and what is given back is gone',
  { skip: CANNOT },
  async () => {
    const first = await claimTap();
    const second = await claimTap();
    const third = await claimTap();
    const whileUp = tapNames();
    const forwarding = await readFile('/proc/sys/net/ipv4/conf/bsm0/forwarding', 'utf8');

    await releaseTaps([first.name, second.name]);
    const between = tapNames();
    await ensureTap(third.name);
    const unchanged = tapNames();
    await releaseTaps([third.name]);
    // Again: giving back what is gone is fine.
    await releaseTaps([third.name]);

    assert.equal(new Set([first.address, second.address, third.address]).size, 3);
    assert.match(first.address, /^10\.99\.0\.\d+$/);
    assert.ok([first, second, third].every(({ name }) => whileUp.includes(name)));
    assert.equal(forwarding.trim(), '0');
    assert.ok(between.includes(third.name) && !between.includes(first.name));
    assert.deepEqual(unchanged, between);
  },
);

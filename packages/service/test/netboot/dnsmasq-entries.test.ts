// What is written for dnsmasq to read: T-31, T-32, T-37.

import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { type BootEntries, makeBootEntries } from '#netboot/dnsmasq/boot-entries';

const MAC = '52:54:00:98:00:01';
const OTHER_MAC = '52:54:00:98:00:02';
const URL_BASE = 'http://10.0.0.1:6388/netboot';

type Files = {
  readonly hosts: () => Promise<readonly string[]>;
  readonly options: () => Promise<readonly string[]>;
};

const contentsOf = async (directory: string): Promise<readonly string[]> => {
  const names = (await readdir(directory)).sort();
  return Promise.all(names.map((name) => readFile(join(directory, name), 'utf8')));
};

const withEntries = async (
  work: (entries: BootEntries, files: Files) => Promise<void>,
): Promise<void> => {
  const directory = await mkdtemp(join(tmpdir(), 'bessemer-entries-'));
  const hostsDirectory = join(directory, 'hosts');
  const optionsDirectory = join(directory, 'options');
  try {
    const entries = makeBootEntries({ hostsDirectory, optionsDirectory, owner: undefined });
    await entries.clear();
    await work(entries, {
      hosts: () => contentsOf(hostsDirectory),
      options: () => contentsOf(optionsDirectory),
    });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
};

const boot = (bootId: string, ...macs: string[]) => ({
  bootId,
  macs,
  scriptUrl: `${URL_BASE}/${bootId}/boot.ipxe`,
});

test('an open boot is a tag for each card and a script for the tag', () =>
  withEntries(async (entries, files) => {
    await entries.open(boot('one', MAC, OTHER_MAC));
    assert.deepEqual(await files.hosts(), [
      `${MAC},set:open,set:boot-one\n`,
      `${OTHER_MAC},set:open,set:boot-one\n`,
    ]);
    assert.deepEqual(await files.options(), [
      `tag:boot-one,tag:ipxe,67,${URL_BASE}/one/boot.ipxe\n`,
    ]);
  }));

test('a closed boot is overridden, and its script is nowhere', () =>
  withEntries(async (entries, files) => {
    await entries.open(boot('one', MAC));
    await entries.close('one');
    assert.deepEqual(await files.hosts(), [`${MAC},set:closed\n`]);
    assert.deepEqual(await files.options(), []);
    assert.equal(entries.openCount(), 0);
  }));

test('a card that another boot took over stays with it', () =>
  withEntries(async (entries, files) => {
    await entries.open(boot('one', MAC));
    await Promise.all([entries.open(boot('two', MAC)), entries.close('one')]);
    assert.deepEqual(await files.hosts(), [`${MAC},set:open,set:boot-two\n`]);
  }));

test('a boot that is announced anew loses the cards that it has no more', () =>
  withEntries(async (entries, files) => {
    await entries.open(boot('one', MAC, OTHER_MAC));
    await entries.open(boot('one', MAC));
    assert.deepEqual(await files.hosts(), [
      `${MAC},set:open,set:boot-one\n`,
      `${OTHER_MAC},set:closed\n`,
    ]);
  }));

test('compacting forgets closed boots only, clearing all', () =>
  withEntries(async (entries, files) => {
    await entries.open(boot('one', MAC));
    await entries.open(boot('two', OTHER_MAC));
    await entries.close('one');
    await entries.compact();
    assert.deepEqual(await files.hosts(), [`${OTHER_MAC},set:open,set:boot-two\n`]);
    assert.equal(entries.writtenCount(), 0);
    await entries.clear();
    assert.deepEqual([await files.hosts(), await files.options()], [[], []]);
  }));

test('values that would be more than one word are refused, and nothing is written', () =>
  withEntries(async (entries, files) => {
    const good = boot('one', MAC);
    for (const wrong of [
      { ...good, bootId: '../one' },
      { ...good, bootId: 'a,set:open' },
      { ...good, bootId: '' },
      { ...good, macs: [MAC.toUpperCase().replace('98', 'AB')] },
      { ...good, macs: [`${MAC},set:boot-two`] },
      { ...good, macs: [`${MAC}\n${OTHER_MAC}`] },
      { ...good, macs: Array.from({ length: 65 }, () => MAC) },
      { ...good, scriptUrl: `${good.scriptUrl},10.0.0.2` },
      { ...good, scriptUrl: `${good.scriptUrl}\ntag:ipxe,67,x` },
      { ...good, scriptUrl: `${URL_BASE}/${'x'.repeat(300)}` },
      { ...good, scriptUrl: 'tftp://10.0.0.1/x' },
    ]) {
      await assert.rejects(entries.open(wrong), /network boot: /u, JSON.stringify(wrong));
    }
    assert.deepEqual([await files.hosts(), await files.options()], [[], []]);
    await entries.open(good);
    assert.equal(entries.openCount(), 1);
  }));

// The rules that are printed for a site, as nft itself takes them.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const MANAGE = fileURLToPath(new URL('../src/manage/main.ts', import.meta.url));

let directory: string;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bessemer-rules-'));
});
after(() => rm(directory, { recursive: true, force: true }));

/** Arguments as one line. */
const rules = async (line: string): Promise<string> => {
  const args = line.split(' ').filter((word) => word !== '');
  const { stdout } = await run(process.execPath, [MANAGE, 'network', 'rules', ...args]);
  return stdout;
};

/** Throws with the words of nft when a rule is none. */
const checkByNft = async (text: string): Promise<void> => {
  const path = join(directory, 'rules.nft');
  await writeFile(path, text);
  await run('nft', ['-c', '-f', path]);
};

/** Lines of the chain, without comments. */
const chainOf = (text: string): readonly string[] =>
  text
    .slice(text.indexOf('chain'))
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && line !== '}' && !line.startsWith('#'));

test('of polled machines everything new is counted and dropped, and BMCs still fetch media', async () => {
  const text = await rules(
    '--set agent.poll_only=true --set agent.poll_networks=10.99.0.0/24 --bmcs 10.98.0.0/24',
  );

  await checkByNft(text);
  assert.deepEqual(chainOf(text).slice(2), [
    'ct state established,related accept',
    'ip saddr @bmcs4 tcp dport { 6387 } accept',
    'ip saddr @polled4 counter name "from_polled_machines" drop',
  ]);
});

test('machines that call reach the agent and boot listeners and nothing else', async () => {
  const text = await rules('--calling 192.0.2.0/24 --set agent.listen=0.0.0.0:7001');

  await checkByNft(text);
  assert.deepEqual(chainOf(text).slice(3), [
    'ip saddr @calling4 tcp dport { 7001, 6387 } accept',
    'ip saddr @calling4 counter name "from_calling_machines" drop',
  ]);
});

test('both kinds, both families, and a router in front of the service', async () => {
  const text = await rules(
    '--calling 192.0.2.0/24 --calling 2001:db8:1::/64 --polled 10.99.0.0/24 --polled 2001:db8:2::/64 ' +
      '--bmcs 10.98.0.0/24 --control-plane 10.0.0.1 --control-plane 2001:db8::1',
  );

  await checkByNft(text);
  assert.match(text, /hook forward/);
  assert.match(text, /ip6 saddr @polled6 ip6 daddr @control_plane6 counter/);
});

test('without a network of machines there are no rules, and a network must be one', async () => {
  await assert.rejects(rules(''), /no network of machines is known/);
  await assert.rejects(rules('--polled 10.0.0.0/8;drop'), /is no network/);
});

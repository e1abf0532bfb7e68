import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseEndpoint } from './endpoint.ts';
import { explain } from './explain.ts';
import { parseServeFlags } from './flags.ts';
import { loadConfig } from './load.ts';
import { ConfigInvalid } from './setting.ts';

const load = (
  overrides: readonly string[] = [],
  environment: { readonly [name: string]: string } = {},
): ReturnType<typeof loadConfig> => loadConfig({ file: undefined, environment, overrides });

test('without any source every key has its default', async () => {
  const { settings, sources } = await load();

  assert.equal(settings.api.max_limit, 1_000);
  assert.equal(settings.DEFAULT.auth_strategy, 'basic');
  assert.equal(sources.size, 0);
});

test('a variable overrides the default, and --set overrides the variable', async () => {
  const environment = { BESSEMER_API_MAX_LIMIT: '10', BESSEMER_CONDUCTOR_AUTOMATED_CLEAN: 'no' };

  const { settings, sources } = await load(['api.max_limit=20'], environment);

  assert.equal(settings.api.max_limit, 20);
  assert.equal(settings.conductor.automated_clean, false);
  assert.equal(sources.get('api.max_limit'), '--set');
});

test('variables that begin with no section are not ours', async () => {
  const { sources } = await load([], { BESSEMER_CACHE: '/x', BESSEMER_FOO_BAR: 'x', PATH: '/bin' });

  assert.equal(sources.size, 0);
});

const WRONG: readonly (readonly [string, RegExp])[] = [
  ['api.max_limits=3', /did you mean "api.max_limit"/],
  ['agent.automated_clean=true', /did you mean "conductor.automated_clean"/],
  ['api.max_limit=many', /not a number from 1 to 10000/],
  ['api.max_limit=0', /not a number/],
  ['api.max_limit=1.5', /not a number/],
  ['conductor.automated_clean=perhaps', /neither true nor false/],
  ['DEFAULT.auth_strategy=magic', /is not one of basic/],
  ['DEFAULT.enabled_hardware_types=redfish,zzz', /"zzz" is not one of/],
  ['api.max_limit', /expected section.key=value/],
  ['__proto__.x=1', /there is no key/],
];

test('what is wrong is named, with what would be right', async () => {
  for (const [override, text] of WRONG) {
    await assert.rejects(load([override]), (error) => {
      assert.ok(error instanceof ConfigInvalid);
      assert.match(error.message, text);
      return true;
    });
  }
});

test('lists are read from commas, and may be emptied', async () => {
  const { settings } = await load([
    'image.allowed_networks=10.0.0.0/8, fd00::/8',
    'api.public_endpoint=',
  ]);

  assert.deepEqual(settings.image.allowed_networks, ['10.0.0.0/8', 'fd00::/8']);
  assert.equal(settings.api.public_endpoint, null);
});

test('explain tells meaning, default, value and source of a key', async () => {
  const text = explain(await load(['api.max_limit=7']), 'api.max_limit');

  assert.match(text, /Most objects in one page/);
  assert.match(text, /default {2}1000/);
  assert.match(text, /now {6}7 \(--set\)/);
});

test('explain of a section tells all its keys, of a typing error the right name', async () => {
  const loaded = await load();

  assert.match(explain(loaded, 'boot'), /boot.listen[^]*boot.tls/);
  assert.throws(() => explain(loaded, 'bot.tls'), /did you mean "boot.tls"/);
});

test('flags are short for keys', () => {
  const flags = parseServeFlags([
    '--data',
    'd',
    '--auth',
    'none',
    '--listen',
    '[::1]:0',
    '--set',
    'a.b=c',
  ]);

  assert.equal(flags.data, 'd');
  assert.deepEqual(flags.overrides, ['a.b=c', 'api.listen=[::1]:0', 'DEFAULT.auth_strategy=none']);
});

test('unknown flags and a missing directory are told', () => {
  assert.throws(() => parseServeFlags(['--data', 'd', '--zzz']), ConfigInvalid);
  assert.throws(() => parseServeFlags([]), /--data DIR is needed/);
});

test('endpoints: addresses, names, brackets, and nothing else', () => {
  assert.deepEqual(parseEndpoint('n', '127.0.0.1:6385'), { host: '127.0.0.1', port: 6385 });
  assert.deepEqual(parseEndpoint('n', '[::1]:0'), { host: '::1', port: 0 });
  for (const text of ['', '127.0.0.1', ':1', '::1:1', 'host:70000', 'host:x', 'http://a:1']) {
    assert.throws(() => parseEndpoint('n', text), ConfigInvalid, text);
  }
});

test('a secret is taken from the file only, and not shown', async () => {
  const name = 'keystone_authtoken.password';
  const variable = { BESSEMER_KEYSTONE_AUTHTOKEN_PASSWORD: 'x' };

  await assert.rejects(load([`${name}=x`]), /is a secret: give it in the file/);
  await assert.rejects(load([], variable), /is a secret: give it in the file/);
  const loaded = await load();
  const section = { ...loaded.settings.keystone_authtoken, password: 'hunter2' };
  const shown = explain(
    { ...loaded, settings: { ...loaded.settings, keystone_authtoken: section } },
    name,
  );
  assert.match(shown, /now {6}\*\*\*/);
  assert.ok(!shown.includes('hunter2'));
});

test('a variable names a section that has an underscore', async () => {
  const { settings } = await load([], { BESSEMER_KEYSTONE_AUTHTOKEN_TOKEN_CACHE_TIME: '7' });

  assert.equal(settings.keystone_authtoken.token_cache_time, 7);
});

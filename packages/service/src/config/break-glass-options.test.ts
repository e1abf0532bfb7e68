import assert from 'node:assert/strict';
import { test } from 'node:test';

import { breakGlassOptions } from './break-glass-options.ts';
import { loadConfig } from './load.ts';
import { ConfigInvalid } from './setting.ts';

const RECIPIENT = 'age182frqtyj7qzhtcp5t0f84uwp4l36nakw596fctwsz3zvdd2hjvds9hggyf';

const optionsOf = async (more: { readonly [key: string]: string }) => {
  const overrides = Object.entries(more).map(([key, value]) => `bmc_credentials.${key}=${value}`);
  const { settings } = await loadConfig({ file: undefined, environment: {}, overrides });
  return breakGlassOptions(settings);
};

const BOTH = { break_glass_directory: '/srv/kit', break_glass_recipients: RECIPIENT };

test('a kit has a directory and somebody who can open it', async () => {
  assert.deepEqual((await optionsOf(BOTH)).kit, {
    directory: '/srv/kit',
    recipients: [RECIPIENT],
  });
});

test('without both there is no kit, exports need one person, and a hold lasts eight hours', async () => {
  const { kit, approvals, holdMs } = await optionsOf({});

  assert.deepEqual([kit, approvals, holdMs / 3_600_000], [undefined, 1, 8]);
});

const WRONG: readonly (readonly [string, { readonly [key: string]: string }, RegExp])[] = [
  ['one without the other', { break_glass_directory: '/srv/kit' }, /go together/],
  [
    'a directory that depends on where the service was started',
    { ...BOTH, break_glass_directory: 'kit' },
    /absolute/,
  ],
  ['a mistyped key', { ...BOTH, break_glass_recipients: `${RECIPIENT.slice(0, -1)}q` }, /mistyped/],
  ['three persons', { export_approvals: '3' }, /from 1 to 2/],
];

for (const [what, settings, text] of WRONG) {
  test(`refused when it is read: ${what}`, async () => {
    await assert.rejects(optionsOf(settings), (error) => {
      assert.ok(error instanceof ConfigInvalid);
      assert.match(error.message, text);
      return true;
    });
  });
}

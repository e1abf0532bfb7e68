// Machines that people enrol with a login of theirs: with `rotate_on_manage` their BMCs are taken over as soon as `manage` has
// seen that the login works; whatever becomes of that, the node is manageable.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';

import { systemClock } from '../packages/service/src/clock.ts';
import { FACTORY, openSceneBmc, type SceneBmc } from '../packages/service/test/bmc-kill/lab-bmc.ts';
import { askFor, type NodeView, showNode, waitForState } from './harness/node.ts';
import {
  makeDirectory,
  removeDirectory,
  type RunningService,
  startService,
} from './harness/service.ts';
import { waitFor } from './harness/wait-for.ts';

const STEP_MS_MAX = 60_000;
const ON = 'bmc_credentials.rotate_on_manage=true';

type Status = {
  readonly state: string;
  readonly given: { readonly username: string } | null;
  readonly last_result: { readonly outcome: string; readonly text: string } | null;
};

type Site = {
  readonly service: RunningService;
  readonly bmc: SceneBmc;
  readonly status: () => Promise<Status>;
};

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const openSite = async (driver: 'redfish' | 'ipmi', settings: readonly string[]): Promise<Site> => {
  const directory = await makeDirectory();
  closers.push(() => removeDirectory(directory));
  const bmc = await openSceneBmc(driver, systemClock);
  closers.push(bmc.close);
  const service = await startService({ directory, settings });
  closers.push(() => service.stop());
  const info = { driver, name: 'n1', driver_info: bmc.driverInfo };
  assert.equal((await service.call('POST', '/v1/nodes', info)).status, 201);
  const path = '/v1/nodes/n1/vendor_passthru/bmc_credential_status';
  return {
    service,
    bmc,
    status: async () => (await service.call('GET', path)).body as Status,
  };
};

const manage = async ({ service }: Site): Promise<NodeView> => {
  await askFor(service, 'n1', 'manage');
  return waitForState(service, 'n1', ['manageable'], STEP_MS_MAX);
};

/** Nothing is worked on any more. */
const atRest = ({ service }: Site): Promise<NodeView & { readonly reservation?: string | null }> =>
  waitFor(
    () => showNode(service, 'n1'),
    (node: NodeView & { readonly reservation?: string | null }) => node.reservation === null,
    STEP_MS_MAX,
  );

const enabledAt = ({ bmc }: Site): readonly string[] =>
  bmc
    .accounts()
    .filter(({ isEnabled }) => isEnabled)
    .map(({ username }) => username)
    .toSorted();

type Event = { readonly event: string; readonly detail: { readonly trigger?: string } };

for (const driver of ['redfish', 'ipmi'] as const) {
  test(`${driver}: a BMC is taken over behind manage, and the account of the person stays`, async () => {
    const site = await openSite(driver, [ON]);

    await manage(site);
    const node = await atRest(site);

    const status = await site.status();
    assert.deepEqual(
      [node.provision_state, node.last_error, status.state, status.last_result?.outcome],
      ['manageable', null, 'managed', 'succeeded'],
    );
    assert.deepEqual(enabledAt(site), ['bsmr-a', 'bsmr-b', FACTORY.username]);
    assert.deepEqual(status.given, { username: FACTORY.username });
    const { body } = await site.service.call('GET', '/bessemer/audit?limit=1000');
    const { audit } = body as { readonly audit: readonly Event[] };
    const began = audit.filter(({ event }) => event === 'bmc.rotation.started');
    assert.deepEqual(
      began.map(({ detail }) => detail.trigger),
      ['adopt'],
    );
    assert.equal(site.bmc.isAnyLocked(), false);
  });
}

test('by option the account of the person is disabled, and the node works on', async () => {
  const site = await openSite('redfish', [ON, 'bmc_credentials.disable_factory_accounts=true']);

  await manage(site);
  await atRest(site);

  assert.deepEqual(enabledAt(site), ['bsmr-a', 'bsmr-b']);
  const power = await site.service.call('PUT', '/v1/nodes/n1/states/power', { target: 'power on' });
  assert.equal(power.status, 202, power.text);
});

test('a takeover that fails leaves the node manageable, says why, and the login works', async () => {
  const site = await openSite('redfish', [ON]);
  site.bmc.setFault('password-min-length', 64);

  await manage(site);
  const node = await atRest(site);

  assert.equal(node.provision_state, 'manageable');
  assert.match(node.last_error ?? '', /^BMC-CRED-107 /);
  const status = await site.status();
  assert.deepEqual([status.state, status.last_result?.outcome], ['unmanaged', 'failed']);
  assert.deepEqual(enabledAt(site), [FACTORY.username]);
  const power = await site.service.call('PUT', '/v1/nodes/n1/states/power', { target: 'power on' });
  assert.equal(power.status, 202, power.text);
});

test('unless it is wished manage changes nothing at a BMC', async () => {
  const site = await openSite('redfish', []);

  await manage(site);
  const node = await atRest(site);

  assert.equal(node.last_error, null);
  assert.deepEqual(
    site.bmc.accounts().map(({ username }) => username),
    [FACTORY.username],
  );
  assert.equal((await site.status()).state, 'unmanaged');
});

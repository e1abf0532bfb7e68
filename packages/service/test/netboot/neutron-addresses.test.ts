// Addresses by Neutron's API, over real HTTP.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import { askNeutron } from '#netboot/addresses/neutron-addresses';
import { makeOpenstackClient, type OpenstackClient } from '#netboot/addresses/openstack-client';
import { Secret } from '#trust/secret';

import { ACCOUNT, type FakeNeutron, startFakeNeutron } from './fake-neutron.ts';

const MAC = '52:54:00:00:00:01';
const NETWORK = '9b1c3f5e-0000-4000-8000-000000000001';
const TENANTS = '9b1c3f5e-0000-4000-8000-000000000002';
const HOUR_MS = 3_600_000;

let neutron: FakeNeutron;
let client: OpenstackClient;
let nowMs: number;

const openClient = (password = ACCOUNT.password, authPath = '/v3'): OpenstackClient =>
  makeOpenstackClient(
    'network',
    {
      authUrl: `${neutron.url}${authPath}`,
      username: ACCOUNT.username,
      password: new Secret(password),
      projectName: ACCOUNT.projectName,
      userDomainName: 'Default',
      projectDomainName: 'Default',
      endpoint: undefined,
      regionName: 'RegionOne',
      authorityPem: undefined,
    },
    { wallMs: () => nowMs },
  );

const port = (mac: string, address: string, network = NETWORK) => ({
  id: address,
  mac_address: mac,
  network_id: network,
  fixed_ips: [{ ip_address: address, subnet_id: 's' }],
});

const loginCount = (): number =>
  neutron.requests.filter((each) => each === 'POST /v3/auth/tokens').length;

beforeEach(async () => {
  nowMs = 1_800_000_000_000;
  neutron = await startFakeNeutron(() => nowMs);
  neutron.ports.push(port(MAC, '10.0.0.50'), port('52:54:00:00:00:02', '10.0.0.51'));
  client = openClient();
});
afterEach(async () => {
  await client.close();
  await neutron.close();
});

test('the fixed addresses of the ports with a MAC of the machine are found', async () => {
  assert.deepEqual(await askNeutron(client, [])([MAC, '52:54:00:00:00:09']), ['10.0.0.50']);
  assert.deepEqual(await askNeutron(client, [])(['52:54:00:00:00:09']), []);
  assert.deepEqual(await askNeutron(client, [])([]), []);
});

test('a port of the same MAC in a network that is not listed names no address', async () => {
  neutron.ports.push(port(MAC, '10.66.0.66', TENANTS));

  assert.deepEqual(await askNeutron(client, [NETWORK])([MAC]), ['10.0.0.50']);
});

test('one login serves until shortly before its end', async () => {
  const ask = askNeutron(client, []);
  await ask([MAC]);
  await ask([MAC]);
  assert.equal(loginCount(), 1);

  nowMs += HOUR_MS - 1_000;
  await ask([MAC]);

  assert.equal(loginCount(), 2);
});

test('a token that was revoked is replaced once', async () => {
  const ask = askNeutron(client, []);
  await ask([MAC]);
  neutron.forgetTokens();

  assert.deepEqual(await ask([MAC]), ['10.0.0.50']);
  assert.equal(loginCount(), 2);
});

test('a wrong password is told without the password', async () => {
  const stranger = openClient('wrong horse', '');

  await assert.rejects(askNeutron(stranger, [])([MAC]), (error: Error) => {
    assert.match(error.message, /refused the login with 401/);
    assert.doesNotMatch(JSON.stringify(error) + String(error), /horse/);
    return true;
  });
  await stranger.close();
});

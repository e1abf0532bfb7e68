// Passwords of BMCs that the service keeps go to the BMC that they are of, whatever is written into driver_info.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { newCredential } from '#conductor/bmc-credential/rotation/begin-rotation';
import { DEFAULT_BMC_CREDENTIAL_OPTIONS } from '#conductor/bmc-credential/options';
import { addBmcCredential } from '#store/bmc-credentials';
import { deleteNode, findNode, updateNode } from '#store/nodes';

import type { NodeRecord } from '@bessemer/protocol/node/record';

import { as, authenticatePersona, OWNER, type Persona } from './api/personas.ts';
import { type Api, openApi } from './api/with-api.ts';

let api: Api;
before(async () => {
  const directory = mkdtempSync(join(tmpdir(), 'bessemer-kept-bmc-'));
  const file = join(directory, 'policy.yaml');
  // Some operators let their projects enrol machines.
  writeFileSync(file, '"baremetal:node:create": ""\n');
  const policy = { files: [file], isFileNeeded: true };
  api = await openApi({ authenticate: authenticatePersona, policy });
  rmSync(directory, { recursive: true, force: true });
});
after(() => api.close());

const REFERENCE = 'bmc-secret:a#write-1';

/** A node of a project, with a BMC that the service keeps the accounts of. */
const keptNode = async (name: string): Promise<NodeRecord> => {
  const { store, conductor } = api.parts;
  await api.createNode({
    name,
    owner: OWNER,
    driver_info: { redfish_address: 'https://10.0.0.5', redfish_verify_ca: '/etc/bmc-ca.pem' },
  });
  const node = (await findNode(store.db, name)) as NodeRecord;
  const record = newCredential(node.uuid, DEFAULT_BMC_CREDENTIAL_OPTIONS);
  const a = { ...record.slots.a, state: 'active' as const, ref: 'write-1' };
  await addBmcCredential(store.db, {
    ...record,
    state: 'managed',
    slots: { ...record.slots, a },
    activeSlot: 'a',
  });
  const info = { ...node.driverInfo, redfish_password: REFERENCE };
  await updateNode(store.db, node.uuid, await conductor.keepDriverInfo(node.uuid, info));
  return node;
};

const patch = (name: string, persona: Persona, path: string, value?: unknown) =>
  api.ask('PATCH', `/v1/nodes/${name}`, {
    ...as(persona),
    body: [{ op: value === undefined ? 'remove' : 'add', path, value }],
  });

test('who may not have the password of a BMC cannot have it sent to another place', async () => {
  const { uuid } = await keptNode('moved');
  const changes: readonly [string, unknown][] = [
    ['/driver_info/redfish_address', 'https://10.0.0.66'],
    ['/driver_info/redfish_verify_ca', 'False'],
    ['/driver_info/redfish_verify_ca', undefined],
    ['/driver_info/redfish_pin', 'a'.repeat(64)],
    ['/driver_info/ipmi_address', '10.0.0.66'],
    ['/driver_info/ipmi_port', 6623],
    // A password of their own is no way around it: a rotation tries those that it knows.
    ['/driver_info', { redfish_address: 'https://10.0.0.66', redfish_password: 'own' }],
  ];
  const before = await findNode(api.parts.store.db, uuid);

  for (const persona of ['owner-member', 'system-member'] as const) {
    for (const [path, value] of changes) {
      const answer = await patch('moved', persona, path, value);
      assert.equal(answer.status, 403, `${persona} ${path}`);
      assert.match(String(answer.fault), /bessemer:bmc:export/);
    }
  }

  assert.deepEqual(await findNode(api.parts.store.db, uuid), before);
});

test('other fields are theirs as ever, and a BMC is moved by whoever may have its password', async () => {
  await keptNode('moving');

  const other = await patch('moving', 'owner-member', '/driver_info/note', 'rack 7');
  const moved = await patch(
    'moving',
    'system-admin',
    '/driver_info/redfish_address',
    'https://10.0.0.6',
  );

  assert.deepEqual([other.status, moved.status], [200, 200]);
});

test('a new node of an old UUID is the same BMC', async () => {
  const node = await keptNode('old');
  const { uuid } = node;
  await api.parts.store.transaction((trx) => deleteNode(trx, uuid, node));
  const create = (persona: Persona) =>
    api.ask('POST', '/v1/nodes', {
      ...as(persona),
      body: { uuid, driver: 'fake-hardware', driver_info: { redfish_address: 'https://10.0.0.6' } },
    });

  const refused = await create('owner-manager');
  const made = await create('system-admin');

  assert.deepEqual([refused.status, made.status], [403, 201]);
});

test('nobody but the service names passwords that it keeps', async () => {
  const { uuid } = await keptNode('named');
  await api.createNode({ name: 'other' });
  const info = { redfish_password: REFERENCE };

  const created = await api.ask('POST', '/v1/nodes', {
    body: { driver: 'fake-hardware', driver_info: info },
  });
  const patched = await patch('other', 'system-admin', '/driver_info', info);
  const renamed = await patch(
    'named',
    'system-admin',
    '/driver_info/redfish_password',
    'bmc-secret:given#write-0',
  );
  // A client that is shown it and writes back what it read changes nothing.
  const same = await patch('named', 'system-admin', '/driver_info/redfish_password', REFERENCE);

  assert.deepEqual(
    [created, patched, renamed, same].map(({ status }) => status),
    [400, 400, 400, 200],
  );
  const node = (await findNode(api.parts.store.db, uuid)) as NodeRecord;
  const opened = await api.parts.conductor.openDriverInfo(node);
  assert.equal(opened['redfish_password'], REFERENCE);
});

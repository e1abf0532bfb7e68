// Secrets go in by every door and come out by none: whatever the version, the field, the depth, the error.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { MINOR_MAX, MINOR_MIN } from '@bessemer/protocol/microversion/range';

import { type Answer, type Api, openApi } from './api/with-api.ts';

const CANARY = 'CANARY-4711';

/** Under keys that say so, in maps and lists at any depth, and in texts that say so. */
const HIDDEN = {
  password: CANARY,
  Redfish_Password: [CANARY],
  list: [{ auth_token: CANARY }, [{ secret: { of: CANARY } }]],
  nested: { private_key: CANARY, deeper: [{ rescue_password: CANARY }] },
  note: `--admin-password ${CANARY} and password=${CANARY}`,
};

let api: Api;
let uuids: { readonly [collection: string]: string };
const answers: Answer[] = [];

const ask: Api['ask'] = async (...args) => {
  const answer = await api.ask(...args);
  answers.push(answer);
  return answer;
};

const post = async (collection: string, body: object): Promise<string> => {
  const answer = await ask('POST', `/v1/${collection}`, { body });
  assert.equal(answer.status, 201, answer.text);
  return answer.body.uuid;
};

const step = (more: object) => ({ interface: 'deploy', step: 'x', args: HIDDEN, ...more });

before(async () => {
  api = await openApi();
  const node = await post('nodes', {
    driver: 'fake-hardware',
    name: 'n',
    driver_info: { ...HIDDEN, snmp_auth_key: CANARY, snmp_priv_key: [CANARY] },
    instance_info: { ...HIDDEN, configdrive: { user_data: CANARY }, image_url: CANARY },
  });
  uuids = {
    nodes: node,
    'volume/targets': await post('volume/targets', {
      node_uuid: node,
      volume_type: 'iscsi',
      volume_id: 'v',
      boot_index: 0,
      properties: HIDDEN,
    }),
    deploy_templates: await post('deploy_templates', {
      name: 'CUSTOM_T',
      steps: [step({ priority: 1 })],
    }),
    runbooks: await post('runbooks', { name: 'CUSTOM_R', steps: [step({ order: 1 })] }),
    inspection_rules: await post('inspection_rules', {
      sensitive: true,
      conditions: [{ op: 'eq', args: [CANARY, CANARY] }],
      actions: [{ op: 'set-attribute', args: ['/extra/x', CANARY] }],
    }),
  };
});
after(() => api?.close());

const refuseCanaries = (): void => {
  const told = answers.find(({ text, headers }) =>
    `${text} ${JSON.stringify(headers)}`.includes(CANARY),
  );
  assert.equal(told, undefined, told?.text);
};

test('no version shows one, in lists and one by one, whole and field by field', async () => {
  for (let minor = MINOR_MIN; minor <= MINOR_MAX; minor += 1) {
    const version = `1.${minor}`;
    for (const [collection, uuid] of Object.entries(uuids)) {
      for (const url of [
        `/v1/${collection}`,
        `/v1/${collection}/detail`,
        `/v1/${collection}?detail=true`,
        `/v1/${collection}/${uuid}`,
      ]) {
        await ask('GET', url, { version });
      }
    }
  }
  const fields = 'uuid,driver_info,instance_info,driver_internal_info';
  await ask('GET', `/v1/nodes?fields=${fields}`);
  await ask('GET', `/v1/nodes/n?fields=${fields}`);
  await ask('GET', '/v1/volume/targets?fields=properties');
  await ask('GET', '/v1/runbooks?fields=steps');
  for (const part of [
    'states',
    'validate',
    'bios',
    'history',
    'volume/targets',
    'traits',
    'vifs',
  ]) {
    await ask('GET', `/v1/nodes/n/${part}`);
  }
  for (const part of ['why', 'journal', 'audit', 'erasures']) {
    await ask('GET', `/bessemer/nodes/n/${part}`);
  }

  refuseCanaries();
});

test('no answer to a change shows one, taken or refused', async () => {
  const change = (collection: string, path: string, value: unknown): Promise<Answer> =>
    ask('PATCH', `/v1/${collection}/${uuids[collection]}`, { body: [{ op: 'add', path, value }] });

  for (const [collection, path, value] of [
    ['nodes', '/extra/x', 1],
    ['nodes', '/driver_info/list/-', { token: CANARY }],
    ['nodes', '/instance_info/more', [{ sslkey: CANARY }]],
    ['volume/targets', '/properties/more', [{ token: CANARY }]],
    ['deploy_templates', '/extra/x', 1],
    ['runbooks', '/extra/x', 1],
    ['inspection_rules', '/description', 'x'],
  ] as const) {
    const answer = await change(collection, path, value);
    // Volumes change only while the machine is off.
    assert.ok(answer.status === 200 || collection === 'volume/targets', answer.text);
  }
  for (const [collection, path] of [
    ['nodes', '/driver_info/password/below'],
    ['nodes', '/driver_info/list/7'],
    ['nodes', '/driver_info/list/0/auth_token/x'],
    ['nodes', '/instance_info/configdrive/user_data/x'],
    ['nodes', '/driver_internal_info/agent_secret_token'],
    ['volume/targets', '/properties/password/x'],
    ['runbooks', '/steps/0/args/password/x'],
    ['deploy_templates', '/steps/0/args/password/x'],
    ['inspection_rules', '/conditions/0/args/0/x'],
    ['inspection_rules', '/sensitive'],
  ] as const) {
    const answer = await change(collection, path, false);
    assert.equal(answer.status, 400, `${path}: ${answer.text}`);
  }

  refuseCanaries();
});

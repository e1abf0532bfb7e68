// The agent's HTTP interface, row by row: endpoints, statuses, texts, order of checks.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { CommandResult } from '@bessemer/protocol/agent/command';
import type { Step, StepManager } from '#hardware/steps';
import { startTestAgent, type TestAgent, TOKEN } from './simulated-agent.ts';

const WITH_TOKEN = `agent_token=${TOKEN}`;
const POST = `/v1/commands/?wait=true&${WITH_TOKEN}`;

let release: () => void = () => {};

/** A step that ends when the test says so. */
const slowStep: Step = {
  step: 'wait_for_test',
  interface: 'deploy',
  priority: 0,
  reboot_requested: false,
  run: async ({ report }) => {
    report({ phase: 'waiting', doneBytes: 1, totalBytes: 2, bytesPerSecond: 1, etaSeconds: 1 });
    await new Promise<void>((resolve) => {
      release = resolve;
    });
    return 'waited';
  },
};

const plugIn: StepManager = {
  name: 'test_manager',
  className: 'TestManager',
  version: '3.1',
  steps: { clean: [slowStep], deploy: [], service: [] },
};

let agent: TestAgent;
before(async () => {
  agent = await startTestAgent({ plugIns: [plugIn] });
});
after(() => agent.close());

const faultOf = (body: unknown) =>
  body as { readonly faultcode: string; readonly faultstring: string };

const startSlowStep = async (): Promise<CommandResult> => {
  const params = { node: {}, ports: [], step: { step: 'wait_for_test', interface: 'deploy' } };
  const answer = await agent.call('POST', `/v1/commands/?wait=false&${WITH_TOKEN}`, {
    name: 'clean.execute_clean_step',
    params,
  });
  assert.equal(answer.status, 200);
  return answer.body as CommandResult;
};

for (const path of ['/', '/v1/', '/v1/status', '/status']) {
  test(`${path} answers without a token`, async () => {
    const answer = await agent.call('GET', path);

    assert.equal(answer.status, 200);
  });
}

test('T-16: the status says since when the agent runs and its version, nothing else', async () => {
  const { body } = await agent.call('GET', '/v1/status');

  assert.deepEqual(Object.keys(body as object).sort(), ['started_at', 'uptime', 'version']);
});

for (const [method, path, location] of [
  ['GET', '/v1', '/v1/'],
  ['GET', '/v1/commands?wait=true', '/v1/commands/?wait=true'],
  ['POST', '/v1/commands?agent_token=x', '/v1/commands/?agent_token=x'],
] as const) {
  test(`${method} ${path} is sent on to the form with the slash`, async () => {
    const answer = await agent.call(method, path);

    assert.equal(answer.status, 308);
    assert.equal(answer.location, location);
  });
}

for (const [name, method, path, body, status, text] of [
  [
    'T-16: a list without token',
    'GET',
    '/v1/commands/',
    undefined,
    401,
    '401 Unauthorized: Token invalid.',
  ],
  [
    'T-16: a list with a wrong token',
    'GET',
    '/v1/commands/?agent_token=x',
    undefined,
    401,
    '401 Unauthorized: Token invalid.',
  ],
  [
    'T-16: a result without token',
    'GET',
    '/v1/commands/nope',
    undefined,
    401,
    '401 Unauthorized: Token invalid.',
  ],
  [
    'a command without token, even with a broken body',
    'POST',
    '/v1/commands/',
    '{',
    401,
    '401 Unauthorized: Token invalid.',
  ],
  [
    'a body that is not JSON',
    'POST',
    POST,
    '{',
    400,
    /^400 Bad Request: Failed to decode JSON object: /,
  ],
  [
    'a command without params',
    'POST',
    POST,
    { name: 'standby.sync' },
    400,
    '400 Bad Request: Missing or invalid name or params',
  ],
  [
    'params that are no object',
    'POST',
    POST,
    { name: 'standby.sync', params: [] },
    400,
    '400 Bad Request: Missing or invalid name or params',
  ],
  [
    'a name without a dot',
    'POST',
    POST,
    { name: 'sync', params: {} },
    400,
    'Invalid command: Command name must be of the form <extension>.<name>',
  ],
  [
    'an unknown extension',
    'POST',
    POST,
    { name: 'bad.sync', params: {} },
    404,
    'Not found: Extension with id bad not found.',
  ],
  [
    'an unknown command',
    'POST',
    POST,
    { name: 'standby.nope', params: {} },
    400,
    'Invalid command: Unknown command: nope',
  ],
  [
    'an image without id',
    'POST',
    POST,
    { name: 'standby.prepare_image', params: { image_info: {} } },
    400,
    "Invalid command parameters: Image is missing 'id' field.",
  ],
  [
    'an unknown result',
    'GET',
    `/v1/commands/nope?${WITH_TOKEN}`,
    undefined,
    404,
    'Not found: Command Result with id nope not found.',
  ],
  ['an unknown path', 'GET', '/nope', undefined, 404, /^404 Not Found: /],
  ['a status with a slash', 'GET', '/v1/status/', undefined, 404, /^404 Not Found: /],
  [
    'a method that is not allowed',
    'DELETE',
    '/v1/status',
    undefined,
    405,
    '405 Method Not Allowed: The method is not allowed for the requested URL.',
  ],
] as const) {
  test(`${name} is answered ${status}`, async () => {
    const answer = await agent.call(method, path, body);

    const fault = faultOf(answer.body);
    assert.equal(answer.status, status);
    assert.equal(fault.faultcode, 'Client');
    if (typeof text === 'string') assert.equal(fault.faultstring, text);
    else assert.match(fault.faultstring, text);
  });
}

test('refused commands leave no trace in the history', async () => {
  const list = await agent.call('GET', `/v1/commands/?${WITH_TOKEN}`);
  await agent.call('POST', POST, { name: 'bad.sync', params: {} });

  const later = await agent.call('GET', `/v1/commands/?${WITH_TOKEN}`);

  assert.deepEqual(later.body, list.body);
});

test('a synchronous command without a result has null, and its short name', async () => {
  const result = await agent.run('standby.sync', {});

  assert.equal(result.command_name, 'sync');
  assert.equal(result.command_status, 'SUCCEEDED');
  assert.equal(result.command_result, null);
});

test('a synchronous command that fails has its full name', async () => {
  const result = await agent.run('rescue.finalize_rescue', {});

  assert.equal(result.command_name, 'rescue.finalize_rescue');
  assert.equal(result.command_status, 'FAILED');
});

test('a second command while one runs is answered 409 with the words conductors look for', async () => {
  const running = await startSlowStep();
  const answer = await agent.call('POST', POST, { name: 'bad.name', params: {} });
  release();
  await agent.call('GET', `/v1/commands/${running.id}?wait=true&${WITH_TOKEN}`);

  assert.equal(answer.status, 409);
  assert.equal(
    faultOf(answer.body).faultstring,
    'Agent is busy: executing command execute_clean_step',
  );
});

test('a running command shows its progress, and waiting for it gives its end', async () => {
  const running = await startSlowStep();
  const during = await agent.call('GET', `/v1/commands/${running.id}?${WITH_TOKEN}`);
  release();
  const end = await agent.call('GET', `/v1/commands/${running.id}?wait=TRUE&${WITH_TOKEN}`);

  const shown = during.body as CommandResult;
  assert.equal(shown.command_status, 'RUNNING');
  assert.deepEqual(shown.command_result, {
    progress: { phase: 'waiting', doneBytes: 1, totalBytes: 2, bytesPerSecond: 1, etaSeconds: 1 },
  });
  assert.equal((end.body as CommandResult).command_status, 'SUCCEEDED');
});

test('an older owner is refused once a newer one has spoken', async () => {
  const command = { name: 'standby.sync', params: {} };
  const newer = await agent.call('POST', POST, command, { 'X-Bessemer-Fence': '8' });
  const older = await agent.call('POST', POST, command, { 'X-Bessemer-Fence': '7' });

  assert.equal(newer.status, 200);
  assert.equal(older.status, 409);
  assert.equal(
    faultOf(older.body).faultstring,
    'Fence 7 is older than 8: agent is busy with a newer owner',
  );
});

test('steps are listed by manager class, versions by manager name', async () => {
  const result = await agent.run('clean.get_clean_steps', { node: {}, ports: [] });

  const { clean_steps: steps, hardware_manager_version: versions } =
    result.command_result as unknown as {
      readonly clean_steps: { readonly [name: string]: readonly { readonly step: string }[] };
      readonly hardware_manager_version: unknown;
    };
  assert.deepEqual(
    steps['SimulatedHardwareManager']?.map(({ step }) => step),
    ['erase_devices_metadata', 'erase_devices'],
  );
  assert.deepEqual(versions, { simulated_hardware_manager: '1.0', test_manager: '3.1' });
});

test('another version of the managers is a version mismatch for every kind of step', async () => {
  const result = await agent.run('deploy.execute_deploy_step', {
    node: {},
    ports: [],
    step: { step: 'write_image', interface: 'deploy' },
    deploy_version: { simulated_hardware_manager: '0.1' },
  });

  assert.equal(result.command_status, 'CLEAN_VERSION_MISMATCH');
  assert.equal(result.command_error?.type, 'VersionMismatch');
  assert.equal(result.command_error?.code, 409);
});

test('an unknown step fails by its name', async () => {
  const result = await agent.run('clean.execute_clean_step', {
    node: {},
    ports: [],
    step: { step: 'nonesuch', interface: 'deploy' },
  });

  assert.deepEqual(result.command_error, {
    type: 'HardwareManagerMethodNotFound',
    code: 500,
    message: 'No HardwareManager found to handle method',
    details: 'Could not find method: nonesuch',
    failure_code: 'steps.invalid',
  });
});

test('T-25: a plug-in that takes the name of a built-in step is refused at the start', async () => {
  const shadow: StepManager = {
    ...plugIn,
    steps: { clean: [{ ...slowStep, step: 'erase_devices' }], deploy: [], service: [] },
  };

  await assert.rejects(startTestAgent({ plugIns: [shadow] }), /built-in step/);
});

test('node info is taken by an agent that has no service to call, for one node only', async () => {
  const info = { node: { uuid: 'one' }, config: { heartbeat_timeout: 300 } };
  const other = { node: { uuid: 'two' }, config: {} };
  const standalone = await startTestAgent();

  const first = await standalone.run('poll.set_node_info', { node_info: info });
  const body = { name: 'poll.set_node_info', params: { node_info: other } };
  const second = await standalone.call('POST', POST, body);
  await standalone.close();

  assert.equal(first.command_result, null);
  assert.equal(second.status, 400);
});

test('hardware info is the inventory', async () => {
  const result = await agent.run('poll.get_hardware_info', {});

  const inventory = result.command_result as { readonly [key: string]: unknown };
  assert.deepEqual(Object.keys(inventory).sort(), [
    'bmc_address',
    'bmc_v6address',
    'boot',
    'cpu',
    'disks',
    'hostname',
    'interfaces',
    'memory',
    'system_uuid',
    'system_vendor',
  ]);
});

test('logs come as a packed archive', async () => {
  const result = await agent.run('log.collect_system_logs', {});

  const { system_logs: logs } = result.command_result as { readonly system_logs: string };
  assert.deepEqual([...Buffer.from(logs, 'base64').subarray(0, 2)], [0x1f, 0x8b]);
});

test('neither token nor query stand in the log', () => {
  assert.equal(
    agent.lines().some((line) => line.includes(TOKEN)),
    false,
  );
});

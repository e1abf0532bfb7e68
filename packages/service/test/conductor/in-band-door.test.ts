// What is said to an agent about the BMC of its machine, and what it answers to that: it is trusted enough or not, knows
// the commands or not, is honest or not.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterEach, before, beforeEach, test } from 'node:test';

import { openInBandDoor } from '#conductor/bmc-credential/in-band/in-band-door';
import type { InBandDoor } from '#conductor/bmc-credential/in-band/in-band';
import { DEFAULT_BMC_CREDENTIAL_OPTIONS } from '#conductor/bmc-credential/options';
import type { ConductorParts } from '#conductor/conductor-parts';
import type { Job } from '#conductor/workflow/step';
import { openStore, type Store } from '#store/database';
import { makeToken } from '#trust/agent-token/grant';
import { makePrivateKeyPem } from '#trust/certificate/authority';
import {
  issueAgentCertificate,
  issueAuthorityCertificate,
  type IssuedCertificate,
} from '#trust/certificate/issue-certificate';
import { Secret } from '#trust/secret';

import type { Failure } from '@bessemer/protocol/errors/failure';
import type { JsonObject } from '@bessemer/protocol/json';

import { makeHandClock } from '../drivers/hand-clock.ts';
import { bindAgent } from './bound-agent.ts';
import { type FakeAgent, openFakeAgent } from './fake-agent.ts';

const PASSWORD = 'Kq7-canary-Wz4Tb';
const CREDENTIAL = { username: 'bsmr-a', password: new Secret(PASSWORD) };
const WISH = { id: null, credential: CREDENTIAL };

type Answers = (name: string, params: JsonObject) => readonly [number, JsonObject] | undefined;

let certificate: IssuedCertificate;
let store: Store;
let agent: FakeAgent;
let answers: Answers;
let job: Pick<Job, 'node' | 'parts' | 'fence'>;

before(async () => {
  const nowMs = makeHandClock().wallMs();
  const keyPem = await makePrivateKeyPem();
  const certificatePem = await issueAuthorityCertificate(keyPem, nowMs);
  certificate = await issueAgentCertificate(
    { keyPem, certificatePem, certificatePath: '' },
    { commonName: 'a', addresses: [], nowMs },
  );
});

beforeEach(async () => {
  store = await openStore({ engine: 'sqlite', path: ':memory:' });
});
afterEach(async () => {
  await agent.close();
  await store.close();
});

/** A door to an agent of that trust, of a node with such a BMC; its conductor has a certificate to show. */
const openDoor = async (
  trustLevel: number,
  protocols: readonly ('ipmi' | 'redfish')[] = ['ipmi'],
): Promise<InBandDoor> => {
  const [token, sessionId] = [makeToken(), randomUUID()];
  agent = await openFakeAgent({
    address: '127.0.0.1',
    port: 0,
    certificate,
    token: token.token.reveal(),
    sessionId,
    startedAtMs: 0,
    answers: (name, params) => answers(name, params),
  });
  const parts = {
    identity: {},
    bmcCredentials: { options: DEFAULT_BMC_CREDENTIAL_OPTIONS },
    drivers: { driverOf: () => ({ accounts: () => protocols.map((protocol) => ({ protocol })) }) },
  } as unknown as Partial<ConductorParts>;
  job = await bindAgent({
    store,
    sessionId,
    token,
    place: agent,
    pin: agent.pin,
    trustLevel,
    parts,
  });
  return openInBandDoor(job);
};

const result = (value: JsonObject): readonly [number, JsonObject] => [
  200,
  {
    id: '1',
    command_name: 'x',
    command_status: 'SUCCEEDED',
    command_error: null,
    command_result: value,
  },
];

const user = (id: number, username: string, privilege: string) => ({
  user_id: id,
  username,
  enabled: true,
  name_fixed: false,
  privilege,
  messaging: true,
});

test('trust too low: not one byte is sent', async () => {
  answers = () => result({});
  const door = await openDoor(1);

  const obstacle = await door.findObstacle(job.node);
  await assert.rejects(door.set(job.node, WISH), { code: 'agent.not-believed' });
  await assert.rejects(door.list(job.node), { code: 'agent.not-believed' });

  assert.match(obstacle ?? '', /^trust too low: the agent has level 1/);
  assert.equal(agent.connections(), 0);
});

test('an agent of ours is told the password once, by its command', async () => {
  answers = () => result({ user: user(4, 'bsmr-a', 'administrator'), channels: [1] });
  const door = await openDoor(2);

  const obstacle = await door.findObstacle(job.node);
  const id = await door.set(job.node, { ...WISH, id: '4' });

  assert.equal(obstacle, undefined);
  assert.equal(id, '4');
  const told = agent.posts().filter(({ body }) => body.includes(PASSWORD));
  assert.deepEqual(
    told.map(({ body }) => JSON.parse(body) as unknown),
    [
      {
        name: 'bmc.set_user',
        params: {
          slot_user_id: 4,
          username: 'bsmr-a',
          password: PASSWORD,
          privilege: 'administrator',
        },
      },
    ],
  );
});

test('a stock agent is told apart before a password is made', async () => {
  answers = () => [404, { faultstring: 'Not found: Extension with id bmc not found.' }];
  const door = await openDoor(2);

  const obstacle = await door.findObstacle(job.node);

  assert.match(obstacle ?? '', /no commands for BMCs/);
  assert.equal(agent.posts().filter(({ body }) => body.includes('bmc.set_user')).length, 0);
});

test('a machine without a way to its BMC says so', async () => {
  const error = {
    type: 'CommandExecutionError',
    code: 500,
    message: 'Command execution failed',
    details: 'this machine has no way to a BMC',
  };
  answers = () => [
    200,
    {
      id: '1',
      command_name: 'x',
      command_status: 'FAILED',
      command_error: error,
      command_result: null,
    },
  ];
  const door = await openDoor(2);

  assert.equal(await door.findObstacle(job.node), 'this machine has no way to a BMC');
});

for (const [said, code] of [
  ['bmc.accounts-full', 'bmc.accounts-full'],
  ['secret-store.away', 'agent.command-failed'],
  ['bmc.locked', 'agent.command-failed'],
] as const) {
  test(`an agent that says ${said} is taken for one that says ${code}`, async () => {
    const error = { type: 'CommandExecutionError', code: 500, message: 'x', failure_code: said };
    answers = () => [
      200,
      {
        id: '1',
        command_name: PASSWORD,
        command_status: 'FAILED',
        command_error: error,
        command_result: null,
      },
    ];
    const door = await openDoor(2);

    await assert.rejects(door.set(job.node, WISH), (thrown: Failure) => {
      assert.equal(thrown.code, code);
      return !JSON.stringify(thrown).includes(PASSWORD);
    });
  });
}

test('an agent that repeats the password is not repeated', async () => {
  answers = (_name, params) => [400, { faultstring: `cannot set ${JSON.stringify(params)}` }];
  const door = await openDoor(2);

  await assert.rejects(
    door.set(job.node, WISH),
    (error: Error) =>
      !error.message.includes(PASSWORD) && !JSON.stringify(error).includes(PASSWORD),
  );
});

test('users have their highest privilege on any channel', async () => {
  const channels = [
    { users: [user(2, 'admin', 'user'), user(3, 'x', 'none')] },
    { users: [user(2, 'admin', 'administrator'), user(3, 'x', 'none')] },
  ];
  answers = () => result({ channels });
  const door = await openDoor(2);

  const accounts = await door.list(job.node);

  assert.deepEqual(
    accounts.map(({ id, username, privilege }) => [id, username, privilege]),
    [
      ['2', 'admin', 'administrator'],
      ['3', 'x', 'none'],
    ],
  );
});

for (const [name, value] of [
  ['no lists', {}],
  ['users that are none', { channels: [{ users: [{ user_id: 'x' }] }] }],
  [
    'more users than there can be',
    { channels: [{ users: Array.from({ length: 64 }, (_, index) => user(index, 'x', 'user')) }] },
  ],
] as const) {
  test(`an answer with ${name} is not taken`, async () => {
    answers = () => result(value as unknown as JsonObject);
    const door = await openDoor(2);

    await assert.rejects(door.list(job.node), { code: 'agent.protocol' });
  });
}

/** As of a BMC that has no place for a user of IPMI. */
const failedWith = (code: string): readonly [number, JsonObject] => {
  const details = 'all places are taken';
  const error = { type: 'CommandExecutionError', code: 500, message: 'x', details };
  return [
    200,
    {
      id: '1',
      command_name: 'x',
      command_status: 'FAILED',
      command_error: { ...error, failure_code: code },
      command_result: null,
    },
  ];
};

const ACCOUNT = '/redfish/v1/AccountService/Accounts/4';

for (const code of ['bmc.accounts-full', 'bmc.account-fixed', 'unknown']) {
  test(`Redfish from inside is asked where IPMI says ${code}`, async () => {
    answers = (name) =>
      name === 'bmc.redfish_bootstrap'
        ? result({ supported: true, account: ACCOUNT })
        : failedWith(code);
    const door = await openDoor(2, ['redfish']);

    const id = await door.set(job.node, { ...WISH, id: '4' });

    assert.equal(id, ACCOUNT);
    const told = agent.posts().filter(({ body }) => body.includes(PASSWORD));
    assert.deepEqual(
      told.map(({ body }) => (JSON.parse(body) as { readonly name: string }).name),
      ['bmc.set_user', 'bmc.redfish_bootstrap'],
    );
  });
}

for (const [name, protocols, code] of [
  ['a node that is spoken to by IPMI, too', ['redfish', 'ipmi'], 'bmc.accounts-full'],
  ['a password that is refused', ['redfish'], 'bmc.password-policy'],
] as const) {
  test(`Redfish from inside is not asked with ${name}`, async () => {
    answers = () => failedWith(code);
    const door = await openDoor(2, protocols);

    await assert.rejects(door.set(job.node, WISH), { code });

    assert.equal(
      agent.posts().some(({ body }) => body.includes('redfish_bootstrap')),
      false,
    );
  });
}

test('where there is no Redfish inside either, both reasons are told', async () => {
  answers = (name) =>
    name === 'bmc.redfish_bootstrap'
      ? result({ supported: false, cause: 'SMBIOS tells of no network' })
      : failedWith('bmc.accounts-full');
  const door = await openDoor(2, ['redfish']);

  await assert.rejects(door.set(job.node, WISH), {
    code: 'bmc.accounts-full',
    message: /all places are taken.*By Redfish from inside: SMBIOS tells of no network\.$/,
  });
});

for (const [name, value] of [
  ['an account elsewhere', { supported: true, account: 'https://198.51.100.7/redfish/v1/x' }],
  ['no account', { supported: true }],
  ['no answer to the question', {}],
  ['the password as the reason', { supported: false, cause: `cannot set ${PASSWORD}` }],
] as const) {
  test(`of Redfish from inside ${name} is not taken`, async () => {
    answers = (asked) =>
      asked === 'bmc.redfish_bootstrap' ? result(value) : failedWith('bmc.accounts-full');
    const door = await openDoor(2, ['redfish']);

    await assert.rejects(
      door.set(job.node, WISH),
      (error: Error) => !error.message.includes(PASSWORD) && !error.message.includes('198.51'),
    );
  });
}

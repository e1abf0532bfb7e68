// The arguments of PUT states/provision: from which version on, in which shape, by whom, and what is judged first when
// several things are wrong. The conductor behind the API takes requests and has no workers.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, test } from 'node:test';

import { ASKED_KEY, chooserOf, readAsked } from '#conductor/steps/choose-steps';
import type { Policy } from '#policy/policy';
import { runbooks } from '#store/runbooks';
import { findOpenWorkflow } from '#store/workflows';

import type { NodeRecord } from '@bessemer/protocol/node/record';
import type { ProvisionState } from '@bessemer/protocol/node/states';
import type { RunbookRecord } from '@bessemer/protocol/runbook/record';

import { openService, type Service } from './provision/with-service.ts';

/** Rules that refuse; and rules of an operator, by whether they allow. */
const denied = new Set<string>();
const written = new Map<string, boolean>();

const policy: Policy = {
  allows: (rule) => !denied.has(rule),
  allowsIfDefined: (rule) => written.get(rule),
};

let service: Service;
beforeEach(async () => {
  denied.clear();
  written.clear();
  service = await openService({ conductor: { workersMax: 0 }, policy });
});
afterEach(() => service.close());

const ERASE = { interface: 'deploy', step: 'erase_devices_metadata' };
const WRITE = { interface: 'deploy', step: 'write_image', args: {}, priority: 80 };
const CLEAN = { target: 'clean', clean_steps: [ERASE] };
const SERVICE = { target: 'service', service_steps: [ERASE] };

/** Asked of a new node that is as `more` says, which has to be as it was after a refusal. */
const answerTo = async (
  provisionState: ProvisionState,
  body: object,
  version = '1.115',
  more: Partial<NodeRecord> = {},
) => {
  const node = await service.makeNode({ provisionState, ...more });
  const answer = await service.tell(node.uuid, body, version);
  if (answer.status !== 202) assert.deepEqual(await service.nodeOf(node.uuid), node);
  return answer;
};

const GATES: readonly (readonly [
  what: string,
  state: ProvisionState,
  body: object,
  since: number,
])[] = [
  ['clean_steps', 'manageable', CLEAN, 15],
  ['configdrive with rebuild', 'active', { target: 'rebuild', configdrive: 'H4sIAAAA' }, 35],
  ['rescue_password', 'active', { target: 'rescue', rescue_password: 'x' }, 38],
  ['abort in inspect wait', 'inspect wait', { target: 'abort' }, 41],
  ['configdrive as object', 'available', { target: 'active', configdrive: {} }, 56],
  [
    'vendor_data in configdrive',
    'available',
    { target: 'active', configdrive: { vendor_data: {} } },
    59,
  ],
  ['deploy_steps', 'available', { target: 'active', deploy_steps: [WRITE] }, 69],
  ['disable_ramdisk with clean', 'manageable', { ...CLEAN, disable_ramdisk: true }, 70],
  ['unhold', 'clean hold', { target: 'unhold' }, 85],
  ['service_steps', 'active', SERVICE, 87],
  ['disable_ramdisk with service', 'active', { ...SERVICE, disable_ramdisk: true }, 108],
  ['abort in wait call-back', 'wait call-back', { target: 'abort' }, 110],
];

describe('an argument is there from its version on', () => {
  for (const [what, state, body, since] of GATES) {
    test(`${what} since 1.${since}`, async () => {
      const below = await answerTo(state, body, `1.${since - 1}`);
      const from = await answerTo(state, body, `1.${since}`);

      // What is no secret of a version is a matter of the verb: 35 is refused as a wrong argument.
      assert.equal(below.status, since === 35 ? 400 : 406, below.text);
      assert.equal(from.status, 202, from.text);
    });
  }
});

const SHAPES: readonly (readonly [what: string, body: object])[] = [
  ['no list', { target: 'clean', clean_steps: ERASE }],
  ['no step', { target: 'clean', clean_steps: [] }],
  ['a step without interface', { target: 'clean', clean_steps: [{ step: 'x' }] }],
  [
    'a step of an unknown interface',
    { target: 'clean', clean_steps: [{ ...ERASE, interface: 'x' }] },
  ],
  ['a step of the network', { target: 'clean', clean_steps: [{ ...ERASE, interface: 'network' }] }],
  ['arguments that are no object', { target: 'clean', clean_steps: [{ ...ERASE, args: [] }] }],
  ['an order below zero', { target: 'clean', clean_steps: [{ ...ERASE, order: -1 }] }],
  ['an order as text', { target: 'clean', clean_steps: [{ ...ERASE, order: '1' }] }],
  ['a priority', { target: 'clean', clean_steps: [{ ...ERASE, priority: 1 }] }],
  [
    'children as text',
    { target: 'clean', clean_steps: [{ ...ERASE, execute_on_child_nodes: 'x' }] },
  ],
  [
    'children that are no UUIDs',
    { target: 'clean', clean_steps: [{ ...ERASE, limit_child_node_execution: ['x'] }] },
  ],
  [
    'more than a plan can hold',
    { target: 'clean', clean_steps: [{ ...ERASE, args: { a: 'a'.repeat(1_100_000) } }] },
  ],
  ['a flag that is none', { ...CLEAN, disable_ramdisk: 'perhaps' }],
  ['a runbook beside steps', { ...CLEAN, runbook: 'r' }],
  ['a runbook that is no text', { target: 'clean', runbook: 5 }],
];

test('lists of steps that are not as the contract has them are refused with a reason', async () => {
  for (const [what, body] of SHAPES) {
    const { status, fault } = await answerTo('manageable', body);
    assert.equal(status, 400, what);
    assert.ok((fault ?? '').length > 0, what);
  }
});

describe('of several things that are wrong the first of the contract is told', () => {
  const set = 'baremetal:node:set_provision_state';
  const CASES: readonly {
    readonly what: string;
    readonly state: ProvisionState;
    readonly body: object;
    readonly version?: string;
    readonly more?: Partial<NodeRecord>;
    readonly deny?: string;
    readonly status: number;
    readonly text?: RegExp;
  }[] = [
    {
      what: 'the rule before the version',
      state: 'enroll',
      body: CLEAN,
      version: '1.14',
      deny: set,
      status: 403,
    },
    {
      what: 'the version before the rule of steps',
      state: 'enroll',
      body: CLEAN,
      version: '1.14',
      deny: `${set}:clean_steps`,
      status: 406,
    },
    {
      what: 'the rule of steps before maintenance',
      state: 'available',
      body: { target: 'active', clean_steps: [ERASE] },
      more: { maintenance: true },
      deny: `${set}:clean_steps`,
      status: 403,
      text: /set_provision_state:clean_steps/,
    },
    {
      what: 'maintenance before the state',
      state: 'enroll',
      body: { target: 'active' },
      more: { maintenance: true },
      status: 400,
      text: /in maintenance mode/,
    },
    {
      what: 'the state before the config drive',
      state: 'enroll',
      body: { target: 'active', configdrive: '{no' },
      status: 400,
      text: /can not be performed/,
    },
    {
      what: 'the config drive before the runbook',
      state: 'manageable',
      body: { target: 'clean', configdrive: 'H4sI', runbook: 'r' },
      version: '1.91',
      status: 400,
      text: /config drive/,
    },
    {
      what: 'the runbook before disable_ramdisk',
      state: 'manageable',
      body: { target: 'provide', runbook: 'r', disable_ramdisk: true },
      version: '1.91',
      status: 406,
    },
    {
      what: 'disable_ramdisk before clean steps',
      state: 'manageable',
      body: { target: 'provide', disable_ramdisk: true, clean_steps: [ERASE] },
      status: 400,
      text: /disable_ramdisk/,
    },
    {
      what: 'clean steps before deploy steps',
      state: 'manageable',
      body: { target: 'provide', clean_steps: [ERASE], deploy_steps: [WRITE] },
      status: 400,
      text: /clean_steps/,
    },
    {
      what: 'deploy steps before the password',
      state: 'manageable',
      body: { target: 'provide', deploy_steps: [WRITE], rescue_password: 'x' },
      status: 400,
      text: /deploy_steps/,
    },
    {
      what: 'the password before the version of an abort',
      state: 'inspect wait',
      body: { target: 'abort', rescue_password: 'x' },
      version: '1.40',
      status: 400,
      text: /rescue_password/,
    },
    {
      what: 'the version of an abort before service steps',
      state: 'inspect wait',
      body: { target: 'abort', service_steps: [ERASE] },
      version: '1.40',
      status: 406,
    },
    {
      what: 'service steps before protection',
      state: 'active',
      body: { target: 'deleted', service_steps: [ERASE] },
      more: { protected: true },
      status: 400,
      text: /service_steps/,
    },
    {
      what: 'protection before the rest',
      state: 'active',
      body: { target: 'deleted' },
      more: { protected: true, maintenance: true },
      status: 403,
      text: /protected/,
    },
    {
      what: 'maintenance before retirement',
      state: 'manageable',
      body: { target: 'provide' },
      more: { retired: true, maintenance: true },
      status: 400,
      text: /providing operation .* in maintenance mode/,
    },
    {
      what: 'retirement',
      state: 'manageable',
      body: { target: 'provide' },
      more: { retired: true },
      status: 400,
      text: /it is retired/,
    },
  ];

  for (const { what, state, body, version, more, deny, status, text } of CASES) {
    test(what, async () => {
      if (deny !== undefined) denied.add(deny);

      const answer = await answerTo(state, body, version, more);

      assert.equal(answer.status, status, answer.text);
      if (text !== undefined) assert.match(answer.fault ?? '', text);
    });
  }

  test('maintenance is told for every verb that works on the machine', async () => {
    const asked = [
      ['manageable', CLEAN, 'cleaning'],
      ['active', SERVICE, 'servicing'],
      ['active', { target: 'rescue', rescue_password: 'x' }, 'rescuing'],
      ['rescue', { target: 'unrescue' }, 'unrescuing'],
    ] as const;
    for (const [state, body, word] of asked) {
      const { status, fault } = await answerTo(state, body, '1.115', { maintenance: true });
      assert.equal(status, 400);
      assert.match(fault ?? '', new RegExp(`^The ${word} operation can't be performed`));
    }
  });
});

describe('a step', () => {
  test('may have a rule of its own', async () => {
    written.set('baremetal:step:execute:deploy.erase_devices_metadata', false);
    const service_steps = [{ interface: 'deploy', step: 'burnin_cpu' }];

    const clean = await answerTo('manageable', CLEAN);
    const other = await answerTo('active', { target: 'service', service_steps });

    assert.equal(clean.status, 403);
    assert.match(clean.fault ?? '', /baremetal:step:execute:deploy\.erase_devices_metadata/);
    assert.equal(other.status, 202);
  });

  test('of a deployment may have one, too', async () => {
    written.set('baremetal:step:execute:deploy.write_image', false);

    const { status } = await answerTo('available', { target: 'active', deploy_steps: [WRITE] });

    assert.equal(status, 403);
  });

  test('of a service is asked for by another rule than one of cleaning', async () => {
    denied.add('baremetal:node:set_provision_state:service_steps');

    assert.equal((await answerTo('active', SERVICE)).status, 403);
    assert.equal((await answerTo('manageable', CLEAN)).status, 202);
  });
});

describe('a runbook', () => {
  const make = (more: Partial<RunbookRecord> = {}) =>
    runbooks.insert(
      service.store.db,
      {
        uuid: randomUUID(),
        name: 'CUSTOM_ERASE',
        steps: [
          { interface: 'deploy', step: 'erase_devices', args: {}, order: 2 },
          { ...ERASE, args: {}, order: 1 },
        ],
        disableRamdisk: false,
        extra: {},
        public: false,
        owner: 'a-project',
        description: null,
        traits: ['CUSTOM_RACK'],
        ...more,
      },
      { nowMs: 0 },
    );
  const body = { target: 'clean', runbook: 'CUSTOM_ERASE' };

  test('that does not exist is 404', async () => {
    assert.equal((await answerTo('manageable', body)).status, 404);
  });

  test('before 1.92 is 406', async () => {
    assert.equal((await answerTo('manageable', body, '1.91')).status, 406);
  });

  test('goes with cleaning and servicing only', async () => {
    await make();

    const { status, fault } = await answerTo('manageable', { target: 'provide', runbook: 'x' });

    assert.equal(status, 400);
    assert.match(fault ?? '', /clean or service/);
  });

  test('that the caller may not see does not exist; one that they may not use is refused', async () => {
    await make();
    denied.add('baremetal:runbook:use');
    const refused = await answerTo('manageable', body);
    denied.add('baremetal:runbook:get');
    const invisible = await answerTo('manageable', body);

    assert.equal(refused.status, 403);
    assert.equal(invisible.status, 404);
  });

  test('without a trait of the node is refused', async () => {
    await make();

    const { status, fault } = await answerTo('manageable', body);

    assert.equal(status, 400);
    assert.match(fault ?? '', /none of the traits CUSTOM_RACK/);
  });

  test('without any trait is refused from 1.112 on', async () => {
    await make({ traits: [] });

    const { status, fault } = await answerTo('manageable', body);

    assert.equal(status, 400);
    assert.match(fault ?? '', /has no traits/);
  });

  test('made for a trait of the node is taken; before 1.112 its name is that trait', async () => {
    await make();
    const asked = { traits: ['CUSTOM_RACK'] };

    const fits = await answerTo('manageable', body, '1.112', asked);
    const oldWay = await answerTo('manageable', body, '1.111', asked);
    const named = await answerTo('manageable', body, '1.111', { traits: ['CUSTOM_ERASE'] });

    assert.deepEqual([fits.status, oldWay.status, named.status], [202, 400, 202]);
  });

  test('has its steps judged by their own rules, unless everybody may use it', async () => {
    await make();
    await make({ uuid: randomUUID(), name: 'CUSTOM_PUBLIC', public: true, owner: null });
    written.set('baremetal:step:execute:deploy.erase_devices', false);
    denied.add('baremetal:runbook:use');
    const traits = { traits: ['CUSTOM_RACK'] };
    const open = { ...body, runbook: 'CUSTOM_PUBLIC' };

    const everybodys = await answerTo('manageable', open, '1.115', traits);
    denied.clear();
    const owned = await answerTo('manageable', body, '1.115', traits);

    assert.equal(everybodys.status, 202, everybodys.text);
    assert.equal(owned.status, 403);
    assert.match(owned.fault ?? '', /step:execute:deploy\.erase_devices/);
  });

  test('gives its steps in their order', async () => {
    const { uuid } = await make();
    const node = await service.makeNode({ provisionState: 'manageable', traits: ['CUSTOM_RACK'] });

    await service.tell(node.uuid, { target: 'clean', runbook: uuid });

    const workflow = await findOpenWorkflow(service.store.db, node.uuid);
    const chooser = workflow?.plan.find(({ name }) => name === chooserOf('clean'));
    const asked = readAsked(chooser?.args[ASKED_KEY]);
    assert.deepEqual(
      asked?.map((each) => each.step),
      ['erase_devices_metadata', 'erase_devices'],
    );
  });
});

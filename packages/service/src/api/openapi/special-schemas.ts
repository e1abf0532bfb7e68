// Schemas of the keys that are checked by rules of their own: steps, traits, candidates, conditions, links.

import {
  ACTION_OPS,
  CONDITION_OPS,
  type Operation as RuleOperation,
} from '@bessemer/protocol/inspection/operations';

import {
  closed,
  flag,
  list,
  map,
  nullable,
  oneOf,
  type Schema,
  text,
  uuid,
  whole,
} from './schema.ts';

const STEP = {
  interface: oneOf('vendor', 'power', 'management', 'firmware', 'deploy', 'bios', 'raid'),
  step: text({ minLength: 1 }),
  args: map,
};

/** Digits as text are taken too. */
const PRIORITY: Schema = { anyOf: [whole(), text({ pattern: '^[0-9]{1,9}$' })] };

export const DEPLOY_STEPS: Schema = {
  ...list(closed({ ...STEP, priority: PRIORITY }, ['interface', 'step', 'args', 'priority'])),
  minItems: 1,
};

const RUNBOOK_STEPS: Schema = {
  ...list(closed({ ...STEP, order: PRIORITY }, ['interface', 'step', 'args', 'order'])),
  minItems: 1,
};

/** Of clean and service requests. */
export const MANUAL_STEPS: Schema = {
  ...list(
    closed(
      {
        ...STEP,
        order: whole(),
        execute_on_child_nodes: flag,
        limit_child_node_execution: list(uuid),
      },
      ['interface', 'step'],
    ),
  ),
  minItems: 1,
};

export const TRAIT_NAMES = list(
  text({ maxLength: 255, description: '`CUSTOM_` and `A-Z 0-9 _`, or a standard name.' }),
);

const LINK_CONNECTION: Schema = {
  type: 'object',
  description:
    'Empty; `port_id` with `switch_id` or, for smart network cards, with `hostname`; or `network_type` unmanaged.',
  properties: {
    switch_id: text({ description: 'A MAC address or an OpenFlow datapath id.' }),
    port_id: text(),
    switch_info: text(),
    hostname: text(),
    network_type: { ...oneOf('managed', 'unmanaged'), 'x-since': '1.64' },
    'vtep-logical-switch': text({ description: 'Only from 1.90 to 1.104.' }),
    'vtep-physical-switch': text({ description: 'Only from 1.90 to 1.104.' }),
  },
  additionalProperties: false,
};

/** What a loop goes over. */
const LOOP: Schema = { anyOf: [list({}), map] };

const argumentsOf = (operation: RuleOperation): string =>
  operation.map(({ name, isOptional }) => (isOptional === true ? `${name}?` : name)).join(', ');

const describeOps = (ops: { readonly [name: string]: RuleOperation }): string =>
  Object.entries(ops)
    .map(([name, operation]) => `${name}(${argumentsOf(operation)})`)
    .join(' ');

/** In the order of the operation's arguments, or by name. */
const ARGUMENTS: Schema = { anyOf: [list({}), map] };

const CONDITION = closed(
  {
    op: oneOf(...Object.keys(CONDITION_OPS).flatMap((name) => [name, `!${name}`])),
    args: { ...ARGUMENTS, description: describeOps(CONDITION_OPS) },
    loop: LOOP,
    multiple: oneOf('any', 'all', 'first', 'last'),
  },
  ['op', 'args'],
);

const ACTION = closed(
  {
    op: oneOf(...Object.keys(ACTION_OPS)),
    args: { ...ARGUMENTS, description: describeOps(ACTION_OPS) },
    loop: LOOP,
  },
  ['op', 'args'],
);

const NAME = text({ minLength: 1, maxLength: 255 });

/** By table, then by key. A key that is missing here is an error when the document is made. */
export const SPECIAL_SCHEMAS: {
  readonly [table: string]: { readonly [key: string]: Schema };
} = {
  Allocation: { traits: TRAIT_NAMES, candidate_nodes: list(text()) },
  DeployTemplate: { name: NAME, steps: DEPLOY_STEPS },
  InspectionRule: {
    priority: { ...whole(), maximum: 9_999 },
    phase: oneOf('main'),
    conditions: list(CONDITION),
    actions: list(ACTION),
  },
  Port: { local_link_connection: LINK_CONNECTION },
  Runbook: { name: NAME, steps: RUNBOOK_STEPS, traits: TRAIT_NAMES },
  VolumeTarget: { properties: map },
};

/** Of rules that are called sensitive nothing of this is shown. */
export const SHOWN_SPECIAL_SCHEMAS: typeof SPECIAL_SCHEMAS = {
  ...SPECIAL_SCHEMAS,
  InspectionRule: {
    ...SPECIAL_SCHEMAS['InspectionRule'],
    conditions: nullable(list(CONDITION)),
    actions: nullable(list(ACTION)),
  },
};

// Events that a BMC would send somewhere: subscriptions are kept and shown, and nothing is ever sent. For clients that
// test how they subscribe; methods and answers are those of a Redfish BMC.

import { randomUUID } from 'node:crypto';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { JsonObject } from '@bessemer/protocol/json';
import type { NodeRecord } from '@bessemer/protocol/node/record';

import type { VendorInterface, VendorMethod } from '../hardware-interfaces.ts';
import type { FakeParts } from './fake-parts.ts';
import type { FakeSubscription } from './machines.ts';

/** As the smaller BMCs have it. */
const SUBSCRIPTIONS_MAX = 20;
const TEXT_CHARS_MAX = 2_048;

const EVENT_TYPES = [
  'Alert',
  'StatusChange',
  'ResourceUpdated',
  'ResourceAdded',
  'ResourceRemoved',
];

const METHOD_FACTS = { isAsync: false, isAttachment: false, isExclusive: true } as const;

const textIn = (args: JsonObject, name: string): string => {
  const value = args[name];
  if (typeof value === 'string' && value !== '' && value.length <= TEXT_CHARS_MAX) return value;
  throw new Refusal(400, `${name} is needed, a text of at most ${TEXT_CHARS_MAX} characters`);
};

const refuseDestination = (args: JsonObject): void => {
  const destination = textIn(args, 'Destination');
  if (/^https?:/.test(destination) && URL.canParse(destination)) return;
  throw new Refusal(400, 'Destination is an http or https address');
};

const wordIn = (args: JsonObject, name: string, other: string): string =>
  args[name] === undefined ? other : textIn(args, name);

const eventTypesIn = (args: JsonObject): readonly string[] => {
  const { EventTypes: types = ['Alert'] } = args;
  const isFine = (each: unknown): each is string => EVENT_TYPES.some((known) => known === each);
  if (Array.isArray(types) && types.length <= EVENT_TYPES.length && types.every(isFine)) {
    return types;
  }
  throw new Refusal(400, `EventTypes is a list of: ${EVENT_TYPES.join(', ')}`);
};

const shown = (subscription: FakeSubscription): JsonObject => ({
  ...subscription,
  EventTypes: [...subscription.EventTypes],
});

const readWish = (args: JsonObject): Omit<FakeSubscription, 'Id'> => {
  refuseDestination(args);
  return {
    Destination: textIn(args, 'Destination'),
    // Headers are where the receiver's password is; a BMC never shows them again.
    Context: wordIn(args, 'Context', ''),
    Protocol: wordIn(args, 'Protocol', 'Redfish'),
    EventTypes: eventTypesIn(args),
  };
};

export const fakeSubscriptions = ({
  machines,
  toil,
  validate,
}: FakeParts): VendorInterface['methods'] => {
  const kept = (node: NodeRecord): readonly FakeSubscription[] => machines.get(node).subscriptions;
  const requireOne = (node: NodeRecord, args: JsonObject): FakeSubscription => {
    const id = textIn(args, 'id');
    const found = kept(node).find((each) => each.Id === id);
    if (found !== undefined) return found;
    throw new Refusal(400, `There is no subscription ${id.slice(0, 100)}`);
  };
  const method = (
    httpMethod: string,
    description: string,
    check: VendorMethod['validate'],
    run: VendorMethod['run'],
  ): VendorMethod => ({
    ...METHOD_FACTS,
    httpMethods: [httpMethod],
    description,
    validate: (node, args) => {
      validate(node);
      check(node, args);
    },
    run: async (node, args) => {
      await toil(node, 'management');
      return run(node, args);
    },
  });
  return {
    create_subscription: method(
      'POST',
      'Creates a subscription on a node. Required argument: a dictionary of {"Destination": "destination_url"}.',
      (node, args) => {
        readWish(args);
        if (kept(node).length < SUBSCRIPTIONS_MAX) return;
        throw new Refusal(400, `The BMC keeps ${SUBSCRIPTIONS_MAX} subscriptions, and has them`);
      },
      async (node, args) => {
        const made = { Id: randomUUID(), ...readWish(args) };
        machines.change(node, { subscriptions: [...kept(node), made] });
        return shown(made);
      },
    ),
    delete_subscription: method(
      'DELETE',
      'Delete a subscription on a node. Required argument: a dictionary of {"id": "subscription_bmc_id"}.',
      (node, args) => {
        requireOne(node, args);
      },
      async (node, args) => {
        const gone = textIn(args, 'id');
        machines.change(node, { subscriptions: kept(node).filter((each) => each.Id !== gone) });
        return null;
      },
    ),
    get_all_subscriptions: method(
      'GET',
      'Returns all subscriptions on the node.',
      () => undefined,
      async (node) => ({
        Members: kept(node).map((each) => ({
          '@odata.id': `/redfish/v1/EventService/Subscriptions/${each.Id}`,
        })),
      }),
    ),
    get_subscription: method(
      'GET',
      'Get a subscription on the node. Required argument: a dictionary of {"id": "subscription_bmc_id"}.',
      (node, args) => {
        requireOne(node, args);
      },
      async (node, args) => shown(requireOne(node, args)),
    ),
  };
};

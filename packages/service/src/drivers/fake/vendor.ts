// Methods that a vendor might have added: for clients that test how they are called, and the one that no client is
// let call unless the operator says so.

import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { JsonObject } from '@bessemer/protocol/json';

import type { DriverStep } from '../driver.ts';
import type { VendorInterface, VendorMethod } from '../hardware-interfaces.ts';
import type { FakeParts } from './fake-parts.ts';
import { fakeSubscriptions } from './subscriptions.ts';

type Facts = Pick<VendorMethod, 'isAsync' | 'isExclusive'>;

/** As clients' tests know it: says whether `bar` is the right word. */
const wordMethod = (
  { toil, validate }: FakeParts,
  name: string,
  word: string,
  facts: Facts,
): VendorMethod => ({
  httpMethods: ['POST'],
  description: `Test if the value of bar is ${word}`,
  isAttachment: false,
  ...facts,
  validate: (node, args) => {
    validate(node);
    requireArgument(name, args, 'bar');
  },
  run: async (node, args) => {
    await toil(node, 'management');
    return args['bar'] === word;
  },
});

const requireArgument = (method: string, args: JsonObject, name: string): string => {
  const value = args[name];
  if (typeof value === 'string' && value !== '') return value;
  throw new Refusal(400, `Parameter '${name}' not passed to method '${method}'.`);
};

/** What a raw command is made of: bytes, and nothing that a shell could read. */
const RAW_BYTES_PATTERN = /^0x[0-9a-f]{2}( 0x[0-9a-f]{2}){0,254}$/i;

const requireRawBytes = (args: JsonObject): void => {
  const text = requireArgument('send_raw', args, 'raw_bytes');
  if (RAW_BYTES_PATTERN.test(text)) return;
  throw new Refusal(400, 'raw_bytes must be at most 255 bytes as in "0x00 0x01"');
};

const SEND_RAW = 'Send raw bytes to the BMC. Required argument: raw_bytes.';

export const fakeVendor = (parts: FakeParts): VendorInterface => ({
  methods: {
    ...fakeSubscriptions(parts),
    first_method: wordMethod(parts, 'first_method', 'baz', { isAsync: true, isExclusive: true }),
    second_method: wordMethod(parts, 'second_method', 'kazoo', {
      isAsync: true,
      isExclusive: true,
    }),
    third_method_sync: wordMethod(parts, 'third_method_sync', 'meow', {
      isAsync: false,
      isExclusive: true,
    }),
    fourth_method_shared_lock: wordMethod(parts, 'fourth_method_shared_lock', 'woof', {
      isAsync: true,
      isExclusive: false,
    }),
    send_raw: {
      httpMethods: ['POST'],
      description: SEND_RAW,
      isAsync: true,
      isAttachment: false,
      isExclusive: true,
      validate: (_node, args) => requireRawBytes(args),
      run: async (node) => {
        await parts.toil(node, 'management');
        return null;
      },
    },
  },
});

export const fakeVendorSteps = ({ toil }: FakeParts): readonly DriverStep[] => [
  {
    interface: 'vendor',
    step: 'send_raw',
    priority: { clean: 0, deploy: 0, service: 0 },
    args: { raw_bytes: { description: SEND_RAW, isRequired: true } },
    run: async (node, args) => {
      requireRawBytes(args);
      await toil(node, 'management');
      return {};
    },
  },
];

// The methods of vendor_passthru that are about credentials of BMCs. None of their answers has a password.

import { Secret } from '#trust/secret';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { JsonObject } from '@bessemer/protocol/json';

import { asText, shown } from '../query.ts';
import { askedBy } from './asked-by.ts';
import {
  type PassthruCall,
  type PassthruMethod,
  type PassthruMethods,
  reasonOf,
} from './passthru-method.ts';

const oneOf = <T extends string>(
  args: JsonObject,
  name: string,
  values: readonly T[],
): T | undefined => {
  const value = asText(name, args[name]);
  if (value === undefined) return undefined;
  const found = values.find((each) => each === value.toLowerCase());
  if (found !== undefined) return found;
  throw new Refusal(400, `Expected one of ${values.join(', ')} for ${name}: ${shown(value)}`);
};

/** Plain clients send texts. */
const flagIn = (args: JsonObject, name: string): boolean => {
  const value = args[name];
  if (value === undefined || typeof value === 'boolean') return value ?? false;
  return oneOf(args, name, ['true', 'false']) === 'true';
};

/** Addresses of requests are in logs of whatever is on the way. */
const passwordIn = ({ request, args }: PassthruCall): Secret<string> => {
  const { password } = args;
  if (typeof password !== 'string') throw new Refusal(400, 'Missing argument: password');
  if (Object.hasOwn(request.query as object, 'password')) {
    throw new Refusal(400, 'A password is given in the body of the request, not in its address');
  }
  return new Secret(password);
};

const PATHS = ['auto', 'oob', 'inband'] as const;

const rotation = (
  trigger: 'request' | 'adopt' | 'repair',
  own: readonly string[],
  description: string,
): PassthruMethod => ({
  httpMethod: 'POST',
  description,
  arguments: ['path', 'force', ...own],
  rule: 'bessemer:bmc:rotate',
  isAsync: true,
  call: async ({ conductor }, { node, request, args }) => ({
    rotation: await conductor.requestBmcRotation(node.uuid, {
      trigger,
      path: oneOf(args, 'path', PATHS),
      slot: oneOf(args, 'slot', ['a', 'b']),
      given: oneOf(args, 'given', ['keep', 'disable']),
      isForced: flagIn(args, 'force'),
      ...askedBy(request),
    }),
  }),
});

export const BMC_METHODS: PassthruMethods = {
  rotate_bmc_password: rotation(
    'request',
    ['slot'],
    'Gives the account at the BMC that is not in use a new password, proves it and puts it to use. Arguments: path ' +
      '(auto, oob or inband), slot (a or b: the account to change), force (though the node is in maintenance).',
  ),
  adopt_bmc_account: rotation(
    'adopt',
    ['given'],
    'Takes the BMC over with the login that driver_info has: makes two accounts of the service, and from then on keeps ' +
      'their passwords. Arguments: given (keep or disable: what becomes of that login), path, force.',
  ),
  repair_bmc_credentials: rotation(
    'repair',
    [],
    'Looks for a login that works among all that may, the one in driver_info included, and sets the others right. ' +
      'Arguments: path, force.',
  ),
  set_bmc_password: {
    httpMethod: 'POST',
    description:
      'Like rotate_bmc_password with a password of your choice, where [bmc_credentials] allow_supplied is on. Argument: ' +
      'password.',
    arguments: ['password'],
    rule: 'bessemer:bmc:supply',
    isAsync: true,
    call: async ({ conductor }, call) => ({
      rotation: await conductor.setBmcPassword(call.node.uuid, {
        password: passwordIn(call),
        ...askedBy(call.request),
      }),
    }),
  },
  audit_bmc_accounts: {
    httpMethod: 'GET',
    description:
      'All ways into the BMC of this node, and what is wrong with them. Changes nothing.',
    arguments: [],
    rule: 'bessemer:bmc:read',
    call: ({ conductor }, { node }) => conductor.auditBmcAccounts(node.uuid),
  },
  fix_bmc_accounts: {
    httpMethod: 'POST',
    description:
      'The same, and mends what can be mended without risk to the way in: disables accounts that nobody needs, and IPMI ' +
      'over the network where it is not used.',
    arguments: [],
    rule: 'bessemer:bmc:fix',
    call: ({ conductor }, { node, request }) =>
      conductor.fixBmcAccounts(node.uuid, askedBy(request)),
  },
  bmc_credential_status: {
    httpMethod: 'GET',
    description: 'States and ages of the accounts that the service keeps at the BMC of this node.',
    arguments: [],
    rule: 'bessemer:bmc:read',
    call: ({ conductor }, { node }) => conductor.bmcCredentialStatus(node.uuid),
  },
  freeze_bmc_credentials: {
    httpMethod: 'POST',
    description:
      'Nothing is rotated at the BMC of this node until that is ended. Argument: reason.',
    arguments: ['reason'],
    rule: 'bessemer:bmc:freeze',
    call: async ({ conductor }, { node, request, args }) => {
      const reason = reasonOf(args)?.trim() ?? '';
      if (reason === '') throw new Refusal(400, 'Missing argument: reason');
      await conductor.freezeBmcCredentials(node.uuid, { reason, ...askedBy(request) });
      return {};
    },
  },
  thaw_bmc_credentials: {
    httpMethod: 'POST',
    description: 'Ends what freeze_bmc_credentials began.',
    arguments: [],
    rule: 'bessemer:bmc:freeze',
    call: async ({ conductor }, { node, request }) => {
      await conductor.thawBmcCredentials(node.uuid, askedBy(request));
      return {};
    },
  },
};

// The login of a node's BMC that is in use, as break-glass files tell it; without the password, which only the secret
// store has.

import type {
  BreakGlassFacts,
  BreakGlassProtocol,
} from '@bessemer/protocol/bmc/break-glass-content';
import type { JsonObject } from '@bessemer/protocol/json';
import type { NodeRecord } from '@bessemer/protocol/node/record';

import type { BmcCredentialRecord, BmcSlotName } from '#store/bmc-credentials';

export type ActiveLogin = Omit<BreakGlassFacts, 'sealedAt'> & { readonly slot: BmcSlotName };

const ADDRESS_KEYS: { readonly [protocol in BreakGlassProtocol]: string } = {
  redfish: 'redfish_address',
  ipmi: 'ipmi_address',
};
const PORT_KEY = 'ipmi_port';

const addressOf = (info: JsonObject, protocol: BreakGlassProtocol): string | undefined => {
  const address = info[ADDRESS_KEYS[protocol]];
  if (typeof address !== 'string' || address === '') return undefined;
  const port = protocol === 'ipmi' ? info[PORT_KEY] : undefined;
  return typeof port === 'string' || typeof port === 'number' ? `${address}:${port}` : address;
};

/** Undefined where nothing is in use yet. */
export const activeLogin = (
  node: Pick<NodeRecord, 'uuid' | 'name' | 'driverInfo'>,
  { slots, activeSlot }: Pick<BmcCredentialRecord, 'slots' | 'activeSlot'>,
): ActiveLogin | undefined => {
  if (activeSlot === null) return undefined;
  const { username, ref, accountIds } = slots[activeSlot];
  if (ref === null) return undefined;
  const [redfish, ipmi] = [
    addressOf(node.driverInfo, 'redfish'),
    addressOf(node.driverInfo, 'ipmi'),
  ];
  const addresses = {
    ...(redfish === undefined ? {} : { redfish }),
    ...(ipmi === undefined ? {} : { ipmi }),
  };
  const reachable = Object.keys(addresses) as BreakGlassProtocol[];
  const proved = reachable.filter((protocol) => accountIds[protocol] !== undefined);
  return {
    node: { uuid: node.uuid, name: node.name },
    addresses,
    protocols: proved.length === 0 ? reachable : proved,
    username,
    writeId: ref,
    slot: activeSlot,
  };
};

// The login of a node's BMC that is in use, as break-glass files tell it. The password is only in the secret store, and
// from there it goes nowhere but into the sealed file.

import type {
  BreakGlassFacts,
  BreakGlassProtocol,
} from '@bessemer/protocol/bmc/break-glass-content';
import type { JsonObject } from '@bessemer/protocol/json';
import type { NodeRecord } from '@bessemer/protocol/node/record';

import type { Clock } from '#clock';
import type { BmcCredentialRecord, BmcSlotName } from '#store/bmc-credentials';
import type { Recipient } from '#trust/break-glass/recipient';
import { sealLogin } from '#trust/break-glass/seal';
import type { SecretStore } from '#trust/secret-store/secret-store';

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

/** Armored. Throws Failure of the store, and RecipientInvalid. */
export const sealActiveLogin = async (
  { secrets, clock }: { readonly secrets: Pick<SecretStore, 'getWrite'>; readonly clock: Clock },
  { slot, ...login }: ActiveLogin,
  recipients: readonly Recipient[],
): Promise<Buffer> => {
  const place = { nodeUuid: login.node.uuid, slot };
  const { credential } = await secrets.getWrite(place, login.writeId);
  const sealedAt = new Date(clock.wallMs()).toISOString();
  return sealLogin({ ...login, ...credential, sealedAt }, recipients);
};

// Which protocols the BMC speaks. IPMI can be switched by it, where the machine has any.

import { isJsonObject, type JsonObject } from '@bessemer/protocol/json';
import type { BmcState, ResourceFinder } from './bmc-state.ts';
import { flagProperty, objectProperty, refuseUnknown } from './property-values.ts';
import { RedfishRefusal } from './redfish-refusal.ts';

export const NETWORK_PROTOCOL = '/redfish/v1/Managers/1/NetworkProtocol';

export const networkProtocolResource =
  (state: BmcState): ResourceFinder =>
  (path) =>
    path === NETWORK_PROTOCOL
      ? {
          get: () => protocolBody(state),
          patch: ({ body }) => {
            switchIpmi(state, body);
            return { status: 200, body: protocolBody(state) };
          },
        }
      : undefined;

const switchIpmi = (state: BmcState, body: JsonObject): void => {
  refuseUnknown(body, ['IPMI']);
  const wish = objectProperty(body, 'IPMI');
  if (!isJsonObject(wish)) return;
  refuseUnknown(wish, ['ProtocolEnabled']);
  const isOn = flagProperty(wish, 'ProtocolEnabled');
  if (isOn === undefined) return;
  if (state.ipmi === null || state.faults.isOn('ipmi-stays')) {
    throw new RedfishRefusal(400, 'PropertyNotWritable', 'IPMI cannot be switched.', [
      'ProtocolEnabled',
    ]);
  }
  state.ipmi.switch(isOn);
};

const protocolBody = ({ ipmi }: BmcState): JsonObject => ({
  '@odata.id': NETWORK_PROTOCOL,
  '@odata.type': '#ManagerNetworkProtocol.v1_5_0.ManagerNetworkProtocol',
  Id: 'NetworkProtocol',
  Name: 'Network protocols',
  HTTPS: { ProtocolEnabled: true, Port: 443 },
  SSH: { ProtocolEnabled: false, Port: 22 },
  ...(ipmi === null ? {} : { IPMI: { ProtocolEnabled: ipmi.isOn(), Port: 623 } }),
});

// The node as agents get it: wire names, secrets masked. The key list is the stock one, as far as agents read it.

import type { JsonObject } from '@bessemer/protocol/json';
import { maskDriverInfo, maskInstanceInfo, maskSecrets } from '@bessemer/protocol/node/mask';
import type { NodeRecord } from '@bessemer/protocol/node/record';
import type { PortRecord } from '@bessemer/protocol/port/record';

export const nodeForAgent = (node: NodeRecord): JsonObject => ({
  id: node.id,
  uuid: node.uuid,
  name: node.name,
  instance_uuid: node.instanceUuid,
  driver: node.driver,
  driver_info: maskDriverInfo(node.driverInfo),
  instance_info: maskInstanceInfo(node.instanceInfo),
  driver_internal_info: maskSecrets(node.driverInternalInfo),
  properties: node.properties,
  extra: node.extra,
  provision_state: node.provisionState,
  target_provision_state: node.targetProvisionState,
  power_state: node.powerState,
  maintenance: node.maintenance,
  clean_step: node.cleanStep,
  deploy_step: node.deployStep,
  service_step: node.serviceStep,
  raid_config: node.raidConfig,
  target_raid_config: node.targetRaidConfig,
  resource_class: node.resourceClass,
  boot_mode: node.bootMode,
  secure_boot: node.secureBoot,
});

export const portForAgent = (port: PortRecord): JsonObject => ({
  uuid: port.uuid,
  address: port.address,
  pxe_enabled: port.pxeEnabled,
  local_link_connection: port.localLinkConnection,
  physical_network: port.physicalNetwork,
  extra: port.extra,
  internal_info: port.internalInfo,
});

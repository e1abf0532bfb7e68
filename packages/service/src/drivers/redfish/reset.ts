// The Reset action of a system: which kinds it offers, and one call of it.

import { Failure } from '@bessemer/protocol/errors/failure';

import type { Bmc } from './bmc-pool.ts';
import type { Resource } from './client.ts';
import { memberAt, objectAt, textAt, textsAt } from './json-guard.ts';
import { linkAt, pathAt } from './links.ts';

export type ResetType = 'On' | 'ForceOn' | 'ForceOff' | 'GracefulShutdown' | 'Nmi';

const ALLOWABLE = 'ResetType@Redfish.AllowableValues';

/** Sends the first of `types` that the BMC offers; a BMC that lists nothing is taken to know the first. */
export const reset = async (
  bmc: Bmc,
  system: Resource,
  types: readonly [ResetType, ...ResetType[]],
): Promise<void> => {
  const { client, operation } = bmc;
  const action = objectAt(system.body, 'Actions', '#ComputerSystem.Reset');
  const target = textAt(action, 'target');
  const path =
    target === undefined
      ? `${system.path}/Actions/ComputerSystem.Reset`
      : pathAt(client.origin, target);
  const offered = await offeredTypes(bmc, system);
  const type = offered.length === 0 ? types[0] : types.find((each) => offered.includes(each));
  if (type === undefined) {
    throw new Failure(
      'bmc.unsupported',
      `The BMC at ${client.origin} offers the resets ${offered.join(', ')}, but not ${types.join(' or ')}`,
    );
  }
  await client.act(path, { ResetType: type }, operation);
};

const offeredTypes = async (bmc: Bmc, system: Resource): Promise<readonly string[]> => {
  const action = objectAt(system.body, 'Actions', '#ComputerSystem.Reset');
  const listed = textsAt(action, ALLOWABLE);
  if (listed.length > 0) return listed;
  const named = memberAt(action, '@Redfish.ActionInfo');
  const path =
    typeof named === 'string'
      ? pathAt(bmc.client.origin, named)
      : linkAt(bmc.client.origin, action, '@Redfish.ActionInfo');
  if (path === undefined) return [];
  const info = await bmc.client.fetch(path, bmc.operation);
  const parameters = memberAt(info.body, 'Parameters');
  if (!Array.isArray(parameters)) return [];
  const resetType = parameters.find((each) => textAt(each, 'Name') === 'ResetType');
  return textsAt(resetType, 'AllowableValues');
};

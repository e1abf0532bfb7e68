// The computer system that a node is.

import { Failure } from '@bessemer/protocol/errors/failure';

import type { MachineIdentity } from '../driver.ts';
import type { Bmc } from './bmc-pool.ts';
import type { Resource } from './client.ts';
import { linkAt, linksAt } from './links.ts';
import { textAt } from './json-guard.ts';
import { BmcRefused } from './refused.ts';

const ROOT = '/redfish/v1/';

/** `redfish_system_id`, or the only system that the BMC has. */
export const fetchSystem = async (bmc: Bmc): Promise<Resource> => {
  const { access, client, operation } = bmc;
  const path = access.systemPath ?? bmc.found.onlySystemPath ?? (await fetchOnlySystemPath(bmc));
  if (access.systemPath === null) bmc.found.onlySystemPath = path;
  try {
    return await client.fetch(path, operation);
  } catch (error) {
    if (!(error instanceof BmcRefused) || error.status !== 404) throw error;
    throw new Failure(
      'node.invalid',
      `The BMC at ${client.origin} has no system ${path}; check redfish_system_id`,
      { cause: error },
    );
  }
};

const fetchOnlySystemPath = async ({ client, operation }: Bmc): Promise<string> => {
  const root = await client.fetch(ROOT, operation);
  const systems = linkAt(client.origin, root.body, 'Systems');
  if (systems === undefined) {
    throw new Failure(
      'bmc.protocol',
      `The BMC at ${client.origin} lists no systems in its service root`,
    );
  }
  const collection = await client.fetch(systems, operation);
  const members = linksAt(client.origin, collection.body, 'Members');
  const [only] = members;
  if (only !== undefined && members.length === 1) return only;
  throw new Failure(
    'node.invalid',
    members.length === 0
      ? `The BMC at ${client.origin} has no system`
      : `The BMC at ${client.origin} has ${members.length} systems; set redfish_system_id to one of: ` +
          members.slice(0, MEMBERS_NAMED_MAX).join(', '),
    { details: { systems: members.slice(0, MEMBERS_NAMED_MAX) } },
  );
};

/** Enough to choose from; a blade chassis has 16. */
const MEMBERS_NAMED_MAX = 32;

export const identityOf = (system: Resource): MachineIdentity => ({
  systemUuid: textAt(system.body, 'UUID')?.toLowerCase() ?? null,
  serial: textAt(system.body, 'SerialNumber') ?? null,
  manufacturer: textAt(system.body, 'Manufacturer') ?? null,
  model: textAt(system.body, 'Model') ?? null,
  biosVersion: textAt(system.body, 'BiosVersion') ?? null,
});

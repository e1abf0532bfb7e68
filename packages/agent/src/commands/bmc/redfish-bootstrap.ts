// An account by Redfish from inside: needs a network between machine and BMC (SMBIOS says whether there is one), and
// a login for one time that the BMC gives over the system interface. What is missing is answered, not thrown: most BMCs
// lack it, and the other way in is still there.

import type { BmcUserWish } from '@bessemer/protocol/agent/bmc-commands';
import type { JsonObject } from '@bessemer/protocol/json';
import type { Hardware } from '#hardware/hardware';

export const redfishBootstrap = async (
  { hostInterface }: Pick<Hardware, 'hostInterface'>,
  _wish: BmcUserWish,
): Promise<JsonObject> => {
  const found = await hostInterface();
  return unsupported(
    found === null
      ? 'SMBIOS tells of no network between this machine and a Redfish service of its BMC'
      : 'this agent does not use the network to the Redfish service of the BMC yet',
  );
};

const unsupported = (cause: string): JsonObject => ({ supported: false, cause });

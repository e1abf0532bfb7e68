// Which tenant's network interface a port or port group carries.

import type { JsonObject } from '../json.ts';

/** Its name in internal_info, which clients read. */
export const VIF_KEY = 'tenant_vif_port_id';

export const attachedVif = (holder: { readonly internalInfo: JsonObject }): string | undefined => {
  const vif = holder.internalInfo[VIF_KEY];
  return typeof vif === 'string' ? vif : undefined;
};

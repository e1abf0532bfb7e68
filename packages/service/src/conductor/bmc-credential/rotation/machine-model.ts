// What machines have in common whose BMCs have the same rules for passwords, as far as their BMCs tell it.

import { isJsonObject } from '@bessemer/protocol/json';
import type { NodeRecord } from '@bessemer/protocol/node/record';

import type { StoredInventory } from '#store/inventories';

/** Longer names are no names. */
const CHARS_MAX = 200;

const modelFrom = (manufacturer: unknown, model: unknown): string | undefined =>
  typeof manufacturer === 'string' && typeof model === 'string'
    ? `${manufacturer}/${model}`.slice(0, CHARS_MAX)
    : undefined;

/** Undefined when the BMC was not asked, or does not tell. */
export const modelOf = ({
  driverInternalInfo,
}: Pick<NodeRecord, 'driverInternalInfo'>): string | undefined => {
  const { bmc_identity: identity } = driverInternalInfo;
  return isJsonObject(identity)
    ? modelFrom(identity['manufacturer'], identity['model'])
    : undefined;
};

/** What an agent told: a claim, good for choosing among passwords that may all be made. */
export const modelOfInventory = (stored: StoredInventory | undefined): string | undefined => {
  const vendor = stored?.inventory['system_vendor'];
  return isJsonObject(vendor)
    ? modelFrom(vendor['manufacturer'], vendor['product_name'])
    : undefined;
};

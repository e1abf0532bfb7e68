// What machines have in common whose BMCs have the same rules for passwords, as far as their BMCs tell it.

import { isJsonObject } from '@bessemer/protocol/json';
import type { NodeRecord } from '@bessemer/protocol/node/record';

/** Longer names are no names. */
const CHARS_MAX = 200;

/** Undefined when the BMC was not asked, or does not tell. */
export const modelOf = ({
  driverInternalInfo,
}: Pick<NodeRecord, 'driverInternalInfo'>): string | undefined => {
  const { bmc_identity: identity } = driverInternalInfo;
  if (!isJsonObject(identity)) return undefined;
  const { manufacturer, model } = identity;
  if (typeof manufacturer !== 'string' || typeof model !== 'string') return undefined;
  return `${manufacturer}/${model}`.slice(0, CHARS_MAX);
};

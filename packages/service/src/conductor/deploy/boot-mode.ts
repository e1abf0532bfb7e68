// Which firmware the installed system will be started by.

import { isJsonObject } from '@bessemer/protocol/json';
import type { NodeRecord } from '@bessemer/protocol/node/record';

const isMode = (text: unknown): text is 'uefi' | 'bios' => text === 'uefi' || text === 'bios';

/** `properties.capabilities` is text: `boot_mode:uefi,secure_boot:true`. */
export const capability = (
  node: Pick<NodeRecord, 'properties'>,
  name: string,
): string | undefined => {
  const { capabilities } = node.properties;
  if (typeof capabilities !== 'string') return undefined;
  for (const pair of capabilities.split(',')) {
    const [key, value] = pair.split(':');
    if (key?.trim() === name) return value?.trim();
  }
  return undefined;
};

/** Clients write booleans as text, too. */
const isTrue = (value: unknown): boolean => value === true || value === 'true';

/** Secure boot implies UEFI; then the instance, the node's capability, and what the BMC said last. */
export const bootModeOf = (node: NodeRecord): 'uefi' | 'bios' => {
  const wanted = node.instanceInfo['capabilities'];
  const isSecure = isJsonObject(wanted) && isTrue(wanted['secure_boot']);
  if (isSecure) return 'uefi';
  const candidates = [
    node.instanceInfo['deploy_boot_mode'],
    capability(node, 'boot_mode'),
    node.bootMode,
  ];
  return candidates.find(isMode) ?? 'uefi';
};

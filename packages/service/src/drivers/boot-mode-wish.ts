// Which boot mode the operator asks for: `boot_mode` among the capabilities, which are an object in
// instance_info and a text like `boot_mode:uefi,disk_label:gpt` in properties.

import { isJsonObject, type JsonValue } from '@bessemer/protocol/json';
import type { NodeRecord } from '@bessemer/protocol/node/record';

import type { BootMode } from './driver.ts';

/** Null: the machine keeps the mode it is in. */
export const bootModeWish = (node: NodeRecord): BootMode | null => {
  const wish =
    capability(node.instanceInfo['capabilities']) ?? capability(node.properties['capabilities']);
  return wish === 'uefi' || wish === 'bios' ? wish : null;
};

const capability = (value: JsonValue | undefined): string | undefined => {
  if (isJsonObject(value)) {
    const mode = value['boot_mode'];
    return typeof mode === 'string' ? mode : undefined;
  }
  if (typeof value !== 'string') return undefined;
  const entry = value.split(',').find((each) => each.trim().startsWith('boot_mode:'));
  return entry?.trim().slice('boot_mode:'.length);
};

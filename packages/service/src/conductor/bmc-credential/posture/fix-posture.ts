// Mending what an audit found, where that cannot cost the service its own way in. Each fix is read back by the door
// that makes it.

import type { BmcAccountDoor } from '#drivers/bmc-accounts';
import type { Credential } from '#trust/secret-store/secret-store';

import { Failure } from '@bessemer/protocol/errors/failure';
import type { NodeRecord } from '@bessemer/protocol/node/record';

import type { PostureItem } from './posture-item.ts';

export type PostureFixes = {
  readonly fixed: readonly PostureItem[];
  readonly failed: readonly { readonly item: PostureItem; readonly failure: Failure }[];
};

/** Items without a fix are left as they are, and are in neither list. */
export const fixPosture = async (
  { node, doors, as }: { node: NodeRecord; doors: readonly BmcAccountDoor[]; as: Credential },
  items: readonly PostureItem[],
): Promise<PostureFixes> => {
  const fixed: PostureItem[] = [];
  const failed: { item: PostureItem; failure: Failure }[] = [];
  for (const item of items) {
    try {
      if (item.fix === null) continue;
      if (item.fix.kind === 'switch-ipmi-off') await switchIpmiOff(node, doors, as);
      else await disable(node, doors, as, item);
      fixed.push(item);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      failed.push({ item, failure: error });
    }
  }
  return { fixed, failed };
};

const switchIpmiOff = async (
  node: NodeRecord,
  doors: readonly BmcAccountDoor[],
  as: Credential,
): Promise<void> => {
  const door = doors.find((each) => each.switchIpmiOff !== undefined);
  // Between audit and fix the node may have been given ipmi_address.
  if (door?.switchIpmiOff === undefined || doors.some(({ protocol }) => protocol === 'ipmi')) {
    throw new Failure('bmc.unsupported', 'The service itself speaks IPMI to this BMC');
  }
  await door.switchIpmiOff(node, as);
};

const disable = async (
  node: NodeRecord,
  doors: readonly BmcAccountDoor[],
  as: Credential,
  { fix }: PostureItem,
): Promise<void> => {
  if (fix?.kind !== 'disable-account') return;
  for (const { protocol, id } of fix.places) {
    const door = doors.find((each) => each.protocol === protocol);
    await door?.disable(node, as, id);
  }
};

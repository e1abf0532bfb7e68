// Which port or port group of a node a VIF is attached to.

import type { VifHolder } from '#store/vifs';

import { attachedVif } from '@bessemer/protocol/port/attached-vif';
import type { PortRecord } from '@bessemer/protocol/port/record';

export type VifWish = {
  readonly portUuid?: string | undefined;
  readonly portgroupUuid?: string | undefined;
};

/**
 * The best of what is free: with a physical network before without, groups before single ports, ports that boot before
 * those that do not. Members of a group are not free by themselves, and a group is only while none of them is in use.
 */
export const freeVifHolder = (
  holders: readonly VifHolder[],
  wish: VifWish = {},
): VifHolder | undefined => {
  const ports = holders.flatMap((holder) => (holder.kind === 'port' ? [holder.record] : []));
  return holders
    .filter((holder) => isWished(holder, wish) && isFree(holder, ports))
    .map((holder) => ({ holder, rank: rankOf(holder, ports) }))
    .sort((a, b) => b.rank - a.rank)[0]?.holder;
};

const isWished = ({ kind, record }: VifHolder, { portUuid, portgroupUuid }: VifWish): boolean => {
  if (portUuid !== undefined) return kind === 'port' && record.uuid === portUuid;
  if (portgroupUuid !== undefined) return kind === 'portgroup' && record.uuid === portgroupUuid;
  return true;
};

const isFree = (holder: VifHolder, ports: readonly PortRecord[]): boolean => {
  if (attachedVif(holder.record) !== undefined) return false;
  if (holder.kind === 'port') return holder.record.portgroupUuid === null;
  const members = membersOf(holder, ports);
  return members.length > 0 && members.every((member) => attachedVif(member) === undefined);
};

const membersOf = ({ record }: VifHolder, ports: readonly PortRecord[]): readonly PortRecord[] =>
  ports.filter((port) => port.portgroupUuid === record.uuid);

const rankOf = (holder: VifHolder, ports: readonly PortRecord[]): number => {
  const isGroup = holder.kind === 'portgroup';
  const hasNetwork =
    holder.record.physicalNetwork !== null ||
    (isGroup && membersOf(holder, ports).some(({ physicalNetwork }) => physicalNetwork !== null));
  const isBooting = holder.kind === 'portgroup' || holder.record.pxeEnabled;
  return Number(hasNetwork) * 4 + Number(isGroup) * 2 + Number(isBooting);
};

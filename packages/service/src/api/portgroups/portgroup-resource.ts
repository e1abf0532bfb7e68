// Port groups as the routes work with them.

import { findPortgroup, updatePortgroup } from '#store/portgroups';

import { PORTGROUP, type PortgroupFieldName } from '@bessemer/protocol/portgroup/fields';
import type { PortgroupRecord } from '@bessemer/protocol/portgroup/record';

import type { OwnedResource } from '../resource/owned-resource.ts';

export const PORTGROUPS: OwnedResource<PortgroupFieldName, PortgroupRecord> = {
  table: PORTGROUP,
  find: findPortgroup,
  update: updatePortgroup,
};

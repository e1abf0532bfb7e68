// Every key of an allocation on the wire.

import { keptField, linkField, type ResourceTable } from '../resource/fields.ts';
import type { AllocationRecord } from './record.ts';

const SHOWN_ONLY = { write: 'none' } as const;
const CREATED = { write: 'create' } as const;

export const ALLOCATION_FIELDS = {
  uuid: keptField('uuid', 'uuid', 'uuid', CREATED),
  name: keptField('name', 'name', 'name'),
  node_uuid: keptField('uuid', 'nodeUuid', 'node_uuid', SHOWN_ONLY),
  state: keptField('text', 'state', 'state', SHOWN_ONLY),
  resource_class: keptField('text', 'resourceClass', 'resource_class', {
    ...CREATED,
    charsMin: 1,
    charsMax: 80,
  }),
  traits: keptField('special', 'traits', 'traits', { ...CREATED, absent: [] }),
  candidate_nodes: keptField('special', 'candidateNodes', 'candidate_nodes', {
    ...CREATED,
    absent: [],
  }),
  extra: keptField('object', 'extra', 'extra'),
  last_error: keptField('text', 'lastError', 'last_error', SHOWN_ONLY),
  owner: keptField('text', 'owner', 'owner', {
    ...CREATED,
    since: 'allocation-owner',
    charsMax: 255,
  }),
  created_at: keptField('time', 'createdAt', 'created_at', SHOWN_ONLY),
  updated_at: keptField('time', 'updatedAt', 'updated_at', SHOWN_ONLY),
  links: linkField('links', 'base'),
} as const;

export type AllocationFieldName = keyof typeof ALLOCATION_FIELDS;

export const ALLOCATION: ResourceTable<AllocationFieldName, keyof AllocationRecord> = {
  noun: 'allocation',
  collection: 'allocations',
  fields: ALLOCATION_FIELDS,
  summary: Object.keys(ALLOCATION_FIELDS) as AllocationFieldName[],
};

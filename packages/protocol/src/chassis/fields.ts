// Every key of a chassis on the wire.

import { keptField, linkField, type ResourceTable } from '../resource/fields.ts';
import type { ChassisRecord } from './record.ts';

export const CHASSIS_FIELDS = {
  uuid: keptField('uuid', 'uuid', 'uuid', { write: 'create' }),
  description: keptField('text', 'description', 'description', { charsMax: 255 }),
  extra: keptField('object', 'extra', 'extra'),
  nodes: linkField('nested-list', 'base'),
  created_at: keptField('time', 'createdAt', 'created_at', { write: 'none' }),
  updated_at: keptField('time', 'updatedAt', 'updated_at', { write: 'none' }),
  links: linkField('links', 'base'),
} as const;

export type ChassisFieldName = keyof typeof CHASSIS_FIELDS;

export const CHASSIS: ResourceTable<ChassisFieldName, keyof ChassisRecord> = {
  noun: 'chassis',
  collection: 'chassis',
  fields: CHASSIS_FIELDS,
  summary: ['uuid', 'description', 'links'],
};

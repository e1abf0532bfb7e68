// Every key of a volume target on the wire.

import { keptField, linkField, type ResourceTable } from '../resource/fields.ts';
import type { VolumeTargetRecord } from './record.ts';

const FIRST = { since: 'volumes' } as const;
const SHOWN_ONLY = { since: 'volumes', write: 'none' } as const;
const REQUIRED_TEXT = { ...FIRST, isRequired: true, charsMin: 1 } as const;

export const VOLUME_TARGET_FIELDS = {
  uuid: keptField('uuid', 'uuid', 'uuid', { ...FIRST, write: 'create' }),
  node_uuid: keptField('uuid', 'nodeUuid', 'node_uuid', { ...FIRST, isRequired: true }),
  volume_type: keptField('text', 'volumeType', 'volume_type', { ...REQUIRED_TEXT, charsMax: 64 }),
  /** May hold the password of the storage: shown to some, and never with its secrets. */
  properties: keptField('special', 'properties', 'properties', FIRST),
  /** 0 is the volume that the machine boots from. */
  boot_index: keptField('count', 'bootIndex', 'boot_index', { ...FIRST, isRequired: true }),
  volume_id: keptField('text', 'volumeId', 'volume_id', { ...REQUIRED_TEXT, charsMax: 255 }),
  extra: keptField('object', 'extra', 'extra', FIRST),
  created_at: keptField('time', 'createdAt', 'created_at', SHOWN_ONLY),
  updated_at: keptField('time', 'updatedAt', 'updated_at', SHOWN_ONLY),
  links: linkField('links', 'volumes'),
} as const;

export type VolumeTargetFieldName = keyof typeof VOLUME_TARGET_FIELDS;

export const VOLUME_TARGET: ResourceTable<VolumeTargetFieldName, keyof VolumeTargetRecord> = {
  noun: 'volume target',
  collection: 'volume/targets',
  listKey: 'targets',
  fields: VOLUME_TARGET_FIELDS,
  summary: ['uuid', 'node_uuid', 'volume_type', 'boot_index', 'volume_id', 'links'],
};

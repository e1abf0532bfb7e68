// Every key of an inspection rule on the wire.

import { keptField, linkField, type ResourceTable } from '../resource/fields.ts';
import type { InspectionRuleRecord } from './rule-record.ts';

const FIRST = { since: 'inspection-rules' } as const;
const SHOWN_ONLY = { since: 'inspection-rules', write: 'none' } as const;

const FIELDS = {
  uuid: keptField('uuid', 'uuid', 'uuid', { ...FIRST, write: 'create' }),
  description: keptField('text', 'description', 'description', { ...FIRST, charsMax: 255 }),
  priority: {
    ...keptField('special', 'priority', 'priority', { ...FIRST, absent: 0 }),
    isSortable: true,
  },
  phase: {
    ...keptField('special', 'phase', 'phase', { ...FIRST, absent: 'main' }),
    isSortable: true,
  },
  sensitive: keptField('flag', 'sensitive', 'sensitive', { ...FIRST, absent: false }),
  conditions: keptField('special', 'conditions', 'conditions', { ...FIRST, absent: [] }),
  actions: keptField('special', 'actions', 'actions', { ...FIRST, isRequired: true }),
  created_at: keptField('time', 'createdAt', 'created_at', SHOWN_ONLY),
  updated_at: keptField('time', 'updatedAt', 'updated_at', SHOWN_ONLY),
  links: linkField('links', 'inspection-rules'),
} as const;

export const INSPECTION_RULE: ResourceTable<keyof typeof FIELDS, keyof InspectionRuleRecord> = {
  noun: 'inspection rule',
  collection: 'inspection_rules',
  fields: FIELDS,
  summary: ['uuid', 'priority', 'phase', 'description', 'links'],
};

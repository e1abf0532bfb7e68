// Every key of a deploy template on the wire.

import { keptField, linkField, type ResourceTable } from '../resource/fields.ts';
import type { DeployTemplateRecord } from './record.ts';

const FIRST = { since: 'deploy-templates' } as const;
const SHOWN_ONLY = { since: 'deploy-templates', write: 'none' } as const;

const FIELDS = {
  uuid: keptField('uuid', 'uuid', 'uuid', { ...FIRST, write: 'create' }),
  /** Sorted by, although it is checked by a rule of its own: it has to be a trait. */
  name: {
    ...keptField('special', 'name', 'name', { ...FIRST, isRequired: true }),
    isSortable: true,
  },
  steps: keptField('special', 'steps', 'steps', { ...FIRST, isRequired: true }),
  extra: keptField('object', 'extra', 'extra', FIRST),
  created_at: keptField('time', 'createdAt', 'created_at', SHOWN_ONLY),
  updated_at: keptField('time', 'updatedAt', 'updated_at', SHOWN_ONLY),
  links: linkField('links', 'deploy-templates'),
} as const;

const SHARED = { noun: 'deploy template', collection: 'deploy_templates' } as const;

export const DEPLOY_TEMPLATE: ResourceTable<keyof typeof FIELDS, keyof DeployTemplateRecord> = {
  ...SHARED,
  fields: FIELDS,
  summary: ['uuid', 'name', 'links'],
};

const WRITABLE = {
  ...FIELDS,
  /** Taken and kept, and not shown. */
  description: keptField('text', 'description', 'description', { ...FIRST, charsMax: 255 }),
} as const;

/** What POST and PATCH take. */
export const WRITABLE_DEPLOY_TEMPLATE: ResourceTable<
  keyof typeof WRITABLE,
  keyof DeployTemplateRecord
> = { ...SHARED, fields: WRITABLE, summary: [] };

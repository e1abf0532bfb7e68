// Every key of a runbook on the wire.

import { offers } from '../microversion/features.ts';
import { keptField, linkField, type ResourceTable } from '../resource/fields.ts';
import type { RunbookRecord } from './record.ts';

const FIRST = { since: 'runbooks' } as const;
const SHOWN_ONLY = { since: 'runbooks', write: 'none' } as const;
const LATER = { since: 'runbook-traits' } as const;

const FIRST_FIELDS = {
  uuid: keptField('uuid', 'uuid', 'uuid', { ...FIRST, write: 'create' }),
  /** What is a name depends on the version, so it is checked by a rule of its own. */
  name: {
    ...keptField('special', 'name', 'name', { ...FIRST, isRequired: true }),
    isSortable: true,
  },
  steps: keptField('special', 'steps', 'steps', { ...FIRST, isRequired: true }),
  disable_ramdisk: keptField('flag', 'disableRamdisk', 'disable_ramdisk', {
    ...FIRST,
    absent: false,
  }),
  extra: keptField('object', 'extra', 'extra', FIRST),
  public: keptField('flag', 'public', 'public', { ...FIRST, absent: false }),
  owner: keptField('text', 'owner', 'owner', { ...FIRST, charsMax: 255 }),
  created_at: keptField('time', 'createdAt', 'created_at', SHOWN_ONLY),
  updated_at: keptField('time', 'updatedAt', 'updated_at', SHOWN_ONLY),
  links: linkField('links', 'runbooks'),
} as const;

const FIELDS = {
  ...FIRST_FIELDS,
  description: keptField('text', 'description', 'description', { ...LATER, charsMax: 255 }),
  /** Written below `/traits` only. */
  traits: keptField('special', 'traits', 'traits', { ...LATER, write: 'none' }),
} as const;

const TABLE = {
  noun: 'runbook',
  collection: 'runbooks',
  summary: ['uuid', 'name', 'links'],
} as const;

type RunbookTable = ResourceTable<string, keyof RunbookRecord>;

const RUNBOOK: RunbookTable = { ...TABLE, fields: FIELDS };
const FIRST_RUNBOOK: RunbookTable = { ...TABLE, fields: FIRST_FIELDS };

/** Bodies are closed: below its version a key is as unknown as any other. */
export const runbookAt = (minor: number): RunbookTable =>
  offers(minor, 'runbook-traits') ? RUNBOOK : FIRST_RUNBOOK;

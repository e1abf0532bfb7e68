// Deploy templates by record.

import { sql } from 'kysely';

import type { DeployTemplateRecord } from '@bessemer/protocol/deploy-template/record';

import type { Queryable } from './database.ts';
import { recordTable } from './record-table.ts';

export const deployTemplates = recordTable<DeployTemplateRecord>('deploy_template', {
  uuid: ['uuid', 'text'],
  name: ['name', 'text'],
  steps: ['steps', 'json'],
  extra: ['extra', 'json'],
  description: ['description', 'text'],
  createdAt: ['created_at', 'text'],
  updatedAt: ['updated_at', 'text'],
});

/** Those of the names that a template has; the traits of an instance are asked for like this. */
export const findTemplatesByNames = async (
  queryable: Queryable,
  names: readonly string[],
): Promise<readonly DeployTemplateRecord[]> =>
  names.length === 0
    ? []
    : deployTemplates.where(queryable, sql<boolean>`name in (${sql.join([...names])})`);

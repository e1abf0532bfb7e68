// What is kept of the firmware of a node: its settings, and the versions of its parts.

import type { Kysely } from 'kysely';

export const up = async (db: Kysely<unknown>): Promise<void> => {
  const { schema } = db;
  await schema
    .createTable('bios_setting')
    .addColumn('node_uuid', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('value', 'text')
    .addColumn('registry', 'text', (column) => column.notNull())
    .addColumn('created_at', 'text', (column) => column.notNull())
    .addColumn('updated_at', 'text')
    .addPrimaryKeyConstraint('bios_setting_key', ['node_uuid', 'name'])
    .execute();

  await schema
    .createTable('firmware_component')
    .addColumn('node_uuid', 'text', (column) => column.notNull())
    .addColumn('component', 'text', (column) => column.notNull())
    .addColumn('initial_version', 'text')
    .addColumn('current_version', 'text')
    .addColumn('last_version_flashed', 'text')
    .addColumn('vendor', 'text')
    .addColumn('model', 'text')
    .addColumn('serial_number', 'text')
    .addColumn('created_at', 'text', (column) => column.notNull())
    .addColumn('updated_at', 'text')
    .addPrimaryKeyConstraint('firmware_component_key', ['node_uuid', 'component'])
    .execute();
};

// The parts of a node that have firmware, with the version that each had first and has now.

import type { Selectable } from 'kysely';

import { isoTime } from '#clock';

import type { Queryable } from './database.ts';
import type { FirmwareComponentTable } from './schema.ts';

export type StoredFirmware = Omit<Selectable<FirmwareComponentTable>, 'node_uuid'>;

export type ReadFirmware = Pick<
  StoredFirmware,
  'component' | 'current_version' | 'vendor' | 'model' | 'serial_number'
>;

export const listFirmware = (
  queryable: Queryable,
  nodeUuid: string,
): Promise<readonly StoredFirmware[]> =>
  queryable
    .selectFrom('firmware_component')
    .selectAll()
    .where('node_uuid', '=', nodeUuid)
    .orderBy('component')
    .execute();

/** Makes `read` what is known. A version that is another than before was flashed meanwhile. */
export const replaceFirmware = async (
  queryable: Queryable,
  nodeUuid: string,
  read: readonly ReadFirmware[],
  nowMs: number,
): Promise<void> => {
  const now = isoTime(nowMs);
  const known = new Map(
    (await listFirmware(queryable, nodeUuid)).map((row) => [row.component, row]),
  );
  for (const facts of read) {
    const before = known.get(facts.component);
    known.delete(facts.component);
    if (before === undefined) {
      await queryable
        .insertInto('firmware_component')
        .values({
          node_uuid: nodeUuid,
          ...facts,
          initial_version: facts.current_version,
          last_version_flashed: null,
          created_at: now,
          updated_at: null,
        })
        .execute();
      continue;
    }
    const { component, ...values } = facts;
    const names = Object.keys(values) as (keyof typeof values)[];
    if (names.every((name) => before[name] === values[name])) continue;
    const isFlashed = before.current_version !== values.current_version;
    await queryable
      .updateTable('firmware_component')
      .set({
        ...values,
        updated_at: now,
        ...(isFlashed ? { last_version_flashed: values.current_version } : {}),
      })
      .where('node_uuid', '=', nodeUuid)
      .where('component', '=', component)
      .execute();
  }
  for (const component of known.keys()) {
    await queryable
      .deleteFrom('firmware_component')
      .where('node_uuid', '=', nodeUuid)
      .where('component', '=', component)
      .execute();
  }
};

// The secrets of driver_info leave it for a sealed column of their own. This cannot seal what is there already, it has
// no key: the service does so when it starts (see serve/seal-old-secrets.ts).

import type { Kysely } from 'kysely';

export const up = async (db: Kysely<unknown>): Promise<void> => {
  const { schema } = db;
  await schema.alterTable('node').addColumn('driver_secrets_sealed', 'text').execute();
  // driver_info itself is masked now.
  await schema.alterTable('node').dropColumn('driver_info_masked').execute();
};

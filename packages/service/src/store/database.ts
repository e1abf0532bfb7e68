// Opens the store and brings its schema up to date. The rest of `store/` works on what this returns.

import type { DatabaseSync } from 'node:sqlite';

import { Kysely, PostgresDialect, type Transaction } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import { Pool, types } from 'pg';

import { openSqliteFile, sqliteDialect } from './engine/sqlite.ts';
import { StoreOfOtherVersion } from './errors.ts';
import { makeGroupCommit } from './group-commit.ts';
import * as firstTables from './migrations/0001-first-tables.ts';
import * as agentTrust from './migrations/0002-agent-trust.ts';
import * as portsAndPortgroups from './migrations/0003-ports-and-portgroups.ts';
import * as volumes from './migrations/0004-volumes.ts';
import * as allocationsAndTraits from './migrations/0005-allocations-and-traits.ts';
import * as templatesRunbooksRules from './migrations/0006-templates-runbooks-rules.ts';
import * as hardwareSettings from './migrations/0007-hardware-settings.ts';
import * as driverSecrets from './migrations/0008-driver-secrets.ts';
import * as secrets from './migrations/0009-secrets.ts';
import * as bmcCredentials from './migrations/0010-bmc-credentials.ts';
import * as bmcExports from './migrations/0011-bmc-exports.ts';
import * as discoveries from './migrations/0012-discoveries.ts';
import * as gates from './migrations/0013-gates.ts';
import * as auditShipments from './migrations/0014-audit-shipments.ts';
import type { Schema } from './schema.ts';

export type EngineName = 'sqlite' | 'postgres';

export type Store = {
  readonly engine: EngineName;
  readonly db: Kysely<Schema>;
  /** SQLite only: the bare handle, for the few hot statements that a query builder would slow down. */
  readonly sqlite: DatabaseSync | undefined;
  /** Never await the network inside `work`: on SQLite every other query waits meanwhile. */
  readonly transaction: <T>(work: (trx: Transaction<Schema>) => Promise<T>) => Promise<T>;
  readonly close: () => Promise<void>;
};

/** Where a repository function may run: the store itself, or a transaction that its caller opened. */
export type Queryable = Kysely<Schema> | Transaction<Schema>;

export type StoreLocation =
  | { readonly engine: 'sqlite'; readonly path: string }
  | { readonly engine: 'postgres'; readonly url: string; readonly connectionsMax?: number };

type MigrationFile = {
  readonly up: (db: Kysely<unknown>, engine: EngineName) => Promise<void>;
};

const MIGRATIONS: { readonly [name: string]: MigrationFile } = {
  '0001-first-tables': firstTables,
  '0002-agent-trust': agentTrust,
  '0003-ports-and-portgroups': portsAndPortgroups,
  '0004-volumes': volumes,
  '0005-allocations-and-traits': allocationsAndTraits,
  '0006-templates-runbooks-rules': templatesRunbooksRules,
  '0007-hardware-settings': hardwareSettings,
  '0008-driver-secrets': driverSecrets,
  '0009-secrets': secrets,
  '0010-bmc-credentials': bmcCredentials,
  '0011-bmc-exports': bmcExports,
  '0012-discoveries': discoveries,
  '0013-gates': gates,
  '0014-audit-shipments': auditShipments,
};

const migrate = async (db: Kysely<Schema>, engine: EngineName): Promise<void> => {
  const migrations: { [name: string]: Migration } = {};
  for (const [name, migration] of Object.entries(MIGRATIONS)) {
    migrations[name] = { up: (each) => migration.up(each as Kysely<unknown>, engine) };
  }
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } });
  const { error } = await migrator.migrateToLatest();
  if (error === undefined) return;
  // In the order of their numbers and in no other: only such a schema is one that was ever tested.
  const isForeign = error instanceof Error && error.message.startsWith('corrupted migrations');
  throw isForeign ? new StoreOfOtherVersion(error) : error;
};

const openPostgres = (url: string, connectionsMax: number): Kysely<Schema> => {
  // 64-bit integers are read as numbers: milliseconds and bytes stay below 2^53.
  types.setTypeParser(types.builtins.INT8, Number);
  const pool = new Pool({ connectionString: url, max: connectionsMax });
  // An idle connection that PostgreSQL closed is replaced by the pool; unheard, the event would end the process.
  pool.on('error', () => undefined);
  return new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) });
};

/** Ten connections serve one conductor's bounded concurrency; more only queue inside PostgreSQL. */
const POSTGRES_CONNECTIONS_MAX = 10;

export const openStore = async (location: StoreLocation): Promise<Store> => {
  const sqlite = location.engine === 'sqlite' ? openSqliteFile(location.path) : undefined;
  const db =
    location.engine === 'sqlite'
      ? new Kysely<Schema>({ dialect: sqliteDialect(sqlite as DatabaseSync) })
      : openPostgres(location.url, location.connectionsMax ?? POSTGRES_CONNECTIONS_MAX);
  try {
    await migrate(db, location.engine);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  return {
    engine: location.engine,
    db,
    sqlite,
    transaction:
      location.engine === 'sqlite' ? makeGroupCommit(db) : (work) => db.transaction().execute(work),
    close: () => db.destroy(),
  };
};

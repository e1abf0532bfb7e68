// The same test bodies on SQLite and on PostgreSQL. Each file gets one store per engine; tests keep apart by using
// nodes of their own.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { randomUUID } from 'node:crypto';

import { type EngineName, openStore, type Store } from '#store/database';
import { insertNode, type NewNode } from '#store/nodes';

import { INTERFACE_KINDS, type NodeRecord } from '@bessemer/protocol/node/record';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import { type PostgresServer, startPostgres } from './postgres-server.ts';

export const NOW_MS = Date.UTC(2026, 10, 21, 12, 0, 0);

export const onBothEngines = (define: (store: () => Store, engine: EngineName) => void): void => {
  describe('on SQLite', () => {
    let directory: string;
    let store: Store;
    before(async () => {
      directory = mkdtempSync(join(tmpdir(), 'bessemer-store-'));
      store = await openStore({ engine: 'sqlite', path: join(directory, 'test.sqlite') });
    });
    after(async () => {
      await store?.close();
      rmSync(directory, { recursive: true, force: true });
    });
    define(() => store, 'sqlite');
  });

  describe('on PostgreSQL', () => {
    let server: PostgresServer;
    let store: Store;
    before(async () => {
      server = await startPostgres();
      store = await openStore({ engine: 'postgres', url: await server.createDatabase() });
    });
    after(async () => {
      await store?.close();
      await server?.stop();
    });
    define(() => store, 'postgres');
  });
};

const FAKE_INTERFACES = Object.fromEntries(
  INTERFACE_KINDS.map((kind) => [kind, 'fake']),
) as NodeRecord['interfaces'];

/** A node that no other test knows. */
export const newNode = (more: Partial<NewNode> = {}): NewNode => ({
  uuid: randomUUID() as NodeUuid,
  driver: 'fake-hardware',
  interfaces: FAKE_INTERFACES,
  ...more,
});

export const makeNode = (store: Store, more: Partial<NewNode> = {}): Promise<NodeRecord> =>
  insertNode(store.db, newNode(more), { nowMs: NOW_MS });

/** How many rivals try at once where only one may win. */
export const RIVALS = 8;

// The secret store that needs nothing else: rows of the service's own database, each sealed with a data key of its own
// under the key-encryption keys (see key-ring.ts) and bound to its place and version.

import type { Clock } from '#clock';

import type { KeyRing } from '../key-ring.ts';
import { makeCheckedSecretStore } from './checked-store.ts';
import { credentialText, readCredentialText } from './credential-text.ts';
import {
  bySlotNewestFirst,
  type SecretPlace,
  type SecretStore,
  type SecretVersion,
  type SecretWrite,
  type StoredCredential,
  versionPart,
} from './secret-store.ts';
import { conflictFailure, goneFailure, healthAfter, storeFailure } from './store-failure.ts';

/** A row as the database has it; `sealed` is empty when the version is destroyed. */
export type SealedSecret = SecretVersion & {
  readonly id: string;
  readonly writeId: string;
  readonly sealed: string;
};

/** What the database does for it. */
export type SecretRows = {
  /** False when there is that version, or that write, already. */
  readonly insert: (row: SealedSecret) => Promise<boolean>;
  readonly findWrite: (place: SecretPlace, writeId: string) => Promise<SealedSecret | undefined>;
  readonly list: (nodeUuid: string) => Promise<readonly SealedSecret[]>;
  readonly listNodes: (after: string, limit: number) => Promise<readonly string[]>;
  readonly destroy: (version: Omit<SecretVersion, 'createdMs'>) => Promise<void>;
  readonly sample: () => Promise<readonly SealedSecret[]>;
  /** Whether the database, and not the question, is what is wrong. */
  readonly isUnavailable: (error: unknown) => boolean;
};

type Parts = {
  readonly rows: SecretRows;
  readonly keys: Pick<KeyRing, 'seal' | 'open'>;
  readonly clock: Pick<Clock, 'wallMs' | 'after'>;
};

/** A database that does not answer for so long is away. */
const ANSWER_MS_MAX = 10_000;
const NODES_PAGE = 500;
/** Writers of one place that all want the next number; the lock of the node lets only one be. */
const RIVALS_MAX = 16;

export const secretContext = (id: string): string => `secret/${id}`;

export const makeEmbeddedSecretStore = ({ rows, keys, clock }: Parts): SecretStore => {
  const asked = async <T>(work: () => Promise<T>): Promise<T> => {
    const late = Promise.withResolvers<never>();
    const cancel = clock.after(ANSWER_MS_MAX, () =>
      late.reject(storeFailure('away', 'The database of the service does not answer.')),
    );
    try {
      return await Promise.race([work(), late.promise]);
    } catch (error) {
      if (!rows.isUnavailable(error)) throw error;
      throw storeFailure('away', 'The database of the service cannot be used now.', error);
    } finally {
      cancel();
    }
  };

  const openRow = (row: SealedSecret): StoredCredential => {
    let text: string;
    try {
      text = keys.open(row.sealed, secretContext(row.id)).toString();
    } catch (error) {
      throw storeFailure(
        'sealed',
        `Secret ${row.id} does not open: the key that it was sealed with is not in the key directory, or the row was altered.`,
        error,
      );
    }
    const credential = readCredentialText(text);
    if (credential === undefined)
      throw storeFailure('protocol', `Secret ${row.id} is no credential.`);
    return { ...versionPart(row), writeId: row.writeId, credential };
  };

  const rowsOf = async (place: SecretPlace): Promise<readonly SealedSecret[]> =>
    (await rows.list(place.nodeUuid)).filter(({ slot }) => slot === place.slot);

  const attempt = async (write: SecretWrite): Promise<SecretVersion | undefined> => {
    const { place, writeId, credential, afterVersion } = write;
    const done = await rows.findWrite(place, writeId);
    if (done !== undefined) {
      if (done.sealed === '') throw goneFailure(place, done.version);
      return versionPart(done);
    }
    const newest = Math.max(0, ...(await rowsOf(place)).map((row) => row.version));
    if (afterVersion !== undefined && afterVersion < newest) throw conflictFailure(place);
    const version = newest + 1;
    const id = `${place.nodeUuid}/${place.slot}/${version}`;
    const row: SealedSecret = {
      id,
      nodeUuid: place.nodeUuid,
      slot: place.slot,
      version,
      writeId,
      sealed: keys.seal(Buffer.from(credentialText(credential)), secretContext(id)),
      createdMs: clock.wallMs(),
    };
    return (await rows.insert(row)) ? versionPart(row) : undefined;
  };

  return makeCheckedSecretStore({
    kind: 'embedded',
    put: async (write) => {
      for (let tries = 0; tries < RIVALS_MAX; tries += 1) {
        const stored = await asked(() => attempt(write));
        if (stored !== undefined) return stored;
      }
      throw conflictFailure(write.place);
    },
    get: async (place, version) => {
      const found = (await asked(() => rowsOf(place))).find(
        (row) => row.sealed !== '' && (version === undefined || row.version === version),
      );
      if (found === undefined) throw goneFailure(place, version);
      return openRow(found);
    },
    getWrite: async (place, writeId) => {
      const found = await asked(() => rows.findWrite(place, writeId));
      if (found === undefined || found.sealed === '') throw goneFailure(place, writeId);
      return openRow(found);
    },
    findWrite: async (place, writeId) => {
      const found = await asked(() => rows.findWrite(place, writeId));
      return found === undefined || found.sealed === '' ? undefined : versionPart(found);
    },
    list: async (nodeUuid) => {
      const found = await asked(() => rows.list(nodeUuid));
      return found
        .filter(({ sealed }) => sealed !== '')
        .map(versionPart)
        .sort(bySlotNewestFirst);
    },
    listNodes: async function* () {
      let after = '';
      for (;;) {
        const page = await asked(() => rows.listNodes(after, NODES_PAGE));
        yield* page;
        const last = page.at(-1);
        if (last === undefined) return;
        after = last;
      }
    },
    destroy: async (place, version) => {
      await asked(() => rows.destroy({ ...place, version }));
    },
    // Whoever holds the wrong keys is told before the first rotation, not by the first login that fails.
    health: () =>
      healthAfter(async () => {
        for (const row of await asked(rows.sample)) openRow(row);
      }),
    close: async () => undefined,
  });
};

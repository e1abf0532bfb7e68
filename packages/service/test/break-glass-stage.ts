// A store with nodes whose logins at their BMCs lie in the embedded secret store, as rotations leave them; and a key of
// an operator.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { armor, Decrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';

import {
  type BreakGlassContent,
  readBreakGlassContent,
} from '@bessemer/protocol/bmc/break-glass-content';
import type { NodeRecord } from '@bessemer/protocol/node/record';

import { systemClock } from '#clock';
import { newCredential } from '#conductor/bmc-credential/rotation/begin-rotation';
import { DEFAULT_BMC_CREDENTIAL_OPTIONS } from '#conductor/bmc-credential/options';
import { addBmcCredential, type BmcSlotName, changeBmcCredential } from '#store/bmc-credentials';
import { openStore, type Store } from '#store/database';
import { parseRecipient, type Recipient } from '#trust/break-glass/recipient';
import { type KeyRing, openKeyRing } from '#trust/key-ring';
import { Secret } from '#trust/secret';
import type { SecretStore } from '#trust/secret-store/secret-store';

import { openEmbeddedSecrets } from '../src/serve/embedded-secrets.ts';
import { makeNode } from './store-engines.ts';

export const PASSWORDS: { readonly [writeId: string]: string } = {
  'write-1': 'First7canary-pass',
  'write-2': 'Second7canary-pass',
};

export type OperatorKey = { readonly identity: string; readonly recipient: Recipient };

export const newOperatorKey = async (): Promise<OperatorKey> => {
  const identity = await generateX25519Identity();
  return { identity, recipient: parseRecipient(await identityToRecipient(identity)) };
};

/** Rejects when `identity` cannot open it. */
export const openSealed = async (
  file: string,
  identity: string,
): Promise<BreakGlassContent | undefined> => {
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  return readBreakGlassContent(await decrypter.decrypt(armor.decode(file), 'text'));
};

export type BreakGlassStage = {
  /** Nothing is there but what a test puts in. */
  readonly directory: string;
  readonly store: Store;
  readonly keys: KeyRing;
  readonly secrets: SecretStore;
  /** As a rotation commits it. */
  readonly commit: (node: NodeRecord, slot: BmcSlotName, writeId: string) => Promise<void>;
  /** A node with `write-1` in use. */
  readonly managed: (name: string) => Promise<NodeRecord>;
  readonly close: () => Promise<void>;
};

/** On a store of its own, or on one that its owner closes. */
export const openBreakGlassStage = async (given?: Store): Promise<BreakGlassStage> => {
  const directory = mkdtempSync(join(tmpdir(), 'bessemer-break-glass-'));
  const path = join(directory, 'test.sqlite');
  const store = given ?? (await openStore({ engine: 'sqlite', path }));
  const keys = await openKeyRing(join(directory, 'keys'));
  const secrets = openEmbeddedSecrets(store, keys, systemClock);

  const commit: BreakGlassStage['commit'] = async (node, slot, writeId) => {
    const password = new Secret(PASSWORDS[writeId] ?? '');
    const credential = { username: `bsmr-${slot}`, password };
    await secrets.put({ place: { nodeUuid: node.uuid, slot }, writeId, credential });
    await store.transaction((transaction) =>
      changeBmcCredential(transaction, node.uuid, ({ slots }) => ({
        state: 'managed',
        activeSlot: slot,
        slots: {
          ...slots,
          [slot]: { ...slots[slot], ref: writeId, state: 'active', accountIds: { redfish: '/3' } },
        },
      })),
    );
  };

  return {
    directory,
    store,
    keys,
    secrets,
    commit,
    managed: async (name) => {
      const driverInfo = { redfish_address: 'https://192.0.2.7', ipmi_address: '192.0.2.7' };
      const node = await makeNode(store, { name, driverInfo });
      await addBmcCredential(store.db, newCredential(node.uuid, DEFAULT_BMC_CREDENTIAL_OPTIONS));
      await commit(node, 'a', 'write-1');
      return node;
    },
    close: async () => {
      if (given === undefined) await store.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
};

// One life of a conductor that works on the rotation of one node: the database, the secret store and the doors to the BMC
// are opened as the service opens them, the lease is taken, and the rotation gone on with. The same in the process that
// is killed and in the test that looks after it.

import { randomUUID } from 'node:crypto';

import type { JsonObject } from '@bessemer/protocol/json';
import type { NodeRecord } from '@bessemer/protocol/node/record';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import { type Clock, systemClock } from '#clock';
import { beginRotation } from '#conductor/bmc-credential/rotation/begin-rotation';
import {
  type BmcCredentialOptions,
  DEFAULT_BMC_CREDENTIAL_OPTIONS,
} from '#conductor/bmc-credential/options';
import type { RotationEvent, RotationParts } from '#conductor/bmc-credential/rotation/rotation-run';
import {
  openRun,
  type RotationEnd,
  runRotation,
} from '#conductor/bmc-credential/rotation/run-rotation';
import type { BmcAccountDoor } from '#drivers/bmc-accounts';
import { DEFAULT_DRIVER_OPTIONS, makeDriverRegistry } from '#drivers/registry';
import { openStore } from '#store/database';
import { claimLease } from '#store/leases';
import { findNode } from '#store/nodes';
import { openDriverInfo } from '#trust/driver-secrets';
import { openKeyRing } from '#trust/key-ring';
import { Secret } from '#trust/secret';
import type { SecretStore } from '#trust/secret-store/secret-store';
import { makeVaultSecretStore } from '#trust/secret-store/vault';

import { openEmbeddedSecrets } from '../../src/serve/embedded-secrets.ts';
import { makeExchange } from '../../src/serve/secret-store-exchange.ts';
import { openBareBarbican } from '../bare-barbican.ts';
import { openWireInBand } from './wire-in-band.ts';

export type SecretsAt =
  | { readonly kind: 'embedded' }
  | { readonly kind: 'vault'; readonly url: string; readonly token: string }
  | { readonly kind: 'barbican'; readonly url: string; readonly project: string };

/** What a process has to know, as JSON in a file that only its user reads. */
export type LifeSetup = {
  readonly database: string;
  readonly keys: string;
  readonly secrets: SecretsAt;
  readonly nodeUuid: NodeUuid;
  readonly options: Partial<BmcCredentialOptions>;
  /** Where the BMC is asked from inside of its machine; null: no agent runs there. */
  readonly insidePort: number | null;
  /** For answers of the BMC. */
  readonly ipmiWaitsMs: readonly number[];
};

export type Life = {
  readonly parts: RotationParts;
  readonly doors: (node: NodeRecord) => readonly BmcAccountDoor[];
  readonly openNode: () => Promise<NodeRecord>;
  /** Undefined: somebody else has the node. */
  readonly claim: () => Promise<number | undefined>;
  readonly begin: (trigger: 'adopt' | 'request', fence: number) => Promise<void>;
  /** Undefined: there is nothing to go on with. */
  readonly goOn: (fence: number) => Promise<RotationEnd | undefined>;
  readonly close: () => Promise<void>;
};

export const LEASE_MS = 60_000;
const STORE_MS_MAX = 30_000;
/** What is waited for here is on loopback. */
const QUICK = { isLoopbackAllowed: true, pollMs: 10, retryDelayMs: 10, settingTimeoutMs: 300 };

/** As late as somebody says. */
export const shiftedClock = (shiftMs: () => number): Clock => ({
  wallMs: () => systemClock.wallMs() + shiftMs(),
  monotonicMs: () => systemClock.monotonicMs() + shiftMs(),
  after: systemClock.after,
});

const openSecrets = async (
  at: SecretsAt,
  parts: Parameters<typeof openEmbeddedSecrets>,
): Promise<SecretStore> => {
  if (at.kind === 'embedded') return openEmbeddedSecrets(...parts);
  if (at.kind === 'barbican') {
    return openBareBarbican(at.url, { project: at.project, timeoutMs: STORE_MS_MAX }).store;
  }
  const { ask, close } = makeExchange({
    name: 'Vault',
    url: at.url,
    authorityPem: undefined,
    timeoutMs: STORE_MS_MAX,
  });
  const login = { kind: 'token', token: async () => new Secret(at.token) } as const;
  const options = { mount: 'secret', prefix: 'bessemer', namespace: undefined, login };
  return makeVaultSecretStore(options, { exchange: ask, clock: parts[2], close });
};

type Ways = {
  readonly clock: Clock;
  readonly onEvent?: (event: RotationEvent) => void;
  readonly faultPoint?: NonNullable<RotationParts['faultPoint']>;
  /** Instead of the one that the setup names. */
  readonly secrets?: (secrets: SecretStore) => SecretStore;
};

export const openLife = async (setup: LifeSetup, ways: Ways): Promise<Life> => {
  const { clock } = ways;
  const store = await openStore({ engine: 'sqlite', path: setup.database });
  const keys = await openKeyRing(setup.keys);
  const opened = await openSecrets(setup.secrets, [store, keys, clock]);
  const secrets = ways.secrets?.(opened) ?? opened;
  const registry = makeDriverRegistry({
    options: {
      ...DEFAULT_DRIVER_OPTIONS,
      redfish: { ...DEFAULT_DRIVER_OPTIONS.redfish, ...QUICK },
      ipmi: { ...DEFAULT_DRIVER_OPTIONS.ipmi, isLoopbackAllowed: true, waitsMs: setup.ipmiWaitsMs },
    },
    openDriverInfo: (node): JsonObject => openDriverInfo(keys, node),
    clock,
    log: { info: () => undefined, warn: () => undefined, debug: () => undefined },
  });
  const parts: RotationParts = {
    store,
    secrets,
    keys,
    clock,
    options: { ...DEFAULT_BMC_CREDENTIAL_OPTIONS, ...setup.options },
    note: async (_queryable, _node, event) => ways.onEvent?.(event),
    faultPoint: ways.faultPoint,
  };
  const inBand = setup.insidePort === null ? undefined : openWireInBand(setup.insidePort);
  const owner = randomUUID();
  const openNode = async (): Promise<NodeRecord> => {
    const node = await findNode(store.db, setup.nodeUuid);
    if (node === undefined) throw new Error(`there is no node ${setup.nodeUuid}`);
    return node;
  };
  const doors = (node: NodeRecord): readonly BmcAccountDoor[] =>
    registry.driverOf(node).accounts?.(node) ?? [];
  return {
    parts,
    doors,
    openNode,
    claim: () =>
      claimLease(store.db, setup.nodeUuid, { owner, nowMs: clock.wallMs(), leaseMs: LEASE_MS }),
    begin: async (trigger, fence) => {
      await store.transaction((trx) =>
        beginRotation(trx, parts, { uuid: setup.nodeUuid }, fence, {
          trigger,
          requester: { user: 'admin', project: null },
        }),
      );
    },
    goOn: async (fence) => {
      const node = await openNode();
      const run = await openRun(parts, { node, doors: doors(node), inBand, fence });
      return run === undefined ? undefined : runRotation(run);
    },
    close: async () => {
      await registry.close();
      await opened.close();
      await store.close();
    },
  };
};

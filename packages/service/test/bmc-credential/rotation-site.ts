// A node with a model BMC, a model secret store and a real database, on which rotations run, crash and are resumed.

import { randomUUID } from 'node:crypto';

import type { NodeRecord } from '@bessemer/protocol/node/record';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import type { Clock } from '#clock';
import {
  beginRotation,
  type RotationRequest,
} from '#conductor/bmc-credential/rotation/begin-rotation';
import {
  type BmcCredentialOptions,
  DEFAULT_BMC_CREDENTIAL_OPTIONS,
} from '#conductor/bmc-credential/options';
import type { InBandDoor } from '#conductor/bmc-credential/in-band/in-band';
import type { RotationEvent, RotationParts } from '#conductor/bmc-credential/rotation/rotation-run';
import {
  openRun,
  type RotationEnd,
  runRotation,
} from '#conductor/bmc-credential/rotation/run-rotation';
import type { BmcAccountDoor } from '#drivers/bmc-accounts';
import { type BmcCredentialRecord, findBmcCredential } from '#store/bmc-credentials';
import { openStore, type Store } from '#store/database';
import { claimLease } from '#store/leases';
import { findNode, insertNode, updateNode } from '#store/nodes';
import { keepDriverInfo } from '#trust/driver-secrets';

import { newNode, NOW_MS } from '../store-engines.ts';
import { type BmcWays, FACTORY, makeModelBmc, type ModelBmc } from './model-bmc.ts';
import {
  makeModelSecretStore,
  type ModelSecretStore,
  type StoreWays,
} from './model-secret-store.ts';

export class Crash extends Error {}

/** What is sealed can be read here: nothing of it is a secret. */
export const PLAIN_KEYS = {
  seal: (plain: Buffer, context: string) => JSON.stringify([context, plain.toString('base64')]),
  open: (sealed: string, context: string) => {
    const [bound, text] = JSON.parse(sealed) as [string, string];
    if (bound !== context) throw new Error(`sealed for ${bound}, opened for ${context}`);
    return Buffer.from(text, 'base64');
  },
};

export type SiteOptions = {
  readonly bmc?: BmcWays;
  readonly secrets?: StoreWays;
  readonly options?: Partial<BmcCredentialOptions>;
  readonly inBand?: (bmc: ModelBmc) => InBandDoor;
};

export type Site = {
  readonly store: Store;
  readonly node: NodeUuid;
  readonly bmc: ModelBmc;
  readonly secrets: ModelSecretStore;
  readonly events: RotationEvent[];
  readonly parts: RotationParts;
  /** The names of the points that were passed, and what is done at the next ones. */
  readonly points: string[];
  atPoint: (name: string, when: 'before' | 'after', count: number) => void | Promise<void>;
  readonly passTime: (ms: number) => void;
  readonly nowMs: () => number;
  readonly begin: (request?: Partial<RotationRequest>) => Promise<void>;
  /** Under a new lease, as another process would. */
  readonly goOn: (doors?: readonly BmcAccountDoor[]) => Promise<RotationEnd | undefined>;
  readonly claim: () => Promise<number>;
  readonly openNode: () => Promise<NodeRecord>;
  readonly credential: () => Promise<BmcCredentialRecord>;
  readonly close: () => Promise<void>;
};

export const openSite = async (site: SiteOptions = {}): Promise<Site> => {
  const store = await openStore({ engine: 'sqlite', path: ':memory:' });
  let nowMs = NOW_MS;
  const clock: Clock = {
    wallMs: () => nowMs,
    monotonicMs: () => nowMs,
    after: () => () => undefined,
  };
  const bmc = makeModelBmc(() => nowMs, site.bmc);
  const secrets = makeModelSecretStore(() => nowMs, site.secrets);
  const made = newNode();
  await store.transaction((trx) => insertNode(trx, made, { nowMs }));
  const info = { redfish_username: FACTORY.username, redfish_password: FACTORY.password };
  await updateNode(store.db, made.uuid, keepDriverInfo(PLAIN_KEYS, made.uuid, info));
  const events: RotationEvent[] = [];
  const points: string[] = [];
  const inBand = site.inBand?.(bmc);

  const openNode = async (): Promise<NodeRecord> =>
    (await findNode(store.db, made.uuid)) as NodeRecord;
  const claim = async (): Promise<number> => {
    nowMs += 1;
    const owner = { owner: randomUUID(), nowMs, leaseMs: 0 };
    const fence = await claimLease(store.db, made.uuid, owner);
    if (fence === undefined) throw new Error('the lease of a process that is gone did not run out');
    return fence;
  };
  const self: Site = {
    store,
    node: made.uuid,
    bmc,
    secrets,
    events,
    points,
    atPoint: () => undefined,
    parts: {
      store,
      secrets,
      keys: PLAIN_KEYS,
      clock,
      options: { ...DEFAULT_BMC_CREDENTIAL_OPTIONS, ...site.options },
      note: async (_queryable, _node, event) => {
        events.push(event);
      },
      faultPoint: async (name, when) => {
        points.push(`${name} ${when}`);
        await self.atPoint(name, when, points.length);
      },
    },
    passTime: (ms) => {
      nowMs += ms;
    },
    nowMs: () => nowMs,
    claim,
    openNode,
    begin: async (request = {}) => {
      const fence = await claim();
      await store.transaction((trx) =>
        beginRotation(trx, self.parts, { uuid: made.uuid }, fence, {
          trigger: 'request',
          requester: { user: 'admin', project: null },
          ...request,
        }),
      );
    },
    goOn: async (doors = [bmc.door]) => {
      const fence = await claim();
      const run = await openRun(self.parts, {
        node: await openNode(),
        doors,
        inBand,
        fence,
      });
      return run === undefined ? undefined : runRotation(run);
    },
    credential: async () => (await findBmcCredential(store.db, made.uuid)) as BmcCredentialRecord,
    close: () => store.close(),
  };
  return self;
};

/** So many waits a rotation takes at most until it is over. */
const WAITS_MAX = 1_000;

/** Goes on, through crashes and waits, until the rotation is over. */
export const finish = async (
  site: Site,
  whenWaiting?: () => void,
  doors?: readonly BmcAccountDoor[],
): Promise<void> => {
  for (let waits = 0; waits < WAITS_MAX; waits += 1) {
    try {
      const end = await site.goOn(doors);
      // It died with its last write behind it.
      if (end === undefined || end.kind === 'ended') return;
      whenWaiting?.();
      site.passTime(end.wait.lookAfterMs);
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
    }
  }
  throw new Error('the rotation does not come to an end');
};

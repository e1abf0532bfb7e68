// The public listener on a socket, a whole conductor behind it, and fake hardware: what a client of the API sees of a
// node's life.

import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';

import { type ApiParts, DEFAULT_API_OPTIONS } from '#api/api-parts';
import { authenticateNobody } from '#api/auth/none';
import type { Authenticate } from '#api/authenticate';
import { makePublicListener } from '#api/public-listener';
import { systemClock } from '#clock';
import type { Conductor } from '#conductor/conductor';
import {
  type ConductorOptions,
  type ConductorParts,
  DEFAULT_CONDUCTOR_OPTIONS,
} from '#conductor/conductor-parts';
import { startConductor } from '#conductor/start-conductor';
import { DEFAULT_DRIVER_OPTIONS, makeDriverRegistry } from '#drivers/registry';
import { makeLog } from '#observe/log';
import { makeMetrics } from '#observe/metrics';
import type { Policy } from '#policy/policy';
import { openStore, type Store } from '#store/database';
import { findNode, insertNode, type NewNode } from '#store/nodes';
import { countSessionsByState } from '#store/session-counts';

import type { NodeRecord } from '@bessemer/protocol/node/record';
import type { ProvisionState } from '@bessemer/protocol/node/states';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import { type Answer, answerOf } from '../api/with-api.ts';
import { FAKE_INTERFACES, memoryKeys } from '../conductor/with-engine.ts';
import { policyForTests } from '../policy/policy-for-tests.ts';

/** With everything that a fake machine can do. */
export const ALL_FAKE: NodeRecord['interfaces'] = { ...FAKE_INTERFACES, rescue: 'fake' };

export type Service = {
  readonly store: Store;
  readonly conductor: () => Conductor;
  readonly makeNode: (more?: Partial<NewNode>) => Promise<NodeRecord>;
  readonly nodeOf: (uuid: NodeUuid) => Promise<NodeRecord>;
  readonly ask: (
    method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE',
    path: string,
    options?: { readonly body?: object; readonly version?: string },
  ) => Promise<Answer>;
  /** PUT states/provision. */
  readonly tell: (uuid: NodeUuid, body: object, version?: string) => Promise<Answer>;
  readonly until: (uuid: NodeUuid, isRight: (node: NodeRecord) => boolean) => Promise<NodeRecord>;
  /** Until nobody works on the node and it is in `state`. */
  readonly untilState: (uuid: NodeUuid, state: ProvisionState) => Promise<NodeRecord>;
  /** As after a restart of the process: what was open is taken up. */
  readonly restartConductor: () => Promise<void>;
  readonly close: () => Promise<void>;
};

export type ServiceWish = {
  readonly conductor?: Partial<ConductorOptions>;
  readonly api?: Partial<ApiParts['options']>;
  readonly policy?: Policy;
  readonly authenticate?: Authenticate;
};

/** Fake machines take no time: whoever needs more turns than this waits for nothing. */
const TURNS_MAX = 50_000;

export const openService = async (wish: ServiceWish = {}): Promise<Service> => {
  const clock = systemClock;
  const log = makeLog({ level: 'silent' });
  const store = await openStore({ engine: 'sqlite', path: ':memory:' });
  const drivers = makeDriverRegistry({
    options: { ...DEFAULT_DRIVER_OPTIONS, enabledHardwareTypes: ['fake-hardware'] },
    clock,
    log,
  });
  const conductorParts: ConductorParts = {
    store,
    drivers,
    keys: memoryKeys(),
    authority: {} as ConductorParts['authority'],
    urls: { agentApi: 'https://127.0.0.1:1', boot: 'https://127.0.0.1:2' },
    clock,
    log,
    options: { ...DEFAULT_CONDUCTOR_OPTIONS, ...wish.conductor },
  };
  let conductor = await startConductor(conductorParts);
  const app = makePublicListener({
    store,
    drivers,
    clock,
    log,
    // The one that is there now.
    conductor: new Proxy({} as Conductor, {
      get: (_target, name) => conductor[name as keyof Conductor],
    }),
    policy: wish.policy ?? (await policyForTests()),
    metrics: makeMetrics(() => countSessionsByState(store.db)),
    options: { ...DEFAULT_API_OPTIONS, ...wish.api },
    authenticate: wish.authenticate ?? authenticateNobody,
    tls: undefined,
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;

  const ask: Service['ask'] = async (method, path, { body, version = '1.115' } = {}) => {
    const reply = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      headers: {
        'x-openstack-ironic-api-version': version,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return answerOf({
      statusCode: reply.status,
      headers: Object.fromEntries(reply.headers),
      payload: await reply.text(),
    });
  };
  const nodeOf = async (uuid: NodeUuid): Promise<NodeRecord> => {
    const node = await findNode(store.db, uuid);
    if (node === undefined) throw new Error('the node is gone');
    return node;
  };
  const until: Service['until'] = async (uuid, isRight) => {
    for (let turn = 0; turn < TURNS_MAX; turn += 1) {
      const node = await nodeOf(uuid);
      if (isRight(node)) return node;
      await new Promise((resolve) => setImmediate(resolve));
    }
    const { provisionState, lastError } = await nodeOf(uuid);
    throw new Error(`waited in vain; the node is ${provisionState}, ${lastError}`);
  };
  return {
    store,
    conductor: () => conductor,
    makeNode: (more = {}) =>
      insertNode(
        store.db,
        {
          uuid: randomUUID() as NodeUuid,
          driver: 'fake-hardware',
          interfaces: ALL_FAKE,
          ...more,
        },
        { nowMs: clock.wallMs() },
      ),
    nodeOf,
    ask,
    tell: (uuid, body, version = '1.115') =>
      ask('PUT', `/v1/nodes/${uuid}/states/provision`, { body, version }),
    until,
    untilState: (uuid, state) =>
      until(uuid, (node) => node.provisionState === state && node.reservation === null),
    restartConductor: async () => {
      await conductor.stop();
      conductor = await startConductor(conductorParts);
    },
    close: async () => {
      await app.close();
      await conductor.stop();
      await drivers.close();
      await store.close();
    },
  };
};

// A public listener on a fresh store, with the fake conductor behind it. Requests are injected, not sent.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { FastifyInstance } from 'fastify';

import { type ApiParts, DEFAULT_API_OPTIONS } from '#api/api-parts';
import { authenticateNobody } from '#api/auth/none';
import type { Authenticate } from '#api/authenticate';
import { makePublicListener } from '#api/public-listener';
import { systemClock } from '#clock';
import { DEFAULT_DRIVER_OPTIONS, makeDriverRegistry } from '#drivers/registry';
import { makeLog } from '#observe/log';
import { makeMetrics } from '#observe/metrics';
import type { PolicyOptions } from '#policy/policy-options';
import { registerConductor } from '#store/conductors';
import { openStore, type StoreLocation } from '#store/database';
import { countSessionsByState } from '#store/session-counts';

import { policyForTests } from '../policy/policy-for-tests.ts';
import { type FakeConductor, makeFakeConductor } from './fake-conductor.ts';

export type Answer = {
  readonly status: number;
  readonly headers: { readonly [name: string]: unknown };
  readonly text: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into replies of any shape
  readonly body: any;
  /** `faultstring` or `description` of an error. */
  readonly fault: string | undefined;
};

export type Api = {
  readonly app: FastifyInstance;
  readonly parts: ApiParts;
  readonly conductor: FakeConductor;
  readonly ask: (
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD' | 'OPTIONS',
    url: string,
    options?: {
      readonly body?: unknown;
      /** `1.81`, `latest`, or null for no header; the newest by default. */
      readonly version?: string | null;
      readonly headers?: { readonly [name: string]: string };
    },
  ) => Promise<Answer>;
  readonly createNode: (body?: object) => Promise<{ readonly uuid: string }>;
  readonly close: () => Promise<void>;
};

export const answerOf = (reply: {
  readonly statusCode: number;
  readonly headers: { readonly [name: string]: unknown };
  readonly payload: string;
}): Answer => {
  const text = reply.payload;
  const body = text === '' ? undefined : JSON.parse(text);
  const inner = typeof body?.error_message === 'string' ? JSON.parse(body.error_message) : body;
  return {
    status: reply.statusCode,
    headers: reply.headers,
    text,
    body,
    fault: inner?.faultstring ?? inner?.description,
  };
};

export const openApi = async (
  options: {
    readonly authenticate?: Authenticate;
    readonly policy?: Partial<PolicyOptions>;
    readonly api?: Partial<ApiParts['options']>;
    /** SQLite in a directory of its own when not said. */
    readonly store?: StoreLocation;
  } = {},
): Promise<Api> => {
  const directory = await mkdtemp(join(tmpdir(), 'bessemer-api-'));
  const store = await openStore(
    options.store ?? { engine: 'sqlite', path: join(directory, 'store.sqlite') },
  );
  const log = makeLog({ level: 'silent' });
  const drivers = makeDriverRegistry({ options: DEFAULT_DRIVER_OPTIONS, clock: systemClock, log });
  const conductor = makeFakeConductor(store);
  await registerConductor(
    store.db,
    {
      hostname: conductor.hostname,
      conductorGroup: '',
      drivers: drivers.hardwareTypes.map((type) => type.name),
    },
    { nowMs: Date.now() },
  );
  const parts: ApiParts = {
    store,
    conductor,
    drivers,
    policy: await policyForTests(options.policy),
    clock: systemClock,
    log,
    metrics: makeMetrics(() => countSessionsByState(store.db)),
    options: { ...DEFAULT_API_OPTIONS, ...options.api },
  };
  const app = makePublicListener({
    ...parts,
    authenticate: options.authenticate ?? authenticateNobody,
    tls: undefined,
  });
  await app.ready();
  const ask: Api['ask'] = async (method, url, { body, version = '1.115', headers = {} } = {}) => {
    const reply = await app.inject({
      method,
      url,
      headers: {
        host: 'test.example:6385',
        ...(version === null ? {} : { 'x-openstack-ironic-api-version': version }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined
        ? {}
        : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return answerOf(reply);
  };
  return {
    app,
    parts,
    conductor,
    ask,
    createNode: async (body = {}) => {
      const answer = await ask('POST', '/v1/nodes', { body: { driver: 'fake-hardware', ...body } });
      if (answer.status !== 201) throw new Error(`${answer.status} ${answer.text}`);
      return answer.body;
    },
    close: async () => {
      await app.close();
      await drivers.close();
      await store.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
};

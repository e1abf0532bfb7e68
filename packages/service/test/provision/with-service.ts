// The public listener on a socket, a whole conductor behind it, and fake hardware: what a client of the API sees of a
// node's life.

import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';

import { type ApiParts, DEFAULT_API_OPTIONS } from '#api/api-parts';
import { authenticateNobody } from '#api/auth/none';
import type { Authenticate } from '#api/authenticate';
import { makePublicListener } from '#api/public-listener';
import type { Conductor } from '#conductor/conductor';
import type { ConductorOptions } from '#conductor/conductor-parts';
import { startConductor } from '#conductor/start-conductor';
import { makeMetrics } from '#observe/metrics';
import type { Policy } from '#policy/policy';
import type { Store } from '#store/database';
import { countSessionsByState } from '#store/session-counts';

import type { NodeRecord } from '@bessemer/protocol/node/record';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import { type Answer, answerOf } from '../api/with-api.ts';
import { openConductor, type Subject } from '../conductor/with-conductor.ts';
import { FAKE_INTERFACES } from '../conductor/with-engine.ts';
import { policyForTests } from '../policy/policy-for-tests.ts';

/** With everything that a fake machine can do. */
export const ALL_FAKE: NodeRecord['interfaces'] = {
  ...FAKE_INTERFACES,
  bios: 'fake',
  firmware: 'fake',
  raid: 'fake',
  rescue: 'fake',
};

export type Service = Pick<
  Subject,
  'store' | 'makeNode' | 'nodeOf' | 'until' | 'untilState' | 'close'
> & {
  readonly conductor: () => Conductor;
  readonly ask: (
    method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE',
    path: string,
    options?: { readonly body?: object; readonly version?: string },
  ) => Promise<Answer>;
  /** PUT states/provision. */
  readonly tell: (uuid: NodeUuid, body: object, version?: string) => Promise<Answer>;
  /** The same, and it was taken. */
  readonly told: (uuid: NodeUuid, body: object) => Promise<void>;
  /** As after a restart of the process: what was open is taken up. */
  readonly restartConductor: () => Promise<void>;
};

export type ServiceWish = {
  readonly conductor?: Partial<ConductorOptions>;
  readonly api?: Partial<ApiParts['options']>;
  readonly policy?: Policy;
  readonly authenticate?: Authenticate;
};

/** `given`: a store that is not in memory; closed with the service. */
export const openService = async (wish: ServiceWish = {}, given?: Store): Promise<Service> => {
  const { disallowedSteps } = { ...DEFAULT_API_OPTIONS, ...wish.api };
  const subject = await openConductor({ disallowedSteps, ...wish.conductor }, given);
  const { store, drivers, clock, log } = subject.parts;
  let { conductor } = subject;
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
  const tell: Service['tell'] = (uuid, body, version = '1.115') =>
    ask('PUT', `/v1/nodes/${uuid}/states/provision`, { body, version });
  return {
    ...subject,
    conductor: () => conductor,
    makeNode: (more = {}) => subject.makeNode({ interfaces: ALL_FAKE, ...more }),
    ask,
    tell,
    told: async (uuid, body) => {
      const { status, text } = await tell(uuid, body);
      assert.equal(status, 202, text);
    },
    restartConductor: async () => {
      await conductor.stop();
      conductor = await startConductor(subject.parts);
    },
    close: async () => {
      await app.close();
      await conductor.stop();
      await drivers.close();
      await subject.close();
    },
  };
};

// A listener with nodes that can be allocated, and the part of the conductor that finds them.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';

import { processAllocation } from '#conductor/allocation/process-allocation';
import { findNode, type NodeChanges, updateNode } from '#store/nodes';

import type { NodeRecord } from '@bessemer/protocol/node/record';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import { authenticatePersona } from './personas.ts';
import { type Answer, type Api, openApi } from './with-api.ts';

type Options = Parameters<Api['ask']>[2];

/** A resource class that no other test knows keeps tests apart. */
export const newClass = (): string => `rc-${randomUUID()}`;

export const openAllocations = async () => {
  const api = await openApi({ authenticate: authenticatePersona });
  const { store } = api.parts;
  const set = (uuid: string, changes: NodeChanges): Promise<boolean> =>
    updateNode(store.db, uuid as NodeUuid, changes);
  const post = (body: object, options: Options = {}): Promise<Answer> =>
    api.ask('POST', '/v1/allocations', { body, ...options });
  /** What the conductor does with whatever it was nudged with. */
  const work = async (): Promise<void> => {
    for (const uuid of api.conductor.nudged.splice(0)) {
      assert.equal(await processAllocation(api.parts, uuid), 'ended');
    }
  };
  return {
    api,
    set,
    post,
    work,
    nodeOf: async (uuid: string): Promise<NodeRecord> =>
      (await findNode(store.db, uuid)) as NodeRecord,
    /** A node that may be had. */
    makeFree: async (
      resourceClass: string,
      body: object = {},
      changes: NodeChanges = {},
    ): Promise<string> => {
      const { uuid } = await api.createNode({ resource_class: resourceClass, ...body });
      await set(uuid, { provisionState: 'available', powerState: 'power off', ...changes });
      return uuid;
    },
    show: async (uuid: string) => (await api.ask('GET', `/v1/allocations/${uuid}`)).body,
    /** Made and worked on; its UUID. */
    allocate: async (body: object): Promise<string> => {
      const made = await post(body);
      assert.equal(made.status, 201, made.text);
      await work();
      return made.body.uuid;
    },
  };
};

export type Allocations = Awaited<ReturnType<typeof openAllocations>>;

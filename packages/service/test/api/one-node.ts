// A public listener for a file of tests, and before each of them a store with one node, `n1`, and nothing else.

import assert from 'node:assert/strict';
import { after, before, beforeEach } from 'node:test';

import { type NodeChanges, updateNode } from '#store/nodes';

import { asNodeUuid, type NodeUuid } from '@bessemer/protocol/uuid';

import { type Answer, type Api, openApi } from './with-api.ts';

export type OneNode = {
  readonly api: Api;
  /** UUID of `n1`. */
  readonly node: string;
  readonly ask: Api['ask'];
  /** The body of the 201; anything else fails the test. */
  readonly create: (path: string, body: object) => Promise<Answer['body']>;
  /** A port of `n1` with an address that no other has. */
  readonly makePort: (more?: object) => Promise<Answer['body']>;
  readonly makeGroup: (more?: object) => Promise<Answer['body']>;
  /** Changes a node, `n1` when none is named, as the conductor would. */
  readonly setNode: (changes: NodeChanges, uuid?: string) => Promise<boolean>;
};

export const openOneNode = (): OneNode => {
  let api: Api;
  let node: string;
  let addresses = 0;
  before(async () => {
    api = await openApi();
  });
  beforeEach(async () => {
    for (const table of ['port', 'portgroup', 'node'] as const) {
      await api.parts.store.db.deleteFrom(table).execute();
    }
    node = (await api.createNode({ name: 'n1' })).uuid;
  });
  after(() => api.close());

  const create: OneNode['create'] = async (path, body) => {
    const answer = await api.ask('POST', path, { body });
    assert.equal(answer.status, 201, answer.text);
    return answer.body;
  };
  const newMac = (): string => {
    addresses += 1;
    const digits = addresses.toString(16).padStart(4, '0');
    return `52:54:00:00:${digits.slice(0, 2)}:${digits.slice(2)}`;
  };
  return {
    get api() {
      return api;
    },
    get node() {
      return node;
    },
    ask: (method, url, options) => api.ask(method, url, options),
    create,
    makePort: (more = {}) => create('/v1/ports', { node_uuid: node, address: newMac(), ...more }),
    makeGroup: (more = {}) => create('/v1/portgroups', { node_uuid: node, ...more }),
    setNode: (changes, uuid = node) =>
      updateNode(api.parts.store.db, asNodeUuid(uuid) as NodeUuid, changes),
  };
};

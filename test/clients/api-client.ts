// Reads back what a client did, by plain requests at the newest version.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';

import { waitFor } from '../harness/wait-for.ts';

// oxlint-disable-next-line typescript/no-explicit-any -- replies of any shape
export type Body = any;

export type Reply = { readonly status: number; readonly headers: Headers; readonly body: Body };

export type Node = { readonly uuid: string; readonly name: string };

export type ApiClient = {
  readonly ask: (method: string, path: string, body?: unknown) => Promise<Reply>;
  /** The body of a GET that must be 200. */
  readonly read: (path: string) => Promise<Body>;
  readonly make: (path: string, body: object) => Promise<Body>;
  readonly makeNode: (state?: StableState, facts?: object) => Promise<Node>;
  /** Waits until `node` rests in `state`; its fields. */
  readonly settle: (node: Node, state: string) => Promise<Body>;
  readonly isGone: (path: string) => Promise<boolean>;
};

const VERBS_TO = {
  enroll: [],
  manageable: [['manage', 'manageable']],
  available: [
    ['manage', 'manageable'],
    ['provide', 'available'],
  ],
  active: [
    ['manage', 'manageable'],
    ['provide', 'available'],
    ['active', 'active'],
  ],
} as const;
export type StableState = keyof typeof VERBS_TO;

/** Fake machines need no time; the rest is for a busy host. */
const SETTLE_MS_MAX = 30_000;

export const uniqueName = (what: string): string => `${what}-${randomUUID().slice(0, 8)}`;

export const makeApiClient = (
  url: string,
  account: { readonly [name: string]: string },
): ApiClient => {
  const ask: ApiClient['ask'] = async (method, path, body) => {
    const headers: { [name: string]: string } = {
      ...account,
      'x-openstack-ironic-api-version': 'latest',
    };
    if (body !== undefined) headers['content-type'] = 'application/json';
    const payload = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(new URL(path, url), { method, headers, ...payload });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? undefined : JSON.parse(text),
    };
  };
  const mustBe = async (status: number, ...request: Parameters<ApiClient['ask']>) => {
    const reply = await ask(...request);
    assert.equal(reply.status, status, `${request.join(' ')}: ${JSON.stringify(reply.body)}`);
    return reply.body;
  };
  const read = (path: string): Promise<Body> => mustBe(200, 'GET', path);
  const settle = (node: Node, state: string): Promise<Body> =>
    waitFor(
      () => read(`/v1/nodes/${node.uuid}`),
      (seen) => seen.provision_state === state && seen.reservation === null,
      SETTLE_MS_MAX,
    );
  const make = (path: string, body: object): Promise<Body> => mustBe(201, 'POST', path, body);
  return {
    ask,
    read,
    make,
    settle,
    makeNode: async (state = 'enroll', facts = {}) => {
      const node: Node = await make('/v1/nodes', {
        driver: 'fake-hardware',
        name: uniqueName('node'),
        ...facts,
      });
      for (const [verb, rest] of VERBS_TO[state]) {
        await mustBe(202, 'PUT', `/v1/nodes/${node.uuid}/states/provision`, { target: verb });
        await settle(node, rest);
      }
      return node;
    },
    isGone: async (path) => (await ask('GET', path)).status === 404,
  };
};

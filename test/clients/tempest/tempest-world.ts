// What a gist of ironic-tempest-plugin has at hand. Like the plugin's own client it takes exactly one status for each
// method, and of what is refused it wants to be told why.

import assert from 'node:assert/strict';

import type { Body, Node, StableState } from '../api-client.ts';

export type Call = {
  readonly body?: unknown;
  /** Such as 1.31; the newest when it is not said. */
  readonly version?: string;
  /** Who asks; the administrator when it is not said. */
  readonly headers?: { readonly [name: string]: string };
};

export type Patch = readonly {
  readonly op: 'add' | 'replace' | 'remove';
  readonly path: string;
  readonly value?: unknown;
}[];

export type Tempest = {
  readonly status: (method: string, path: string, call?: Call) => Promise<number>;
  /** 200. */
  readonly get: (path: string, call?: Call) => Promise<Body>;
  /** 201. */
  readonly post: (path: string, body: object, call?: Call) => Promise<Body>;
  /** 200. */
  readonly patch: (path: string, patch: Patch, call?: Call) => Promise<Body>;
  /** 202 or 204. */
  readonly put: (path: string, body: object, call?: Call) => Promise<void>;
  /** 204 or, of maintenance, 202. */
  readonly remove: (path: string, call?: Call) => Promise<void>;
  readonly refused: (status: number, method: string, path: string, call?: Call) => Promise<string>;
  readonly makeNode: (state?: StableState, facts?: object) => Promise<Node>;
  readonly settle: (node: Node, state: string) => Promise<Body>;
  /** Headers of a person of the Keystone of the tests. */
  readonly as: (person: string) => Promise<{ readonly [name: string]: string }>;
};

export type Gists = { readonly [gist: string]: (world: Tempest) => Promise<void> };

type Answer = { readonly status: number; readonly text: string };

const send = async (url: string, headers: object, method: string, call: Call): Promise<Answer> => {
  const response = await fetch(url, {
    method,
    headers: {
      ...headers,
      ...call.headers,
      'x-openstack-ironic-api-version': call.version ?? 'latest',
      ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
  });
  return { status: response.status, text: await response.text() };
};

const reasonOf = (text: string): string => {
  const { error_message: error } = JSON.parse(text) as { readonly error_message: string | object };
  const told = typeof error === 'string' ? (JSON.parse(error) as object) : error;
  const reason = 'faultstring' in told ? told.faultstring : 'title' in told ? told.title : '';
  assert.ok(typeof reason === 'string' && reason.length > 0, text);
  return reason;
};

export const makeTempest = (
  url: string,
  administrator: { readonly [name: string]: string },
  rest: Pick<Tempest, 'makeNode' | 'settle' | 'as'>,
): Tempest => {
  const ask = (method: string, path: string, call: Call = {}): Promise<Answer> =>
    send(new URL(path, url).href, administrator, method, call);
  const must = async (statuses: readonly number[], method: string, path: string, call?: Call) => {
    const { status, text } = await ask(method, path, call);
    assert.ok(statuses.includes(status), `${method} ${path}: ${status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };
  return {
    ...rest,
    status: async (method, path, call) => (await ask(method, path, call)).status,
    get: (path, call) => must([200], 'GET', path, call),
    post: (path, body, call) => must([201], 'POST', path, { ...call, body }),
    patch: (path, patch, call) => must([200], 'PATCH', path, { ...call, body: patch }),
    put: async (path, body, call) => {
      await must([202, 204], 'PUT', path, { ...call, body });
    },
    remove: async (path, call) => {
      await must(path.includes('/maintenance') ? [202] : [204], 'DELETE', path, call);
    },
    refused: async (wanted, method, path, call) => {
      const { status, text } = await ask(method, path, call);
      assert.equal(status, wanted, `${method} ${path}: ${text}`);
      return reasonOf(text);
    },
  };
};

export const uuidsOf = (objects: readonly { readonly uuid: string }[]): readonly string[] =>
  objects.map(({ uuid }) => uuid);

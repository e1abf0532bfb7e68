// Steps that many sequences have.

import assert from 'node:assert/strict';

import type { Body } from '../api-client.ts';
import type { Step } from './step.ts';

export const NODE = '/v1/nodes/:node';
const VERBS = `${NODE}/states/provision`;

export const patch = (...changes: readonly (readonly [string, unknown])[]): Step => ({
  method: 'PATCH',
  path: NODE,
  body: changes.map(([path, value]) => ({ op: 'add', path, value })),
  status: 200,
  check: (body: Body) => {
    // Compared with what is wanted on the next look: what was written is read as it was written.
    for (const [path, value] of changes) {
      const [, field, key] = path.split('/') as [string, string, string?];
      const seen = key === undefined ? body[field] : body[field][key];
      if (path !== '/driver_info') assert.deepEqual(seen, value, path);
    }
  },
});

export const verb = (target: string, more: object = {}): Step => ({
  method: 'PUT',
  path: VERBS,
  body: { target, ...more },
  status: 202,
});

export const rests = (state: string, check?: (body: Body) => void): Step => ({
  method: 'GET',
  path: NODE,
  status: 200,
  until: (body) => {
    const isThere = body.provision_state === state && body.reservation === null;
    // In a stable state nothing is aimed at, or the operator goes on waiting.
    if (isThere && !state.endsWith(' failed')) assert.equal(body.target_provision_state, null);
    return isThere;
  },
  ...(check === undefined ? {} : { check }),
});

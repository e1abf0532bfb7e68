import { randomUUID } from 'node:crypto';

import type { Drill } from '../drill.ts';
import { makeFindings } from '../findings.ts';
import { call, parsed } from '../stage/wire.ts';
import { isJsonObject } from '@bessemer/protocol/json';

const VERSION = { 'x-openstack-ironic-api-version': '1.68' };

/** One route in other spellings: a rule that knows only one of them would let the others through. */
const spellings = (path: string): readonly string[] => [
  path,
  path.replace('/v1/', '/'),
  path.replace('/v1/', '//v1/'),
  path.replace('/v1/', '/V1/'),
  path.replace('/v1/', '/v1//'),
  path.replace('/v1/', '/%76%31/'),
  path.replace('/v1/', '/v1/../v1/'),
  path.replace(/^([^?]*)/, '$1/'),
];

export const wrongListener: Drill = {
  name: 'wrong-listener',
  threats: ['T-02', 'T-51'],
  attempt:
    'calls of ramdisks at the public API, in eight spellings each; calls of users at the listeners for ramdisks and boot files',
  expected:
    '404 or 401 for each: no lookup, no heartbeat, no node; the boot listener knows nothing but its files',
  needs: 'a service',
  run: async ({ product, stranger }) => {
    const findings = makeFindings();
    const uuid = randomUUID();
    const body = JSON.stringify({ callback_url: 'https://10.0.0.5:9999', agent_token: 'x' });
    const statuses = new Map<number, number>();
    const refused = async (base: string, method: string, target: string): Promise<void> => {
      const from = stranger();
      const { status, text } = await call(base, {
        method,
        from,
        rawTarget: target,
        headers: { ...VERSION, 'content-type': 'application/json' },
        ...(method === 'POST' ? { body } : {}),
      });
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      const isRefused = status === 404 || status === 401 || status === 405 || status === 400;
      findings.check(isRefused, `${method} ${target} at ${base} was answered ${status}`);
      const answer = parsed(text);
      const isTold = isJsonObject(answer) && ('node' in answer || 'nodes' in answer);
      findings.check(!isTold, `${method} ${target} at ${base} tells of nodes`);
    };
    for (const target of spellings(`/v1/lookup?node_uuid=${uuid}`)) {
      await refused(product.url, 'GET', target);
    }
    for (const path of [`/v1/heartbeat/${uuid}`, '/v1/continue_inspection']) {
      for (const target of spellings(path)) await refused(product.url, 'POST', target);
    }
    // Not even an administrator gets through here, unless [api] public_agent_routes says so.
    for (const [method, path] of [
      ['GET', `/v1/lookup?node_uuid=${uuid}`],
      ['POST', `/v1/heartbeat/${uuid}`],
      ['POST', '/v1/continue_inspection'],
    ] as const) {
      const { status } = await product.api(method, path, method === 'POST' ? {} : undefined);
      findings.saw(`an administrator: ${status}`);
      findings.check(
        status === 404,
        `${method} ${path} of an administrator was answered ${status}`,
      );
    }
    for (const base of [product.agentUrl, product.bootUrl, product.netbootUrl]) {
      for (const target of ['/v1/nodes', '/v1/nodes/detail', '/bessemer/audit', '/metrics']) {
        if (base !== '') await refused(base, 'GET', target);
      }
    }
    for (const [status, count] of statuses) findings.saw(`${status} for ${count}`);
    return findings.finding();
  },
};

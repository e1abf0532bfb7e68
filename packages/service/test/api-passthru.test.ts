// /v1/nodes/{node}/vendor_passthru as clients call it.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';

import { type Api, openApi } from './api/with-api.ts';

let api: Api;
let path: string;
beforeEach(async () => {
  api = await openApi();
  path = `/v1/nodes/${(await api.createNode()).uuid}/vendor_passthru`;
});
afterEach(() => api.close());

describe('methods of a node', () => {
  test('are listed with what clients show of them', async () => {
    const { status, body } = await api.ask('GET', `${path}/methods`);

    assert.equal(status, 200);
    assert.deepEqual(Object.keys(body).sort(), [
      'agent_session_revoke',
      'agent_sessions',
      'agent_window_open',
    ]);
    for (const method of Object.values<{ readonly [key: string]: unknown }>(body)) {
      assert.deepEqual(Object.keys(method).sort(), [
        'async',
        'attach',
        'description',
        'http_methods',
        'require_exclusive_lock',
      ]);
    }
    assert.deepEqual(body.agent_sessions.http_methods, ['GET']);
  });

  test('are called by path and by query, at any version', async () => {
    for (const url of [`${path}/agent_sessions`, `${path}?method=agent_sessions`]) {
      for (const version of ['1.1', '1.5', '1.115']) {
        const uuidOnly = await api.ask('GET', url, { version });

        assert.equal(uuidOnly.status, 200);
        assert.deepEqual(uuidOnly.body.agent_sessions, [{ boot_no: 1, state: 'BOUND' }]);
      }
    }
  });

  test('get their arguments from the body, and who asked', async () => {
    const revoked = await api.ask('POST', `${path}/agent_session_revoke`, {
      body: { reason: 'lost' },
    });
    const opened = await api.ask('POST', `${path}/agent_window_open`, { body: {} });

    assert.deepEqual([revoked.status, opened.status], [200, 200]);
    assert.equal(api.conductor.revoked[0]?.reason, 'lost');
    assert.equal(api.conductor.revoked[0]?.sourceAddress, '127.0.0.1');
    assert.match(api.conductor.revoked[0]?.requestId ?? '', /^req-/);
    assert.equal(api.conductor.opened.length, 1);
  });
});

describe('a call is refused', () => {
  test('that names no method, an unknown one, or another verb', async () => {
    const cases = [
      ['GET', path, 'Method not specified when calling vendor extension.'],
      ['POST', `${path}/zz`, 'No handler for method zz'],
      ['POST', `${path}?method=toString`, 'No handler for method toString'],
      ['GET', `${path}/constructor`, 'No handler for method constructor'],
      ['GET', `${path}/agent_session_revoke`, 'agent_session_revoke does not support HTTP GET'],
      ['DELETE', `${path}/agent_sessions`, 'agent_sessions does not support HTTP DELETE'],
    ] as const;
    for (const [method, url, text] of cases) {
      const { status, fault } = await api.ask(method, url);

      assert.equal(status, 400, url);
      assert.ok(fault?.endsWith(text), fault);
    }
    assert.deepEqual(api.conductor.revoked, []);
  });

  test('with arguments that the method does not have, or of another form', async () => {
    const bodies: readonly unknown[] = [
      { why: 'lost' },
      { reason: 7 },
      { reason: 'x'.repeat(501) },
      ['lost'],
    ];
    for (const body of bodies) {
      const { status } = await api.ask('POST', `${path}/agent_session_revoke`, { body });

      assert.equal(status, 400, JSON.stringify(body).slice(0, 40));
    }
    assert.deepEqual(api.conductor.revoked, []);
  });

  test('for a node that is not there', async () => {
    for (const url of ['methods', 'agent_sessions', '?method=agent_sessions']) {
      const { status } = await api.ask('GET', `/v1/nodes/nobody/vendor_passthru/${url}`);

      assert.equal(status, 404, url);
    }
  });
});

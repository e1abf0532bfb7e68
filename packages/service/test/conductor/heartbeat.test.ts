// Heartbeats and lookups through the conductor: who is believed, what is stored, and that nothing is answered before
// it is durable.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, afterEach, before, describe, test } from 'node:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { HeartbeatRequest } from '#conductor/conductor';
import { planned } from '#conductor/workflow/step';
import {
  type AgentSessionRecord,
  closeSession,
  findOpenSession,
  insertSession,
} from '#store/agent-sessions';
import { insertPort } from '#store/ports';
import { findOpenWorkflow, insertWorkflow } from '#store/workflows';
import { makeToken, sealToken } from '#trust/agent-token/grant';
import { openAuthority } from '#trust/certificate/authority';
import { issueAgentCertificate } from '#trust/certificate/issue-certificate';
import { pinOfCertificate } from '#trust/certificate/pin';

import type { NodeUuid, PortUuid } from '@bessemer/protocol/uuid';

import { openConductor, type Subject } from './with-conductor.ts';
import { memoryKeys } from './with-engine.ts';

const CALLBACK = 'https://192.0.2.10:9999';
const NOW_MS = 1_800_000_000_000;
const MAC = '52:54:00:12:34:56';

let subject: Subject;
let directory: string;
let certificatePem: string;
let otherPem: string;

before(async () => {
  directory = mkdtempSync(join(tmpdir(), 'bessemer-heartbeat-'));
  const authority = await openAuthority(directory, NOW_MS);
  const issue = () =>
    issueAgentCertificate(authority, { commonName: 'n', addresses: [], nowMs: NOW_MS });
  ({ certificatePem } = await issue());
  ({ certificatePem: otherPem } = await issue());
});
after(() => rmSync(directory, { recursive: true, force: true }));
afterEach(() => subject.close());

type Booted = { readonly uuid: NodeUuid; readonly token: string; readonly sessionId: string };

/** A node whose ramdisk was just started: it waits for the agent, and a session is sealed for it. */
const bootNode = async (provisionState = 'wait call-back' as const): Promise<Booted> => {
  const { uuid } = await subject.makeNode({ provisionState, targetProvisionState: 'active' });
  const sessionId = randomUUID();
  const { token, hash } = makeToken();
  const identity = { nodeUuid: uuid, sessionId, bootNumber: 1 };
  await insertSession(subject.store.db, {
    id: sessionId,
    nodeUuid: uuid,
    bootNumber: 1,
    route: 'vmedia',
    cause: 'deploy',
    state: 'SEALED',
    windowOpenedMs: 0,
    windowClosesMs: Number.MAX_SAFE_INTEGER,
    tokenHash: hash,
    tokenSealed: sealToken(memoryKeys(), token, identity),
    keySealed: '{}',
    certificate: certificatePem,
    pin: pinOfCertificate(certificatePem),
    trustLevel: 2,
  });
  return { uuid, token: token.reveal(), sessionId };
};

const heartbeatOf = (
  { uuid, token }: Booted,
  more: Partial<HeartbeatRequest> = {},
): HeartbeatRequest => ({
  nodeIdent: uuid,
  callbackUrl: CALLBACK,
  token,
  agentVersion: '11.9.0',
  certificatePem,
  status: undefined,
  statusMessage: undefined,
  sourceAddress: '192.0.2.10',
  ...more,
});

const sessionOf = async ({ uuid }: Booted): Promise<AgentSessionRecord> => {
  const session = await findOpenSession(subject.store.db, uuid);
  if (session === undefined) throw new Error('the session is gone');
  return session;
};

const isRefused =
  (status: number, text: string) =>
  (error: unknown): boolean => {
    const given = error as { readonly status: number; readonly message: string };
    assert.deepEqual([given.status, given.message], [status, text]);
    return true;
  };

describe('the first good heartbeat', () => {
  test('binds the session to its callback address, and is stored when it is answered', async () => {
    subject = await openConductor();
    const booted = await bootNode();

    await subject.conductor.heartbeat(heartbeatOf(booted));

    const session = await sessionOf(booted);
    assert.equal(session.state, 'BOUND');
    assert.equal(session.callbackUrl, CALLBACK);
    assert.equal(session.agentVersion, '11.9.0');
    assert.ok(session.lastSeenMs !== null);
  });

  test('of two that arrive together with different addresses, one is refused', async () => {
    subject = await openConductor();
    const booted = await bootNode();
    const rival = heartbeatOf(booted, { callbackUrl: 'https://192.0.2.66:9999' });

    const results = await Promise.allSettled([
      subject.conductor.heartbeat(heartbeatOf(booted)),
      subject.conductor.heartbeat(rival),
    ]);

    assert.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    const { callbackUrl } = await sessionOf(booted);
    assert.equal(callbackUrl, results[0]?.status === 'fulfilled' ? CALLBACK : rival.callbackUrl);
  });

  test('may name the node by its name', async () => {
    subject = await openConductor();
    const booted = await bootNode();
    await subject.store.db
      .updateTable('node')
      .set({ name: 'rack1-7' })
      .where('uuid', '=', booted.uuid)
      .execute();

    await subject.conductor.heartbeat(heartbeatOf(booted, { nodeIdent: 'rack1-7' }));

    assert.equal((await sessionOf(booted)).state, 'BOUND');
  });
});

describe('a heartbeat is refused, and the session stays as it was,', () => {
  const INVALID = 'Invalid or missing agent token received.';
  const CASES = [
    {
      what: 'without a token',
      more: { token: undefined },
      text: 'Agent token is required for heartbeat processing.',
    },
    { what: 'with a wrong token', more: { token: 'A'.repeat(43) }, text: INVALID },
    { what: 'with the mask as token', more: { token: '******' }, text: INVALID },
    {
      what: 'without a version',
      more: { agentVersion: undefined },
      text: 'Agent did not transmit a version, and a version is required. Please update the agent being used.',
    },
    {
      what: 'with a callback that is not HTTPS',
      more: { callbackUrl: 'http://192.0.2.10:9999' },
      text: 'TLS is required by configuration',
    },
    {
      what: 'with a callback on loopback',
      more: { callbackUrl: 'https://127.0.0.1:9999' },
      text: 'An issue with the supplied "callback_url" has been detected.',
    },
    {
      what: 'with a callback that is no address',
      more: { callbackUrl: 'https://' },
      text: 'An issue with the supplied "callback_url" has been detected.',
    },
  ] as const;

  for (const { what, more, text } of CASES) {
    test(what, async () => {
      subject = await openConductor();
      const booted = await bootNode();
      const before = await sessionOf(booted);

      await assert.rejects(
        subject.conductor.heartbeat(heartbeatOf(booted, more)),
        isRefused(400, text),
      );

      assert.deepEqual(await sessionOf(booted), before);
    });
  }

  test('with another key than the one in its medium', async () => {
    subject = await openConductor();
    const booted = await bootNode();
    const before = await sessionOf(booted);

    await assert.rejects(
      subject.conductor.heartbeat(heartbeatOf(booted, { certificatePem: otherPem })),
      isRefused(400, 'Detected change in ramdisk provided "agent_verify_ca"'),
    );

    assert.deepEqual(await sessionOf(booted), before);
  });

  test('from another address once it is bound', async () => {
    subject = await openConductor();
    const booted = await bootNode();
    await subject.conductor.heartbeat(heartbeatOf(booted));

    await assert.rejects(
      subject.conductor.heartbeat(heartbeatOf(booted, { callbackUrl: `${CALLBACK}/` })),
      isRefused(400, 'Detected change in ramdisk provided "callback_url"'),
    );

    assert.equal((await sessionOf(booted)).callbackUrl, CALLBACK);
  });

  test('with the token of a session that is over', async () => {
    subject = await openConductor();
    const booted = await bootNode();
    await closeSession(subject.store.db, booted.uuid, { reason: 'done', nowMs: 1 });

    await assert.rejects(subject.conductor.heartbeat(heartbeatOf(booted)), isRefused(400, INVALID));
  });

  test('with the token of another node', async () => {
    subject = await openConductor();
    const [mine, other] = [await bootNode(), await bootNode()];

    await assert.rejects(
      subject.conductor.heartbeat(heartbeatOf(mine, { token: other.token })),
      isRefused(400, INVALID),
    );
  });

  test('for a node that does not exist, with 404', async () => {
    subject = await openConductor();
    const booted = await bootNode();
    const nodeIdent = randomUUID();

    await assert.rejects(
      subject.conductor.heartbeat(heartbeatOf(booted, { nodeIdent })),
      isRefused(404, `Node ${nodeIdent} could not be found.`),
    );
  });
});

describe('heartbeats that arrive together', () => {
  test('are all stored, in few transactions', async () => {
    subject = await openConductor();
    const booted: Booted[] = [];
    for (let index = 0; index < 50; index += 1) booted.push(await bootNode());

    await Promise.all(booted.map((each) => subject.conductor.heartbeat(heartbeatOf(each))));
    const states = await Promise.all(booted.map(async (each) => (await sessionOf(each)).state));

    assert.deepEqual(new Set(states), new Set(['BOUND']));
  });

  test('one that is refused takes none of the others along', async () => {
    subject = await openConductor();
    const [good, bad] = [await bootNode(), await bootNode()];

    const results = await Promise.allSettled([
      subject.conductor.heartbeat(heartbeatOf(good)),
      subject.conductor.heartbeat(heartbeatOf(bad, { token: 'B'.repeat(43) })),
    ]);

    assert.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected'],
    );
    assert.equal((await sessionOf(good)).state, 'BOUND');
    assert.equal((await sessionOf(bad)).state, 'SEALED');
  });

  test('wake the workflow that waits for the agent', async () => {
    subject = await openConductor();
    const booted = await bootNode();
    await insertWorkflow(subject.store.db, {
      id: randomUUID(),
      nodeUuid: booted.uuid,
      kind: 'deploy',
      plan: [planned('wait_for_agent', 'boot'), planned('simulated_deploy', 'deploy')],
      context: { sessionId: booted.sessionId },
      startedMs: 0,
    });
    const workflow = await findOpenWorkflow(subject.store.db, booted.uuid);
    await subject.store.db
      .updateTable('workflow')
      .set({ state: 'waiting', deadline_ms: Number.MAX_SAFE_INTEGER })
      .where('id', '=', workflow?.id ?? '')
      .execute();

    await subject.conductor.heartbeat(heartbeatOf(booted));
    const node = await subject.untilState(booted.uuid, 'active');

    assert.equal(node.lastError, null);
  });
});

describe('a lookup', () => {
  const lookupBy = (more: Partial<Parameters<Subject['conductor']['lookup']>[0]>) =>
    subject.conductor.lookup({
      addresses: [],
      nodeUuid: undefined,
      sourceAddress: '192.0.2.10',
      minor: 62,
      ...more,
    });

  const addPort = ({ uuid }: Booted, address: string) =>
    insertPort(
      subject.store.db,
      { uuid: randomUUID() as PortUuid, nodeUuid: uuid, address },
      { nowMs: 0 },
    );

  for (const minor of [22, 61, 62, 115]) {
    test(`at 1.${minor} answers the mask for a token that is in the medium`, async () => {
      subject = await openConductor();
      const booted = await bootNode();
      await addPort(booted, MAC);

      const answer = await lookupBy({ addresses: [MAC], minor });

      assert.equal(answer?.node.uuid, booted.uuid);
      assert.equal(answer?.config['agent_token'], '******');
      assert.equal(answer?.config['agent_token_required'], true);
      assert.equal(answer?.config['heartbeat_timeout'], 300);
      assert.doesNotMatch(JSON.stringify(answer), new RegExp(booted.token));
    });
  }

  test('by UUID with MACs of another node finds nothing', async () => {
    subject = await openConductor();
    const [mine, other] = [await bootNode(), await bootNode()];
    await addPort(mine, MAC);
    await addPort(other, '52:54:00:12:34:57');

    const answer = await lookupBy({ addresses: ['52:54:00:12:34:57'], nodeUuid: mine.uuid });

    assert.equal(answer, undefined);
  });

  test('whose MACs belong to two nodes finds nothing', async () => {
    subject = await openConductor();
    const [mine, other] = [await bootNode(), await bootNode()];
    await addPort(mine, MAC);
    await addPort(other, '52:54:00:12:34:57');

    assert.equal(await lookupBy({ addresses: [MAC, '52:54:00:12:34:57'] }), undefined);
  });

  test('without a session of ours finds nothing', async () => {
    subject = await openConductor();
    const booted = await bootNode();
    await addPort(booted, MAC);
    await closeSession(subject.store.db, booted.uuid, { reason: 'done', nowMs: 1 });

    assert.equal(await lookupBy({ addresses: [MAC] }), undefined);
  });
});

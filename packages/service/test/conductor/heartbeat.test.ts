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
import { listHistory } from '#store/history';
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
    const rival = heartbeatOf(booted, {
      callbackUrl: 'https://192.0.2.66:9999',
      sourceAddress: '192.0.2.66',
    });

    const results = await Promise.allSettled([
      subject.conductor.heartbeat(heartbeatOf(booted)),
      subject.conductor.heartbeat(rival),
    ]);

    assert.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    const { callbackUrl } = await sessionOf(booted);
    assert.equal(callbackUrl, results[0]?.status === 'fulfilled' ? CALLBACK : rival.callbackUrl);
    assert.equal((await sessionOf(booted)).state, 'SUSPECT');
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

  test('from another source than its callback, bound or not', async () => {
    subject = await openConductor();
    const booted = await bootNode();
    const elsewhere = heartbeatOf(booted, { sourceAddress: '192.0.2.66' });
    const refused = isRefused(400, 'An issue with the supplied "callback_url" has been detected.');

    await assert.rejects(subject.conductor.heartbeat(elsewhere), refused);
    assert.equal((await sessionOf(booted)).state, 'SEALED');
    await subject.conductor.heartbeat(heartbeatOf(booted));
    await assert.rejects(subject.conductor.heartbeat(elsewhere), refused);
    assert.equal((await sessionOf(booted)).state, 'BOUND');
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

describe('a bound session of which somebody else has the token', () => {
  const INVALID = 'Invalid or missing agent token received.';

  /** A deployment whose agent has called; its step waits. */
  const boundDeployment = async (): Promise<Booted> => {
    const booted = await bootNode();
    await subject.conductor.heartbeat(heartbeatOf(booted));
    const id = randomUUID();
    await insertWorkflow(subject.store.db, {
      id,
      nodeUuid: booted.uuid,
      kind: 'deploy',
      plan: [planned('wait_for_agent', 'boot'), planned('simulated_deploy', 'deploy')],
      context: { sessionId: booted.sessionId },
      startedMs: 0,
    });
    await subject.store.db
      .updateTable('workflow')
      .set({ state: 'waiting', deadline_ms: Number.MAX_SAFE_INTEGER })
      .where('id', '=', id)
      .execute();
    return booted;
  };

  const CONFLICTS = [
    {
      what: 'another callback',
      more: () => ({ callbackUrl: 'https://192.0.2.66:9999', sourceAddress: '192.0.2.66' }),
      text: 'Detected change in ramdisk provided "callback_url"',
    },
    {
      what: 'a callback with a slash more',
      more: () => ({ callbackUrl: `${CALLBACK}/` }),
      text: 'Detected change in ramdisk provided "callback_url"',
    },
    {
      what: 'another key',
      more: () => ({ certificatePem: otherPem }),
      text: 'Detected change in ramdisk provided "agent_verify_ca"',
    },
  ] as const;

  for (const { what, more, text } of CONFLICTS) {
    test(`is suspect after ${what}, and its workflow fails with that cause`, async () => {
      subject = await openConductor();
      const booted = await boundDeployment();

      await assert.rejects(
        subject.conductor.heartbeat(heartbeatOf(booted, more())),
        isRefused(400, text),
      );
      const node = await subject.untilState(booted.uuid, 'deploy failed');

      assert.match(node.lastError ?? '', /second agent used the token/);
      const report = await subject.conductor.why(booted.uuid);
      assert.equal(report.failure?.code, 'agent.binding-conflict');
      assert.match(report.remedy ?? '', /two machines booted the same medium/);
      const journal = await subject.conductor.journal(booted.uuid, { afterSeq: 0, limit: 100 });
      const notes = journal.filter(({ event }) => event === 'note');
      assert.deepEqual(
        notes.map(({ detail }) => detail['note']),
        ['agent.binding.conflict'],
      );
      const history = await listHistory(subject.store.db, booted.uuid);
      const entries = history.filter(({ eventType }) => eventType === 'agent.binding.conflict');
      assert.equal(entries.length, 1);
      assert.doesNotMatch(JSON.stringify([journal, history, report]), new RegExp(booted.token));
    });
  }

  test('believes nobody any more, and notes it once', async () => {
    subject = await openConductor();
    const booted = await bootNode();
    await subject.conductor.heartbeat(heartbeatOf(booted));
    const moved = heartbeatOf(booted, { callbackUrl: `${CALLBACK}/` });

    await Promise.allSettled(
      [moved, moved, moved].map((each) => subject.conductor.heartbeat(each)),
    );

    assert.equal((await sessionOf(booted)).state, 'SUSPECT');
    assert.equal((await sessionOf(booted)).callbackUrl, CALLBACK);
    for (const each of [heartbeatOf(booted), moved]) {
      await assert.rejects(subject.conductor.heartbeat(each), isRefused(400, INVALID));
    }
    assert.equal((await listHistory(subject.store.db, booted.uuid)).length, 1);
    const lookup = { addresses: [], nodeUuid: booted.uuid, sourceAddress: '192.0.2.10', minor: 62 };
    assert.equal(await subject.conductor.lookup(lookup), undefined);
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

// Heartbeats through the conductor: who is believed, what is stored, and that nothing is answered before it is durable.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterEach, before, describe, test } from 'node:test';

import { planned } from '#conductor/workflow/step';
import { closeSession } from '#store/agent-sessions';
import { findOpenWorkflow, insertWorkflow } from '#store/workflows';

import {
  type Booted,
  bootNode,
  CALLBACK,
  heartbeatOf,
  INVALID_TOKEN,
  isRefused,
  makeCertificates,
  sessionOf,
} from './with-booted-node.ts';
import { openConductor, type Subject } from './with-conductor.ts';

let subject: Subject;
let certificatePem: string;
let otherPem: string;
before(async () => {
  [certificatePem, otherPem] = await makeCertificates();
});
afterEach(() => subject.close());

describe('the first good heartbeat', () => {
  test('binds the session to its callback address, and is stored when it is answered', async () => {
    subject = await openConductor();
    const booted = await bootNode(subject, certificatePem);

    await subject.conductor.heartbeat(heartbeatOf(booted));

    const session = await sessionOf(subject, booted);
    assert.equal(session.state, 'BOUND');
    assert.equal(session.callbackUrl, CALLBACK);
    assert.equal(session.agentVersion, '11.9.0');
    assert.ok(session.lastSeenMs !== null);
  });

  test('of two that arrive together with different addresses, one is refused', async () => {
    subject = await openConductor();
    const booted = await bootNode(subject, certificatePem);
    const rival = heartbeatOf(booted, {
      callbackUrl: 'https://192.0.2.66:9999',
      sourceAddress: '192.0.2.66',
    });

    const results = await Promise.allSettled([
      subject.conductor.heartbeat(heartbeatOf(booted)),
      subject.conductor.heartbeat(rival),
    ]);

    assert.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    const { callbackUrl } = await sessionOf(subject, booted);
    assert.equal(callbackUrl, results[0]?.status === 'fulfilled' ? CALLBACK : rival.callbackUrl);
    assert.equal((await sessionOf(subject, booted)).state, 'SUSPECT');
  });

  test('may name the node by its name', async () => {
    subject = await openConductor();
    const booted = await bootNode(subject, certificatePem);
    await subject.store.db
      .updateTable('node')
      .set({ name: 'rack1-7' })
      .where('uuid', '=', booted.uuid)
      .execute();

    await subject.conductor.heartbeat(heartbeatOf(booted, { nodeIdent: 'rack1-7' }));

    assert.equal((await sessionOf(subject, booted)).state, 'BOUND');
  });
});

describe('a heartbeat is refused, and the session stays as it was,', () => {
  const CASES = [
    {
      what: 'without a token',
      more: { token: undefined },
      text: 'Agent token is required for heartbeat processing.',
    },
    { what: 'with a wrong token', more: { token: 'A'.repeat(43) }, text: INVALID_TOKEN },
    { what: 'with the mask as token', more: { token: '******' }, text: INVALID_TOKEN },
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
      const booted = await bootNode(subject, certificatePem);
      const before = await sessionOf(subject, booted);

      await assert.rejects(
        subject.conductor.heartbeat(heartbeatOf(booted, more)),
        isRefused(400, text),
      );

      assert.deepEqual(await sessionOf(subject, booted), before);
    });
  }

  test('with another key than the one in its medium', async () => {
    subject = await openConductor();
    const booted = await bootNode(subject, certificatePem);
    const before = await sessionOf(subject, booted);

    await assert.rejects(
      subject.conductor.heartbeat(heartbeatOf(booted, { certificatePem: otherPem })),
      isRefused(400, 'Detected change in ramdisk provided "agent_verify_ca"'),
    );

    assert.deepEqual(await sessionOf(subject, booted), before);
  });

  test('from another source than its callback, bound or not', async () => {
    subject = await openConductor();
    const booted = await bootNode(subject, certificatePem);
    const elsewhere = heartbeatOf(booted, { sourceAddress: '192.0.2.66' });
    const refused = isRefused(400, 'An issue with the supplied "callback_url" has been detected.');

    await assert.rejects(subject.conductor.heartbeat(elsewhere), refused);
    assert.equal((await sessionOf(subject, booted)).state, 'SEALED');
    await subject.conductor.heartbeat(heartbeatOf(booted));
    await assert.rejects(subject.conductor.heartbeat(elsewhere), refused);
    assert.equal((await sessionOf(subject, booted)).state, 'BOUND');
  });

  test('with the token of a session that is over', async () => {
    subject = await openConductor();
    const booted = await bootNode(subject, certificatePem);
    await closeSession(subject.store.db, booted.uuid, { reason: 'done', nowMs: 1 });

    await assert.rejects(
      subject.conductor.heartbeat(heartbeatOf(booted)),
      isRefused(400, INVALID_TOKEN),
    );
  });

  test('with the token of another node', async () => {
    subject = await openConductor();
    const [mine, other] = [
      await bootNode(subject, certificatePem),
      await bootNode(subject, certificatePem),
    ];

    await assert.rejects(
      subject.conductor.heartbeat(heartbeatOf(mine, { token: other.token })),
      isRefused(400, INVALID_TOKEN),
    );
  });

  test('for a node that does not exist, with 404', async () => {
    subject = await openConductor();
    const booted = await bootNode(subject, certificatePem);
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
    for (let index = 0; index < 50; index += 1)
      booted.push(await bootNode(subject, certificatePem));

    await Promise.all(booted.map((each) => subject.conductor.heartbeat(heartbeatOf(each))));
    const states = await Promise.all(
      booted.map(async (each) => (await sessionOf(subject, each)).state),
    );

    assert.deepEqual(new Set(states), new Set(['BOUND']));
  });

  test('one that is refused takes none of the others along', async () => {
    subject = await openConductor();
    const [good, bad] = [
      await bootNode(subject, certificatePem),
      await bootNode(subject, certificatePem),
    ];

    const results = await Promise.allSettled([
      subject.conductor.heartbeat(heartbeatOf(good)),
      subject.conductor.heartbeat(heartbeatOf(bad, { token: 'B'.repeat(43) })),
    ]);

    assert.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected'],
    );
    assert.equal((await sessionOf(subject, good)).state, 'BOUND');
    assert.equal((await sessionOf(subject, bad)).state, 'SEALED');
  });

  test('wake the workflow that waits for the agent', async () => {
    subject = await openConductor();
    const booted = await bootNode(subject, certificatePem);
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

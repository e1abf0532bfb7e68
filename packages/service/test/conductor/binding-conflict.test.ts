// Two agents with the token of one boot: neither is believed any more.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterEach, before, describe, test } from 'node:test';

import { planned } from '#conductor/workflow/step';
import { listHistory } from '#store/history';
import { insertWorkflow } from '#store/workflows';

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

describe('a bound session of which somebody else has the token', () => {
  /** A deployment whose agent has called; its step waits. */
  const boundDeployment = async (): Promise<Booted> => {
    const booted = await bootNode(subject, certificatePem);
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
    const booted = await bootNode(subject, certificatePem);
    await subject.conductor.heartbeat(heartbeatOf(booted));
    const moved = heartbeatOf(booted, { callbackUrl: `${CALLBACK}/` });

    await Promise.allSettled(
      [moved, moved, moved].map((each) => subject.conductor.heartbeat(each)),
    );

    assert.equal((await sessionOf(subject, booted)).state, 'SUSPECT');
    assert.equal((await sessionOf(subject, booted)).callbackUrl, CALLBACK);
    for (const each of [heartbeatOf(booted), moved]) {
      await assert.rejects(subject.conductor.heartbeat(each), isRefused(400, INVALID_TOKEN));
    }
    assert.equal((await listHistory(subject.store.db, booted.uuid)).length, 1);
    const lookup = { addresses: [], nodeUuid: booted.uuid, sourceAddress: '192.0.2.10', minor: 62 };
    assert.equal(await subject.conductor.lookup(lookup), undefined);
  });
});

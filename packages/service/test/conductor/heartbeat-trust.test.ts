// What the first heartbeat of an agent fixes, what its signatures are worth, and whom nobody listens to.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterEach, before, describe, test } from 'node:test';

import type { HeartbeatRequest } from '#conductor/conductor';
import { insertPort } from '#store/ports';
import { deriveSessionKeys } from '#trust/agent-token/derived-keys';
import { signRequest } from '#trust/agent-token/signed-request';
import { pinOfCertificate } from '#trust/certificate/pin';
import { Secret } from '#trust/secret';

import type { PortUuid } from '@bessemer/protocol/uuid';

import {
  type Booted,
  bootNode,
  heartbeatOf,
  INVALID_TOKEN,
  isRefused,
  makeCertificates,
  sessionOf,
  SOURCE,
} from './with-booted-node.ts';
import { openConductor, type Subject } from './with-conductor.ts';

const MAC = '52:54:00:12:34:56';
const BAD_SIGNATURE = /signature or the sequence/;

let subject: Subject;
let certificatePem: string;
let otherPem: string;
before(async () => {
  [certificatePem, otherPem] = await makeCertificates();
});
afterEach(() => subject.close());

const eventsOf = async (): Promise<readonly string[]> => {
  const rows = await subject.store.db.selectFrom('audit').select('event').orderBy('seq').execute();
  return rows.map(({ event }) => event);
};

/** A stock agent, booted over the network, that was just given its token. */
const giveToken = async (): Promise<Booted> => {
  const booted = await bootNode(subject, certificatePem, {
    route: 'lookup',
    transport: 'network',
    state: 'OPEN',
    trustLevel: 1,
  });
  const port = { uuid: randomUUID() as PortUuid, nodeUuid: booted.uuid, address: MAC };
  await insertPort(subject.store.db, { ...port, pxeEnabled: true }, { nowMs: 0 });
  const answer = await subject.conductor.lookup({
    addresses: [MAC],
    nodeUuid: undefined,
    sourceAddress: SOURCE,
    minor: 68,
  });
  const token = answer?.config['agent_token'];
  assert.ok(typeof token === 'string');
  return { ...booted, token };
};

const signedHeartbeat = (booted: Booted, sequence: number): HeartbeatRequest => {
  const { up } = deriveSessionKeys(new Secret(booted.token), booted.sessionId);
  const parts = {
    method: 'POST',
    path: `/v1/heartbeat/${booted.uuid}`,
    body: '{}',
    sequence: String(sequence),
  };
  return heartbeatOf(booted, { signed: { ...parts, signature: signRequest(up, parts) } });
};

describe('the first heartbeat of a stock agent after its lookup', () => {
  test('fixes the key that it shows', async () => {
    subject = await openConductor();
    const booted = await giveToken();

    await subject.conductor.heartbeat(heartbeatOf(booted));

    const session = await sessionOf(subject, booted);
    assert.deepEqual(
      [session.state, session.pin, session.trustLevel, session.isSigning],
      ['BOUND', pinOfCertificate(certificatePem), 1, false],
    );
    assert.deepEqual(await eventsOf(), ['agent.lookup.granted', 'agent.bound']);
    const other = heartbeatOf(booted, { certificatePem: otherPem });
    await assert.rejects(subject.conductor.heartbeat(other), isRefused(400, /agent_verify_ca/));
    assert.equal((await sessionOf(subject, booted)).state, 'SUSPECT');
  });

  test('must bring a certificate that can be pinned', async () => {
    subject = await openConductor();
    const booted = await giveToken();

    for (const pem of [undefined, '', 'x', `${certificatePem}${otherPem}`]) {
      const heartbeat = heartbeatOf(booted, { certificatePem: pem });
      await assert.rejects(subject.conductor.heartbeat(heartbeat), isRefused(400, /verify_ca/));
    }
    assert.equal((await sessionOf(subject, booted)).state, 'GIVEN');
  });

  test('T-08: sent again by somebody who saw it changes nothing', async () => {
    subject = await openConductor();
    const booted = await giveToken();
    await subject.conductor.heartbeat(heartbeatOf(booted));
    const { lastSeenMs: _first, ...before } = await sessionOf(subject, booted);

    await subject.conductor.heartbeat(heartbeatOf(booted));

    const { lastSeenMs: _second, ...now } = await sessionOf(subject, booted);
    assert.deepEqual(now, before);
    assert.deepEqual(await eventsOf(), ['agent.lookup.granted', 'agent.bound']);
  });
});

describe('an agent that signs', () => {
  test('T-08: is believed for each number once, and only upwards', async () => {
    subject = await openConductor();
    const booted = await bootNode(subject, certificatePem);
    await subject.conductor.heartbeat(signedHeartbeat(booted, 5));
    await subject.conductor.heartbeat(signedHeartbeat(booted, 7));

    for (const old of [7, 6, 5, 1]) {
      const replay = subject.conductor.heartbeat(signedHeartbeat(booted, old));
      await assert.rejects(replay, isRefused(400, BAD_SIGNATURE), String(old));
    }

    const session = await sessionOf(subject, booted);
    assert.deepEqual([session.state, session.sequence, session.isSigning], ['BOUND', 7, true]);
    assert.ok((await eventsOf()).includes('agent.replay'));
    await subject.conductor.heartbeat(signedHeartbeat(booted, 8));
  });

  test('is not believed without its signature any more', async () => {
    subject = await openConductor();
    const booted = await bootNode(subject, certificatePem);
    await subject.conductor.heartbeat(signedHeartbeat(booted, 1));

    const stripped = subject.conductor.heartbeat(heartbeatOf(booted));

    await assert.rejects(stripped, isRefused(400, BAD_SIGNATURE));
  });

  test('of many copies that arrive together one is taken', async () => {
    subject = await openConductor();
    const booted = await bootNode(subject, certificatePem);
    await subject.conductor.heartbeat(signedHeartbeat(booted, 1));

    const results = await Promise.allSettled(
      Array.from({ length: 20 }, () => subject.conductor.heartbeat(signedHeartbeat(booted, 2))),
    );

    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
    assert.equal((await sessionOf(subject, booted)).sequence, 2);
  });

  test('that changes its body is not the one that signed', async () => {
    subject = await openConductor();
    const booted = await bootNode(subject, certificatePem);
    const { signed, ...heartbeat } = signedHeartbeat(booted, 1);
    assert.ok(signed !== undefined);

    const changed = { ...heartbeat, signed: { ...signed, body: '{"a":1}' } };

    await assert.rejects(subject.conductor.heartbeat(changed), isRefused(400, BAD_SIGNATURE));
    assert.equal((await sessionOf(subject, booted)).state, 'SEALED');
  });
});

describe('nobody listens', () => {
  test('to a machine that is polled and calls all the same', async () => {
    subject = await openConductor();
    const booted = await bootNode(subject, certificatePem, { route: 'poll' });

    const call = subject.conductor.heartbeat(heartbeatOf(booted));

    await assert.rejects(call, isRefused(403, /polled/));
    assert.deepEqual(await eventsOf(), ['agent.unexpected_heartbeat']);
    assert.equal((await sessionOf(subject, booted)).state, 'SEALED');
  });

  test('to an agent below the level that the node asks for', async () => {
    subject = await openConductor();
    const booted = await giveToken();
    await subject.store.db
      .updateTable('node')
      .set({ driver_info: '{"agent_min_trust": 2}' })
      .where('uuid', '=', booted.uuid)
      .execute();

    const call = subject.conductor.heartbeat(heartbeatOf(booted));

    await assert.rejects(call, isRefused(400, /trusted more/));
    assert.ok((await eventsOf()).includes('agent.trust.too_low'));
    assert.equal((await sessionOf(subject, booted)).state, 'GIVEN');
  });

  test('to plain HTTP, unless the operator switched TLS off; then it is told', async () => {
    subject = await openConductor({ requireTls: false, minTrustLevel: 0 });
    const booted = await giveToken();
    const callbackUrl = `http://${SOURCE}:9999`;

    await subject.conductor.heartbeat(heartbeatOf(booted, { callbackUrl }));

    const session = await sessionOf(subject, booted);
    assert.deepEqual([session.state, session.trustLevel], ['BOUND', 0]);
    assert.ok((await eventsOf()).includes('agent.require_tls.off'));
  });

  test('to a token that nobody was given yet', async () => {
    subject = await openConductor();
    const booted = await bootNode(subject, certificatePem, { route: 'lookup', state: 'OPEN' });

    const call = subject.conductor.heartbeat(heartbeatOf(booted));

    await assert.rejects(call, isRefused(400, INVALID_TOKEN));
  });
});

// Lookups of agents whose token is in their medium: the mask, always.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterEach, before, describe, test } from 'node:test';

import { closeSession } from '#store/agent-sessions';
import { insertPort } from '#store/ports';

import type { PortUuid } from '@bessemer/protocol/uuid';

import { type Booted, bootNode, makeCertificates } from './with-booted-node.ts';
import { openConductor, type Subject } from './with-conductor.ts';

const MAC = '52:54:00:12:34:56';

let subject: Subject;
let certificatePem: string;
before(async () => {
  [certificatePem] = await makeCertificates();
});
afterEach(() => subject.close());

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
      const booted = await bootNode(subject, certificatePem);
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
    const [mine, other] = [
      await bootNode(subject, certificatePem),
      await bootNode(subject, certificatePem),
    ];
    await addPort(mine, MAC);
    await addPort(other, '52:54:00:12:34:57');

    const answer = await lookupBy({ addresses: ['52:54:00:12:34:57'], nodeUuid: mine.uuid });

    assert.equal(answer, undefined);
  });

  test('whose MACs belong to two nodes finds nothing', async () => {
    subject = await openConductor();
    const [mine, other] = [
      await bootNode(subject, certificatePem),
      await bootNode(subject, certificatePem),
    ];
    await addPort(mine, MAC);
    await addPort(other, '52:54:00:12:34:57');

    assert.equal(await lookupBy({ addresses: [MAC, '52:54:00:12:34:57'] }), undefined);
  });

  test('without a session of ours finds nothing', async () => {
    subject = await openConductor();
    const booted = await bootNode(subject, certificatePem);
    await addPort(booted, MAC);
    await closeSession(subject.store.db, booted.uuid, { reason: 'done', nowMs: 1 });

    assert.equal(await lookupBy({ addresses: [MAC] }), undefined);
  });
});

// The second half of the first contact: the agent showed the right key and was started in this boot. It proves the
// token, shows its hardware, is told which node it is, and gets a new token.

import type { CommandResult } from '@bessemer/protocol/agent/command';
import { Failure } from '@bessemer/protocol/errors/failure';
import { isJsonObject } from '@bessemer/protocol/json';

import type { AgentSessionRecord } from '#store/agent-sessions';
import { findInventory } from '#store/inventories';
import { bindPolledSession, promotePendingToken } from '#store/polled-sessions';
import { listPortsByAddress, listPortsOfNode } from '#store/ports';
import type { Secret } from '#trust/secret';

import { checkedInventory } from '../inspect/checked-inventory.ts';
import { noteEvent, tokenMark } from '../trust-events.ts';
import { isTokenAlive, proveTo } from './agent-contact.ts';
import { changeToken } from './change-token.ts';
import { type Contact, type ContactJob, disbelieve, eventOf, noteSeen, notYet } from './contact.ts';
import { identityMismatch } from './identity-match.ts';
import type { PendingToken, Rotation } from './rotate-token.ts';
import { answerOf, type MetAgent, opened, statusOf, type Talk, withToken } from './talk.ts';

const REMEDY =
  'See which machine answers there, and whether the ports and the BMC of the node are its own. Then ask for the ' +
  'same again: the machine boots with a new token and key.';

/** What an earlier try stored, and did not come to an end with. */
const leftToken = (talk: Talk): PendingToken | undefined => {
  const { pendingTokenHash: hash, pendingTokenSealed: sealed } = talk.session;
  return hash === null || sealed === null ? undefined : { hash, token: opened(talk, sealed) };
};

const prove = (talk: Talk, token: Secret<string>): Promise<'proven' | 'wrong' | 'none'> =>
  proveTo(talk.agent.connection, { token, sessionId: talk.session.id, pin: talk.pin });

/** The new token of an earlier try, when the agent has it: proved first, and only then shown. */
const isInUse = async (talk: Talk, left: PendingToken): Promise<boolean> =>
  (await prove(talk, left.token)) === 'proven' &&
  (await isTokenAlive(talk.agent.connection, left.token, talk.job.fence));

/** Undefined when the machine is the one of the node. */
const compareHardware = async (
  { job }: Talk,
  result: CommandResult,
): Promise<string | undefined> => {
  const { node, parts } = job;
  const inventory = checkedInventory(answerOf(result));
  const seen = inventory.interfaces.map((card) => card.mac_address.toLowerCase());
  const { db } = parts.store;
  const [own, known, earlier] = await Promise.all([
    listPortsOfNode(db, node.uuid),
    listPortsByAddress(db, seen),
    findInventory(db, node.uuid),
  ]);
  const vendor = earlier?.inventory['system_vendor'];
  const bmc = node.driverInternalInfo['bmc_identity'];
  const serials = [
    isJsonObject(vendor) ? vendor['serial_number'] : null,
    isJsonObject(bmc) ? bmc['serial'] : null,
  ];
  return identityMismatch(inventory, {
    macs: own.filter((port) => port.pxeEnabled).map((port) => port.address),
    foreign: known.filter((port) => port.nodeUuid !== node.uuid),
    serials: serials.filter((serial) => typeof serial === 'string'),
    systemUuids: [
      earlier?.inventory['system_uuid'],
      isJsonObject(bmc) ? bmc['systemUuid'] : null,
    ].filter((uuid) => typeof uuid === 'string'),
  });
};

const bound = (talk: Talk, rotation: Rotation, isProven: boolean): Contact => {
  const { job, session, agent } = talk;
  const { parts } = job;
  const about = {
    ...eventOf(session),
    source: agent.address,
    agentVersion: agent.status.version,
    outcome: 'changed' as const,
  };
  const proof = isProven ? 'given' : 'unsupported';
  return {
    kind: 'bound',
    done: {
      kind: 'done',
      detail: { address: agent.address, agent_version: agent.status.version, proof },
      also: async (transaction) => {
        const isBound = await bindPolledSession(transaction, session.id, {
          callbackUrl: agent.callbackUrl,
          address: agent.address,
          agentVersion: agent.status.version,
          startedAtMs: agent.status.startedAtMs,
          isProven,
          nowMs: parts.clock.wallMs(),
        });
        if (!isBound) throw new Failure('agent.not-believed', 'The session of this boot is over.');
        if (rotation.kind === 'rotated') {
          const { hash } = rotation.pending;
          await promotePendingToken(transaction, session.id, hash);
          const detail = { token: tokenMark(hash) };
          await noteEvent(transaction, parts, { name: 'agent.token.rotated', ...about, detail });
        } else if (rotation.reason === 'unsupported') {
          await noteEvent(transaction, parts, {
            name: 'agent.poll.node_info_unsupported',
            ...about,
          });
        } else {
          // It took the new token and does not answer to it; the old one it still answers to.
          const detail = { phase: 'new token' };
          await noteEvent(transaction, parts, {
            name: 'agent.poll.token_refused',
            ...about,
            detail,
          });
        }
        await noteEvent(transaction, parts, { name: 'agent.bound', ...about, detail: { proof } });
      },
    },
  };
};

export const introduceNode = async (
  job: ContactJob,
  session: AgentSessionRecord,
  agent: MetAgent,
): Promise<Contact> => {
  const talk: Talk = { job, session, agent, pin: session.pin ?? '' };
  const { address } = agent;
  const left = leftToken(talk);
  const isLeftInUse = left !== undefined && (await isInUse(talk, left));
  const token = isLeftInUse ? left.token : opened(talk, session.tokenSealed ?? '');

  const proof = isLeftInUse ? 'proven' : await prove(talk, token);
  if (proof === 'wrong') {
    const text = `Who answers at ${address} has the right key and does not know the token.`;
    const event = { name: 'agent.poll.proof_failed', source: address, text } as const;
    return disbelieve(job, session, { ...event, remedy: REMEDY });
  }
  let hardware: CommandResult;
  try {
    hardware = await withToken(talk, token, (client) =>
      client.send('poll.get_hardware_info', {}, { isWaiting: true }),
    );
  } catch (error) {
    if (statusOf(error) !== 401) throw error;
    await noteSeen(job, session, 'agent.poll.token_refused', { source: address });
    return notYet(`the agent at ${address} does not take the token of its boot medium`);
  }
  const mismatch = await compareHardware(talk, hardware);
  if (mismatch !== undefined) {
    const text = `The machine that answers at ${address} is not the one of this node. ${mismatch}`;
    const event = { name: 'agent.identity.mismatch', source: address, text } as const;
    return disbelieve(job, session, { ...event, remedy: REMEDY });
  }
  const rotation: Rotation = isLeftInUse
    ? { kind: 'rotated', pending: left }
    : await changeToken(talk, token, left);
  return bound(talk, rotation, proof === 'proven');
};

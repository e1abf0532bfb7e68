// The first contact with a polled agent. Nothing comes from the machine, so whoever is called has to show who it is
// before it is shown anything: first its key, at the level of TLS; then that it was started in this boot; then that
// it knows the token, without being told; then, with the token, its hardware. Only then is it told which node it is,
// and given a token that was never on a medium.
//
// A try ends in one of three ways: the agent is bound; not yet (nobody there, somebody else there, too early), and
// the next look tries again until the deadline of the wait; or somebody answers who cannot be believed, and the
// session is suspect and the workflow fails.

import { Failure } from '@bessemer/protocol/errors/failure';

import type { AgentSessionRecord } from '#store/agent-sessions';
import { listPortsOfNode } from '#store/ports';

import { type AgentConnection, openAgentConnection } from '../agent-session/agent-connection.ts';
import { type AgentStatus, readStatus } from './agent-contact.ts';
import { type Contact, type ContactJob, noteSeen, notYet } from './contact.ts';
import { introduceNode } from './introduce-node.ts';
import { type PollAddress, pollAddresses } from './poll-addresses.ts';
import { shunnedAddressesOf } from './shunned-addresses.ts';

/** The first try comes early and the machine may not be there for minutes: a short wait, more often. */
const CONNECT_MS_MAX = 3_000;
const ANSWER_MS_MAX = 30_000;
/** An inventory with 64 cards and hundreds of disks. */
const ANSWER_BYTES_MAX = 8 * 1_048_576;
/** Between the order to the BMC and the power, and between two clocks that count seconds. */
const UPTIME_SLACK_MS = 30_000;

const isFromBefore = (status: AgentStatus, session: AgentSessionRecord, job: ContactJob) => {
  const { clock, options } = job.parts;
  return status.uptimeMs === null
    ? status.startedAtMs < session.windowOpenedMs - options.clockSkewMs
    : clock.wallMs() - status.uptimeMs < session.windowOpenedMs - UPTIME_SLACK_MS;
};

const isFailure = (error: unknown, code: string): error is Failure =>
  error instanceof Failure && error.code === code;

const tryAddress = async (
  job: ContactJob,
  session: AgentSessionRecord,
  place: PollAddress,
): Promise<Contact> => {
  const { address, callbackUrl } = place;
  const shunned = shunnedAddressesOf(job.parts.store);
  const { clock, identity } = job.parts;
  if (shunned.isShunned(session.id, address, clock.wallMs())) {
    return notYet(`somebody else answers at ${address}`);
  }
  const connection = openAgentConnection({
    callbackUrl,
    pin: session.pin,
    identity,
    connectMsMax: CONNECT_MS_MAX,
    answerMsMax: ANSWER_MS_MAX,
    answerBytesMax: ANSWER_BYTES_MAX,
  });
  try {
    return await meet(job, session, { ...place, connection });
  } catch (error) {
    if (isFailure(error, 'agent.key-mismatch')) {
      shunned.shun(session.id, address, clock.wallMs());
      await noteSeen(job, session, 'agent.poll.pin_mismatch', { source: address });
      return notYet(`somebody else answers at ${address}`);
    }
    if (isFailure(error, 'agent.unreachable')) return notYet(`nobody answers at ${address}`);
    if (error instanceof Failure && error.isRetryable) return notYet(error.message);
    throw error;
  } finally {
    await connection.close();
  }
};

const meet = async (
  job: ContactJob,
  session: AgentSessionRecord,
  place: PollAddress & { readonly connection: AgentConnection },
): Promise<Contact> => {
  const status = await readStatus(place.connection);
  if (isFromBefore(status, session, job)) {
    const detail = { started_at: new Date(status.startedAtMs).toISOString() };
    await noteSeen(job, session, 'agent.poll.stale_agent', { source: place.address, detail });
    return notYet(`the agent at ${place.address} was started before this boot`);
  }
  return introduceNode(job, session, { ...place, status });
};

export const firstContact = async (
  job: ContactJob,
  session: AgentSessionRecord,
): Promise<Contact> => {
  const { node, parts } = job;
  const { options, addresses: source } = parts;
  // A key that is not known before cannot be compared, and such sessions are not polled.
  if (session.pin === null || session.tokenSealed === null) {
    throw new Error('a polled session without key or token');
  }
  const ports = await listPortsOfNode(parts.store.db, node.uuid);
  const places = await pollAddresses({
    node,
    macs: ports.map(({ address }) => address.toLowerCase()),
    source,
    rules: {
      allowedNetworks: options.pollNetworks,
      isLoopbackAllowed: options.isLoopbackAllowed,
      requireTls: true,
    },
  });
  if (places.length === 0) {
    await noteSeen(job, session, 'agent.poll.no_address');
    return notYet('no address of the machine is known');
  }
  let last = notYet('nobody was asked');
  for (const place of places) {
    last = await tryAddress(job, session, place);
    if (last.kind === 'bound') return last;
  }
  return last;
};

// Why a step has no agent to rely on any more, in words for who looks after the node.

import { Failure } from '@bessemer/protocol/errors/failure';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import { findLastSession } from '#store/agent-session-history';
import type { AgentSessionRecord } from '#store/agent-sessions';
import type { Queryable } from '#store/database';

import { bindingConflict } from './binding-conflict.ts';

const REVOKED_REMEDY =
  'Find out what made the agent suspicious, then ask for the same again: the machine boots with a new token.';

export const sessionRevoked = (reason: string | null): Failure =>
  new Failure(
    'agent.session-revoked',
    `The trust in the agent of this boot was taken away${reason === null ? '' : ` (${reason})`}.`,
    { details: { remedy: REVOKED_REMEDY } },
  );

const RIVAL_REMEDY =
  'The history of the node names both addresses. Find out which of them is not the machine of this node, and take it ' +
  'off the network. Then ask for the same again: the machine boots with a new token.';

const rivalFailure = (): Failure =>
  new Failure(
    'agent.rival',
    'Two machines asked for the token of this boot, or spoke with it, so neither is trusted.',
    { details: { remedy: RIVAL_REMEDY } },
  );

const POLLED_REMEDY =
  'The history of the node says what was seen of it. Then ask for the same again: the machine boots with a new token.';

/** Polled agents are never called by a second one: it was found out by looking. */
const notBelieved = (): Failure =>
  new Failure('agent.not-believed', 'The agent of this boot is not believed any more.', {
    details: { remedy: POLLED_REMEDY },
  });

const SUSPECT_FAILURES: { readonly [route in AgentSessionRecord['route']]: () => Failure } = {
  lookup: rivalFailure,
  vmedia: bindingConflict,
  poll: notBelieved,
};

/** What a step fails with that relies on a session that is suspect. */
export const suspectFailure = ({ route }: Pick<AgentSessionRecord, 'route'>): Failure =>
  SUSPECT_FAILURES[route]();

/** Failures after which the machine is not to be believed in anything, also not in what it did before. */
const TRUST_CODES: ReadonlySet<string> = new Set([
  'agent.session-revoked',
  'agent.binding-conflict',
  'agent.rival',
]);

export const isTrustLost = (error: unknown): boolean =>
  error instanceof Failure && TRUST_CODES.has(error.code);

/** Throws when the newest boot of the node was revoked. */
export const refuseRevoked = async (queryable: Queryable, nodeUuid: NodeUuid): Promise<void> => {
  const last = await findLastSession(queryable, nodeUuid);
  if (last?.state === 'REVOKED') throw sessionRevoked(last.closeReason);
};

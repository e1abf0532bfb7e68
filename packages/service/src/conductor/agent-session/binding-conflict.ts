// Somebody with the right token claims another address or key than the agent that was believed first. One of the two
// is not ours, and nothing tells which: the session becomes SUSPECT, no more commands are sent, and the workflow that
// relies on the agent fails. A new boot, with a new token, is the way on.

import { Failure } from '@bessemer/protocol/errors/failure';

import { type AgentSessionRecord, suspectSession } from '#store/agent-sessions';
import { wakeWorkflow } from '#store/workflows';

import { type EventParts, noteEvent } from '../trust-events.ts';

const EVENT = 'agent.binding.conflict';

const REMEDY =
  'See whether two machines booted the same medium, or somebody else has it. Then ask for the same again: ' +
  'the machine boots with a new token and key.';

export const bindingConflict = (): Failure =>
  new Failure(
    'agent.binding-conflict',
    'A second agent used the token of this boot with another address or key, so neither is trusted.',
    { details: { remedy: REMEDY } },
  );

/** False when the session was no longer bound: somebody else noted it, or the boot is over. */
export const noteBindingConflict = (
  parts: EventParts,
  session: Pick<AgentSessionRecord, 'id' | 'nodeUuid' | 'bootNumber'>,
  sourceAddress: string,
): Promise<boolean> =>
  parts.store.transaction(async (transaction) => {
    if (!(await suspectSession(transaction, session.id))) return false;
    await wakeWorkflow(transaction, session.nodeUuid);
    await noteEvent(transaction, parts, {
      name: EVENT,
      nodeUuid: session.nodeUuid,
      sessionId: session.id,
      bootNumber: session.bootNumber,
      source: sourceAddress,
      outcome: 'changed',
      text: `The agent of boot ${session.bootNumber} is suspect: ${sourceAddress} used its token with another address or key.`,
    });
    return true;
  });

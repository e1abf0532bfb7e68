// Somebody with the right token claims another address or key than the agent that was believed first. One of the two
// is not ours, and nothing tells which: the session becomes SUSPECT, no more commands are sent, and the workflow that
// relies on the agent fails. A new boot, with a new token, is the way on.

import { Failure } from '@bessemer/protocol/errors/failure';

import { type AgentSessionRecord, suspectSession } from '#store/agent-sessions';
import { addHistory } from '#store/history';
import { appendJournal } from '#store/journals';
import { findOpenWorkflow, wakeWorkflow } from '#store/workflows';

import type { ConductorParts } from '../conductor-parts.ts';

const EVENT = 'agent.binding.conflict';
/** Noted by whoever took the heartbeat, not by the owner of the node's lease. */
const NO_FENCE = 0;

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
  parts: Pick<ConductorParts, 'store' | 'clock' | 'options'>,
  session: AgentSessionRecord,
  sourceAddress: string,
): Promise<boolean> =>
  parts.store.transaction(async (transaction) => {
    if (!(await suspectSession(transaction, session.id))) return false;
    const nowMs = parts.clock.wallMs();
    const text = `The agent of boot ${session.bootNumber} is suspect: ${sourceAddress} used its token with another address or key.`;
    await addHistory(
      transaction,
      session.nodeUuid,
      { conductor: parts.options.hostname, severity: 'ERROR', event: text, eventType: EVENT },
      nowMs,
    );
    const workflow = await findOpenWorkflow(transaction, session.nodeUuid);
    if (workflow === undefined) return true;
    const step = workflow.plan[workflow.cursor];
    await appendJournal(transaction, [
      {
        workflowId: workflow.id,
        nodeUuid: session.nodeUuid,
        atMs: nowMs,
        fence: NO_FENCE,
        stepIndex: workflow.cursor,
        step: step?.name ?? workflow.kind,
        interface: step?.interface ?? 'workflow',
        event: 'note',
        detail: { note: EVENT, text },
      },
    ]);
    await wakeWorkflow(transaction, session.nodeUuid);
    return true;
  });

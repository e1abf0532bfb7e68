// What one try to meet a polled agent comes to, and what is told about it.

import type { AgentEventName } from '@bessemer/protocol/events/agent-events';
import { Failure } from '@bessemer/protocol/errors/failure';
import type { JsonObject } from '@bessemer/protocol/json';

import type { AgentSessionRecord } from '#store/agent-sessions';
import { suspectPolledSession } from '#store/polled-sessions';

import { makeEventNoter, noteEvent } from '../trust-events.ts';
import type { Job, StepDone } from '../workflow/step.ts';

export type Contact =
  | { readonly kind: 'bound'; readonly done: StepDone }
  /** One sentence about what was met, for a person who waits. */
  | { readonly kind: 'not yet'; readonly text: string };

export type ContactJob = Pick<Job, 'node' | 'parts' | 'fence' | 'driver' | 'log'>;

export const notYet = (text: string): Contact => ({ kind: 'not yet', text });

/** What stays the same about each event of a session. */
export const eventOf = (session: AgentSessionRecord) => ({
  nodeUuid: session.nodeUuid,
  sessionId: session.id,
  bootNumber: session.bootNumber,
});

export const noteSeen = (
  { parts }: ContactJob,
  session: AgentSessionRecord,
  name: AgentEventName,
  more: { readonly source?: string; readonly detail?: JsonObject } = {},
): Promise<void> =>
  makeEventNoter(parts)({ name, ...eventOf(session), ...more, outcome: 'refused' });

/** Ends the trust in whoever answers, and the work that relies on it. Never returns. */
export const disbelieve = async (
  { parts }: ContactJob,
  session: AgentSessionRecord,
  event: {
    readonly name: AgentEventName;
    readonly source: string;
    readonly text: string;
    readonly remedy: string;
  },
): Promise<never> => {
  const { name, source, text, remedy } = event;
  await parts.store.transaction(async (transaction) => {
    if (!(await suspectPolledSession(transaction, session.id))) return;
    await noteEvent(transaction, parts, {
      name,
      ...eventOf(session),
      source,
      outcome: 'changed',
      text,
    });
  });
  throw new Failure('agent.not-believed', `${text} ${remedy}`, { details: { remedy } });
};

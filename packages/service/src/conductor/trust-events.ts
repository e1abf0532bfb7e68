// Every event about trust in an agent goes through here: a row of the audit log in the transaction of the change that
// it tells of; for the loud ones a line of the node's history and, while work is going on, of its journal; a log line;
// a counter. Never a token: at most `tokenMark` of its hash.

import { AUDIT_EVENTS, type AuditEventName } from '@bessemer/protocol/events/audit-events';
import type { JsonObject } from '@bessemer/protocol/json';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import { appendAudit } from '#store/audit';
import type { Queryable, Store } from '#store/database';
import { addHistory } from '#store/history';
import { appendJournal } from '#store/journals';
import { findOpenWorkflow } from '#store/workflows';
import { type AuditChain, makeAuditChain } from '#trust/audit-chain';

import type { ConductorParts } from './conductor-parts.ts';
import { type EventLimiter, makeEventLimiter } from './event-limiter.ts';

export type TrustEvent = {
  readonly name: AuditEventName;
  readonly nodeUuid?: NodeUuid | undefined;
  readonly sessionId?: string | undefined;
  readonly bootNumber?: number | undefined;
  /** Address that the request came from. */
  readonly source?: string | undefined;
  readonly agentVersion?: string | undefined;
  readonly requestId?: string | undefined;
  /** `changed`: something is stored with it, so it is always written. The others are written once a minute. */
  readonly outcome: 'changed' | 'refused' | 'seen';
  readonly detail?: JsonObject | undefined;
  /** One sentence for history and journal; the event's meaning when left out. */
  readonly text?: string | undefined;
};

export type EventParts = Pick<
  ConductorParts,
  'store' | 'clock' | 'log' | 'keys' | 'options' | 'metrics'
>;

/** Tells tokens apart in logs without telling them. */
export const tokenMark = (tokenHash: string): string => `tok:${tokenHash.slice(0, 8)}`;

/** Noted by whoever took the request, not by the owner of the node's lease. */
const NO_FENCE = 0;
/** Longest text of a foreign peer in a column. */
const TEXT_CHARS_MAX = 200;
const DETAIL_CHARS_MAX = 4_000;

type Memory = { readonly chain: AuditChain; readonly limiter: EventLimiter };

// What a process remembers of the events of a store ends with the store.
const memories = new WeakMap<Store, Memory>();

const memoryOf = (parts: EventParts): Memory => {
  const known = memories.get(parts.store);
  if (known !== undefined) return known;
  const made = {
    chain: makeAuditChain(parts.keys.deriveKey('audit-chain')),
    limiter: makeEventLimiter(),
  };
  memories.set(parts.store, made);
  return made;
};

/** What both engines give back as it was: no control characters, no half characters, bounded. */
const columnText = (text: string | undefined): string | null =>
  text === undefined
    ? null
    : text
        .slice(0, TEXT_CHARS_MAX)
        .toWellFormed()
        .replaceAll(/\p{Cc}/gu, ' ');

const detailText = (detail: JsonObject, suppressed: number): string => {
  const text = JSON.stringify(suppressed === 0 ? detail : { ...detail, suppressed });
  return text.length <= DETAIL_CHARS_MAX
    ? text
    : JSON.stringify({ cut: text.slice(0, DETAIL_CHARS_MAX / 2).toWellFormed(), suppressed });
};

const sentenceOf = (event: TrustEvent): string =>
  [
    event.text ?? AUDIT_EVENTS[event.name].meaning,
    ...(event.source === undefined ? [] : [`Source: ${event.source}.`]),
    ...(event.bootNumber === undefined ? [] : [`Boot: ${event.bootNumber}.`]),
  ].join(' ');

/** History for people, and a note in the journal of the work that it disturbs. */
const tellOperator = async (
  queryable: Queryable,
  parts: EventParts,
  event: TrustEvent,
  nodeUuid: NodeUuid,
): Promise<void> => {
  const nowMs = parts.clock.wallMs();
  const text = sentenceOf(event);
  await addHistory(
    queryable,
    nodeUuid,
    { conductor: parts.options.hostname, severity: 'ERROR', event: text, eventType: event.name },
    nowMs,
  );
  const workflow = await findOpenWorkflow(queryable, nodeUuid);
  if (workflow === undefined) return;
  const step = workflow.plan[workflow.cursor];
  await appendJournal(queryable, [
    {
      workflowId: workflow.id,
      nodeUuid,
      atMs: nowMs,
      fence: NO_FENCE,
      stepIndex: workflow.cursor,
      step: step?.name ?? workflow.kind,
      interface: step?.interface ?? 'workflow',
      event: 'note',
      detail: { note: event.name, text },
    },
  ]);
};

/** Which events are equal: the same thing, for the same reason, about the same boot, from the same address. */
const kindOf = ({ name, detail }: TrustEvent): string => {
  const reason = detail?.['reason'];
  return typeof reason === 'string' ? `${name} ${reason.slice(0, 40)}` : name;
};
const whoOf = ({ nodeUuid, sessionId, source }: TrustEvent): string =>
  [nodeUuid, sessionId, source].join(' ');

const writeDown = async (
  queryable: Queryable,
  parts: EventParts,
  event: TrustEvent,
  suppressed: number,
): Promise<void> => {
  const { severity } = AUDIT_EVENTS[event.name];
  const isLoud = severity === 'high' || severity === 'critical';
  const { name, outcome } = event;
  const facts = {
    node: event.nodeUuid,
    session: event.sessionId,
    boot: event.bootNumber,
    source: event.source,
    request: event.requestId,
    detail: event.detail,
  };
  parts.log[severity === 'info' ? 'info' : isLoud ? 'error' : 'warn'](
    { event: name, severity, outcome, ...facts, ...(suppressed === 0 ? {} : { suppressed }) },
    'security event',
  );
  if (isLoud && event.nodeUuid !== undefined)
    await tellOperator(queryable, parts, event, event.nodeUuid);
  await appendAudit(
    queryable,
    {
      atMs: parts.clock.wallMs(),
      event: name,
      severity,
      nodeUuid: event.nodeUuid ?? null,
      sessionId: event.sessionId ?? null,
      bootNumber: event.bootNumber ?? null,
      source: columnText(event.source),
      agentVersion: columnText(event.agentVersion),
      requestId: columnText(event.requestId),
      outcome,
      detail: detailText(event.detail ?? {}, suppressed),
    },
    memoryOf(parts).chain,
  );
};

/** How many equal events were left out before this one; undefined: this one is not written either. */
const admit = (parts: EventParts, event: TrustEvent): number | undefined => {
  const { name, outcome } = event;
  parts.metrics?.countEvent(name, AUDIT_EVENTS[name].severity);
  if (outcome === 'changed') return 0;
  return memoryOf(parts).limiter.admit(kindOf(event), whoOf(event), parts.clock.monotonicMs());
};

/** Inside the transaction of the caller, as the last thing there: it holds the end of the audit log until the end. */
export const noteEvent = async (
  queryable: Queryable,
  parts: EventParts,
  event: TrustEvent,
): Promise<void> => {
  const suppressed = admit(parts, event);
  if (suppressed !== undefined) await writeDown(queryable, parts, event, suppressed);
};

/** For what changes nothing else (refusals): opens a transaction only when there is something to write. */
export const makeEventNoter =
  (parts: EventParts): ((event: TrustEvent) => Promise<void>) =>
  async (event) => {
    const suppressed = admit(parts, event);
    if (suppressed === undefined) return;
    await parts.store.transaction((transaction) =>
      writeDown(transaction, parts, event, suppressed),
    );
  };

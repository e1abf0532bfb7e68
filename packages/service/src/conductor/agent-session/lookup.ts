// Lookup: an agent that knows only its cards asks who it is. With a token in its medium it gets the mask, at every
// microversion; in a boot that brought none, the first lookup that passes every check gets the token, once.
//
// What is decided is in trust/agent-token/decide-lookup.ts; here the facts are fetched, and what was decided is
// stored before it is answered.

import { TOKEN_MASK } from '@bessemer/protocol/agent/token';
import type { BessemerConfig, SealedToken } from '@bessemer/protocol/agent/trust';
import type { AgentEventName } from '@bessemer/protocol/events/agent-events';
import type { JsonObject } from '@bessemer/protocol/json';
import { maskInstanceInfo, maskSecrets } from '@bessemer/protocol/node/mask';
import type { NodeRecord } from '@bessemer/protocol/node/record';
import { stateRow } from '@bessemer/protocol/node/states';
import type { PortRecord } from '@bessemer/protocol/port/record';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import { type AgentSessionRecord, countMaskedLookup, findOpenSession } from '#store/agent-sessions';
import { findNode } from '#store/nodes';
import { listPortsByAddress } from '#store/ports';
import { findOpenWorkflow } from '#store/workflows';
import {
  decideLookup,
  type LookupDecision,
  type LookupFacts,
  type LookupRules,
} from '#trust/agent-token/decide-lookup';
import { judgeLookupProof } from '#trust/agent-token/lookup-proof';

import { minTrustLevelOf } from '../boot-ramdisk/session-wish.ts';
import type { LookupAnswer, LookupRequest } from '../conductor.ts';
import type { ConductorParts } from '../conductor-parts.ts';
import { DISCOVER_NAME, DISCOVERY_TRUST_MIN, FOUND_FROM } from '../discovery/discovery-names.ts';
import { staticAddresses } from '../poll/poll-addresses.ts';
import { makeEventNoter, type TrustEvent } from '../trust-events.ts';
import { endWindow, type Grant, grantToken, suspectRivals } from './give-token.ts';

/** More cards no machine has; each costs a search. */
const ADDRESSES_MAX = 64;
/** Each try that fails was overtaken by one that changed the session for good; there are not many such changes. */
const TRIES_MAX = 3;

type Found =
  | { readonly kind: 'node'; readonly node: NodeRecord; readonly ports: readonly PortRecord[] }
  | { readonly kind: 'none'; readonly reason: 'unknown' | 'ambiguous' };

/** The one node that the MACs lead to; a node named by UUID must have one of the MACs too, when MACs are sent. */
const nodeOf = async (
  parts: Pick<ConductorParts, 'store'>,
  request: Pick<LookupRequest, 'addresses' | 'nodeUuid'>,
): Promise<Found> => {
  if (request.addresses.length > ADDRESSES_MAX) return { kind: 'none', reason: 'ambiguous' };
  const ports = await listPortsByAddress(parts.store.db, request.addresses);
  const uuids = new Set(ports.map((port) => port.nodeUuid));
  if (uuids.size > 1) return { kind: 'none', reason: 'ambiguous' };
  const [byAddress] = uuids;
  const { nodeUuid } = request;
  if (nodeUuid !== undefined && byAddress !== undefined && byAddress !== nodeUuid) {
    return { kind: 'none', reason: 'ambiguous' };
  }
  const wanted = nodeUuid ?? byAddress;
  const node = wanted === undefined ? undefined : await findNode(parts.store.db, wanted);
  return node === undefined ? { kind: 'none', reason: 'unknown' } : { kind: 'node', node, ports };
};

export const lookupConfig = (parts: ConductorParts, node: NodeRecord): JsonObject => ({
  metrics: {
    backend: 'noop',
    prepend_host: false,
    prepend_uuid: false,
    prepend_host_reverse: true,
    global_prefix: null,
  },
  metrics_statsd: { statsd_host: 'localhost', statsd_port: 8_125 },
  heartbeat_timeout: Math.round(parts.options.heartbeatTimeoutMs / 1_000),
  agent_token: TOKEN_MASK,
  agent_token_required: true,
  agent_md5_checksum_enable: parts.options.isMd5Allowed,
  disable_deep_image_inspection: false,
  permitted_image_formats: ['raw', 'gpt', 'qcow2', 'iso'],
  enable_bios_bootloader_install: false,
  agent_skip_bmc_detect: node.interfaces.management === 'redfish',
  agent_containers: {
    allow_arbitrary_containers: false,
    allowed_containers: [],
    container_steps_file: '',
    runner: 'podman',
    pull_options: '',
    run_options: '',
  },
  tls_min_version: '1.2',
  tls_cipher_suites: null,
});

const bessemerConfig = (
  parts: Pick<ConductorParts, 'identity'>,
  session: AgentSessionRecord,
  sealed: SealedToken | null,
): BessemerConfig => ({
  session: session.id,
  boot_number: session.bootNumber,
  trust: { signatures: true, client_certificate: parts.identity !== undefined },
  ...(sealed === null ? {} : { sealed_token: sealed }),
});

type Given = { readonly token: string; readonly sealed: SealedToken | null };

const answerOf = (
  parts: ConductorParts,
  node: NodeRecord,
  session: AgentSessionRecord,
  given: Given | undefined,
): LookupAnswer => ({
  node: {
    uuid: node.uuid,
    properties: node.properties,
    instance_info: maskInstanceInfo(node.instanceInfo),
    driver_internal_info: maskSecrets(node.driverInternalInfo),
  },
  config: {
    ...lookupConfig(parts, node),
    agent_token: given?.token ?? TOKEN_MASK,
    bessemer: bessemerConfig(parts, session, given?.sealed ?? null),
  },
});

const knownAddresses = async (
  parts: ConductorParts,
  node: NodeRecord,
  request: LookupRequest,
): Promise<readonly string[]> => {
  const found = await parts.addresses?.addressesOf({
    nodeUuid: node.uuid,
    macs: request.addresses,
    networkData: node.networkData,
    driverInfo: node.driverInfo,
  });
  return [...staticAddresses(node.networkData), ...(found ?? []).map(({ address }) => address)];
};

const rulesOf = (parts: ConductorParts, known: readonly string[]): LookupRules => {
  const { lookupSourceCheck: asked, lookupWindow, settleMs } = parts.options;
  const isAnyKnown = known.length > 0 || parts.addresses?.knowsLeases === true;
  return {
    sourceCheck: asked === 'automatic' ? (isAnyKnown ? 'lease' : 'network') : asked,
    isWindowEnforced: lookupWindow === 'enforce',
    settleMs,
  };
};

const factsOf = (
  parts: ConductorParts,
  request: LookupRequest,
  { node, ports }: Extract<Found, { readonly kind: 'node' }>,
  known: readonly string[],
): Omit<LookupFacts, 'session'> => {
  const { clock, options } = parts;
  const nowMs = clock.wallMs();
  return {
    nowMs,
    isStateRight: !options.isLookupRestricted || stateRow(node.provisionState).isLookupAllowed,
    isCardKnown: ports.some((port) => port.pxeEnabled),
    sourceAddress: request.sourceAddress,
    knownAddresses: known,
    allowedNetworks: options.allowedNetworks,
    minTrustLevel: minTrustLevelOf(node, options),
    proof:
      request.proof === undefined
        ? undefined
        : judgeLookupProof(request.proof, {
            nowMs,
            clockSkewMs: options.clockSkewMs,
            host: new URL(parts.urls.agentApi).host,
          }),
  };
};

/** Where a machine called from that is being discovered; undefined for every other node. */
const foundFrom = async (
  { store }: Pick<ConductorParts, 'store'>,
  node: NodeRecord,
): Promise<string | undefined> => {
  if (node.provisionState !== 'enroll') return undefined;
  const workflow = await findOpenWorkflow(store.db, node.uuid);
  const from = workflow?.kind === DISCOVER_NAME ? workflow.context[FOUND_FROM] : undefined;
  return typeof from === 'string' ? from : undefined;
};

/** Its state is that of a node that nobody has taken on, and nothing but a proved key is believed. */
const discoveredFacts = (facts: Omit<LookupFacts, 'session'>): Omit<LookupFacts, 'session'> => ({
  ...facts,
  isStateRight: true,
  minTrustLevel: Math.max(facts.minTrustLevel, DISCOVERY_TRUST_MIN),
});

const aboutRequest = (request: LookupRequest): Pick<TrustEvent, 'source' | 'requestId'> => ({
  source: request.sourceAddress,
  requestId: request.requestId,
});

/** What an agent gets to know that posted its inventory: never a token. */
export const maskedAnswer = (
  parts: ConductorParts,
  node: NodeRecord,
  session: AgentSessionRecord,
): LookupAnswer => answerOf(parts, node, session, undefined);

export type Lookup = (request: LookupRequest) => Promise<LookupAnswer | undefined>;

/** `nudge` is told of a node whose workflow should look at what happened. */
export const makeLookup = (parts: ConductorParts, nudge: (nodeUuid: NodeUuid) => void): Lookup => {
  const note = makeEventNoter(parts);

  const deny = async (
    request: LookupRequest,
    reason: string,
    nodeUuid?: NodeUuid,
  ): Promise<undefined> => {
    await note({
      name: reason === 'trust' ? 'agent.trust.too_low' : 'agent.lookup.denied',
      nodeUuid,
      ...aboutRequest(request),
      outcome: 'refused',
      detail: { reason },
    });
    return undefined;
  };

  const mask = async (
    request: LookupRequest,
    session: AgentSessionRecord,
    name: AgentEventName,
  ): Promise<void> => {
    // Shares its commit with whoever else waits for one.
    await parts.store.transaction((transaction) => countMaskedLookup(transaction, session.id));
    await note({
      name,
      nodeUuid: session.nodeUuid,
      sessionId: session.id,
      bootNumber: session.bootNumber,
      ...aboutRequest(request),
      outcome: 'seen',
    });
  };

  /** Carries out a decision; undefined when another request changed the session first. */
  const carryOut = async (
    request: LookupRequest,
    node: NodeRecord,
    session: AgentSessionRecord | undefined,
    decision: LookupDecision,
  ): Promise<{ readonly answer: LookupAnswer | undefined } | undefined> => {
    if (decision.kind === 'deny' || session === undefined) {
      const reason = decision.kind === 'deny' ? decision.reason : 'window';
      return { answer: await deny(request, reason, node.uuid) };
    }
    if (decision.kind === 'close') {
      if (await endWindow(parts, session)) nudge(node.uuid);
      return { answer: await deny(request, 'window', node.uuid) };
    }
    if (decision.kind === 'mask') {
      await mask(request, session, decision.event);
      return { answer: answerOf(parts, node, session, undefined) };
    }
    if (decision.kind === 'rival') {
      if (await suspectRivals(parts, session, request.sourceAddress)) nudge(node.uuid);
      return { answer: answerOf(parts, node, session, undefined) };
    }
    const { sourceAddress: to, requestId } = request;
    const grant: Grant = { ...decision, to, requestId };
    const given = await grantToken(parts, session, grant);
    return given && { answer: answerOf(parts, node, session, given) };
  };

  return async (request) => {
    const found = await nodeOf(parts, request);
    if (found.kind === 'none') return deny(request, found.reason);
    const { node } = found;
    const from = await foundFrom(parts, node);
    const known = from === undefined ? await knownAddresses(parts, node, request) : [from];
    const rules = rulesOf(parts, known);
    const facts = factsOf(parts, request, found, known);
    const allowed = from === undefined ? facts : discoveredFacts(facts);
    const sourceRules = from === undefined ? rules : { ...rules, sourceCheck: 'lease' as const };
    for (let tries = 0; tries < TRIES_MAX; tries += 1) {
      const session = await findOpenSession(parts.store.db, node.uuid);
      const done = await carryOut(
        request,
        node,
        session,
        decideLookup({ ...allowed, session }, sourceRules),
      );
      if (done !== undefined) return done.answer;
    }
    return deny(request, 'window', node.uuid);
  };
};

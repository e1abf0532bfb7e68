// A session for the boot that comes next: what the machine gets to know, and what it will be believed by. It exists,
// and every older one is closed, before the machine gets power: nothing that ran before can speak for this boot.

import { randomUUID } from 'node:crypto';

import { Failure } from '@bessemer/protocol/errors/failure';
import { addedKernelArguments } from '@bessemer/protocol/node/kernel-arguments';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import { renderAgentArchive } from '#media/agent-archive';
import { forgetOldSessions } from '#store/agent-session-history';
import {
  type AgentSessionRecord,
  closeSession,
  findOpenSession,
  insertSession,
  nextBootNumber,
} from '#store/agent-sessions';
import type { Queryable } from '#store/database';
import { listPortsOfNode } from '#store/ports';
import { makeToken, sealAgentKey, sealToken, type SessionIdentity } from '#trust/agent-token/grant';
import { pinOfCertificate } from '#trust/certificate/pin';

import { createBootMedium, revokeBootMedia } from '../boot-media.ts';
import { createNetworkBoot, revokeNetworkBoots } from '../network-boots.ts';
import { staticAddresses } from '../poll/poll-addresses.ts';
import { noteEvent, tokenMark } from '../trust-events.ts';
import type { Job, Step } from '../workflow/step.ts';
import { ramdiskIsoOf, ramdiskKernelOf } from './ramdisk-iso.ts';
import {
  minTrustLevelOf,
  reachableTrustLevel,
  type SessionWish,
  sessionWish,
} from './session-wish.ts';

/** Token and key for one boot. */
const makeCredentials = async (job: Job, nowMs: number) => {
  const { issueAgentCertificate } = await import('#trust/certificate/issue-certificate');
  const issued = await issueAgentCertificate(job.parts.authority, {
    commonName: `node ${job.node.uuid}`,
    addresses: staticAddresses(job.node.networkData),
    nowMs,
  });
  return { ...makeToken(), ...issued };
};

type Credentials = Awaited<ReturnType<typeof makeCredentials>>;

type Boot = {
  readonly nodeUuid: NodeUuid;
  readonly sessionId: string;
  readonly bootNumber: number;
  readonly archive: Buffer;
  readonly expiresMs: number;
};

/** Arguments that stock ramdisks know too; everything secret is in the archive, never on the kernel's line. */
const kernelArguments = (job: Job, wish: SessionWish): readonly string[] => [
  ...addedKernelArguments(job.node, job.parts.options.kernelAppendParams),
  ...(wish.route === 'poll' ? [] : [`ipa-api-url=${job.parts.urls.agentApi}`]),
];

/** Of the machine, apart from leases: those are asked for at each fetch, as they move. */
const knownAddresses = async (
  { parts, node }: Job,
  macs: readonly string[],
): Promise<readonly string[]> => {
  const { uuid: nodeUuid, networkData, driverInfo } = node;
  const cards = { nodeUuid, macs, networkData, driverInfo };
  const found = (await parts.addresses?.addressesOf(cards)) ?? [];
  const lasting = found.filter(({ origin }) => origin !== 'lease');
  return [...new Set([...staticAddresses(networkData), ...lasting.map(({ address }) => address)])];
};

/** Finds what the machine boots from, before anything is stored; returns what stores the boot. */
const bootMaker = async (
  job: Job,
  wish: SessionWish,
): Promise<(queryable: Queryable, boot: Boot) => Promise<void>> => {
  const { parts, node } = job;
  if (wish.transport === 'vmedia') {
    const basePath = await ramdiskIsoOf(node, parts.options);
    return async (queryable, boot) => {
      await createBootMedium(queryable, parts, { ...boot, basePath });
    };
  }
  const ports = await listPortsOfNode(parts.store.db, node.uuid);
  const macs = ports.filter((port) => port.pxeEnabled).map((port) => port.address);
  if (macs.length === 0) {
    throw new Failure('node.invalid', 'The node has no port with pxe_enabled to boot from.');
  }
  const what = {
    macs,
    addresses: await knownAddresses(job, macs),
    kernelArguments: kernelArguments(job, wish),
    ...(await ramdiskKernelOf(node, parts.options)),
  };
  return (queryable, boot) => createNetworkBoot(queryable, parts, { ...boot, ...what });
};

type NewBoot = {
  readonly identity: SessionIdentity & { readonly nodeUuid: NodeUuid };
  readonly wish: SessionWish;
  readonly credentials: Credentials | null;
  readonly nowMs: number;
};

const insertNewSession = async (
  queryable: Queryable,
  { parts, workflow }: Job,
  { identity, wish, credentials, nowMs }: NewBoot,
): Promise<void> => {
  const { nodeUuid, sessionId, bootNumber } = identity;
  await closeSession(queryable, nodeUuid, { reason: 'superseded', nowMs });
  const { options } = parts;
  const isOpen = credentials === null;
  const shared = {
    id: sessionId,
    nodeUuid,
    bootNumber,
    route: wish.route,
    transport: wish.transport,
    cause: workflow.kind,
    windowOpenedMs: nowMs,
    windowClosesMs: nowMs + (isOpen ? options.lookupWindowMs : options.mediaLifetimeMs),
    trustLevel: wish.trustLevel,
  };
  await insertSession(
    queryable,
    isOpen
      ? { ...shared, state: 'OPEN' }
      : {
          ...shared,
          state: 'SEALED',
          tokenHash: credentials.hash,
          tokenSealed: sealToken(parts.keys, credentials.token, identity),
          keySealed: sealAgentKey(parts.keys, credentials.keyPem, identity),
          certificate: credentials.certificatePem,
          pin: pinOfCertificate(credentials.certificatePem),
        },
  );
};

/** Last in the transaction, as every event. */
const tellOfSession = async (
  queryable: Queryable,
  { parts, workflow }: Job,
  { identity, wish, credentials }: NewBoot,
  before: AgentSessionRecord | undefined,
): Promise<void> => {
  if (before !== undefined) {
    await noteEvent(queryable, parts, {
      name: 'agent.session.closed',
      nodeUuid: before.nodeUuid,
      sessionId: before.id,
      bootNumber: before.bootNumber,
      outcome: 'changed',
      detail: { reason: 'superseded', state: before.state },
    });
  }
  await noteEvent(queryable, parts, {
    name: credentials === null ? 'agent.session.opened' : 'agent.session.sealed',
    ...identity,
    outcome: 'changed',
    detail: {
      cause: workflow.kind,
      route: wish.route,
      transport: wish.transport,
      ...(credentials === null ? {} : { token: tokenMark(credentials.hash) }),
    },
  });
};

export const openSession: Step = {
  name: 'open_session',
  // Run again it makes another session with the next boot number; the one of the killed process never reached a machine.
  isIdempotent: true,
  run: async (job) => {
    const { parts, node } = job;
    const wish = sessionWish(node, job.driver, parts.options);
    const [asked, reachable] = [minTrustLevelOf(node, parts.options), reachableTrustLevel(wish)];
    if (reachable < asked) {
      throw new Failure(
        'node.invalid',
        `The node asks for trust level ${asked}, and this way of booting reaches ${reachable}.`,
      );
    }
    const isKeyKnown = wish.route !== 'lookup';
    const createBoot = await bootMaker(job, wish);
    const bootNumber = await nextBootNumber(parts.store.db, node.uuid);
    const identity = { nodeUuid: node.uuid, sessionId: randomUUID(), bootNumber };
    const nowMs = parts.clock.wallMs();
    const credentials = isKeyKnown ? await makeCredentials(job, nowMs) : null;
    const archive = renderAgentArchive({
      apiUrl: wish.route === 'poll' ? null : parts.urls.agentApi,
      authorityPem: parts.authority.certificatePem,
      credentials,
      isConductorProven: parts.identity !== undefined,
      nodeUuid: node.uuid,
      sessionId: identity.sessionId,
      bootNumber,
      serviceTimeMs: nowMs,
      networkData: node.networkData,
    });
    const expiresMs = nowMs + parts.options.mediaLifetimeMs;
    const boot = {
      nodeUuid: node.uuid,
      sessionId: identity.sessionId,
      bootNumber,
      archive,
      expiresMs,
    };
    return {
      kind: 'done',
      context: { sessionId: identity.sessionId, bootNumber },
      detail: { boot_number: bootNumber, route: wish.route, transport: wish.transport },
      also: async (transaction) => {
        await revokeBootMedia(transaction, node.uuid, nowMs);
        await revokeNetworkBoots(transaction, node.uuid, nowMs);
        const before = await findOpenSession(transaction, node.uuid);
        await insertNewSession(transaction, job, { identity, wish, credentials, nowMs });
        await createBoot(transaction, boot);
        await forgetOldSessions(transaction, node.uuid, nowMs);
        await tellOfSession(transaction, job, { identity, wish, credentials, nowMs }, before);
      },
    };
  },
};

// Gets our ramdisk to run on the machine, in steps: off, a session with a token and key made for this boot, the
// medium that carries them, on, and the wait for the agent to call. The session exists, and every older one is
// closed, before the machine gets power: nothing that ran before can speak for this boot.

import { randomUUID } from 'node:crypto';

import { Failure } from '@bessemer/protocol/errors/failure';
import { isJsonObject, type JsonObject } from '@bessemer/protocol/json';

import { renderAgentArchive } from '#media/agent-archive';
import {
  closeSession,
  findOpenSession,
  insertSession,
  nextBootNumber,
} from '#store/agent-sessions';
import { makeToken, sealAgentKey, sealToken } from '#trust/agent-token/grant';
import { pinOfCertificate } from '#trust/certificate/pin';

import { bindingConflict } from '../agent-session/binding-conflict.ts';
import { createBootMedium, revokeBootMedia } from '../boot-media.ts';
import { powerOff, powerOn } from '../power/power-steps.ts';
import {
  DONE,
  type Job,
  planned,
  type Step,
  type StepResult,
  type StepWait,
} from '../workflow/step.ts';
import { ramdiskIsoOf } from './ramdisk-iso.ts';

/** Addresses that the machine will have, as far as we give them to it. */
const staticAddresses = (networkData: JsonObject): string[] => {
  const networks = Array.isArray(networkData['networks']) ? networkData['networks'] : [];
  return networks.flatMap((network) =>
    isJsonObject(network) && typeof network['ip_address'] === 'string'
      ? [network['ip_address'].split('/')[0] ?? '']
      : [],
  );
};

/** Virtual media with a key known before the boot: level 2. */
const VMEDIA_TRUST_LEVEL = 2;

const openSession: Step = {
  name: 'open_session',
  // Run again it makes another session with the next boot number; the one of the killed process never reached a machine.
  isIdempotent: true,
  run: async (job) => {
    const { parts, node } = job;
    const { issueAgentCertificate } = await import('#trust/certificate/issue-certificate');
    const basePath = await ramdiskIsoOf(node, parts.options);
    const bootNumber = await nextBootNumber(parts.store.db, node.uuid);
    const identity = { nodeUuid: node.uuid, sessionId: randomUUID(), bootNumber };
    const { token, hash } = makeToken();
    const nowMs = parts.clock.wallMs();
    const { certificatePem, keyPem } = await issueAgentCertificate(parts.authority, {
      commonName: `node ${node.uuid}`,
      addresses: staticAddresses(node.networkData),
      nowMs,
    });
    const archive = renderAgentArchive({
      apiUrl: parts.urls.agentApi,
      token,
      authorityPem: parts.authority.certificatePem,
      certificatePem,
      keyPem,
      nodeUuid: node.uuid,
      sessionId: identity.sessionId,
      bootNumber,
      serviceTimeMs: nowMs,
      networkData: node.networkData,
    });
    return {
      kind: 'done',
      context: { sessionId: identity.sessionId, bootNumber },
      detail: { boot_number: bootNumber },
      also: async (transaction) => {
        await closeSession(transaction, node.uuid, { reason: 'superseded', nowMs });
        await revokeBootMedia(transaction, node.uuid, nowMs);
        await insertSession(transaction, {
          id: identity.sessionId,
          nodeUuid: node.uuid,
          bootNumber,
          route: 'vmedia',
          cause: job.workflow.kind,
          state: 'SEALED',
          windowOpenedMs: nowMs,
          windowClosesMs: nowMs + parts.options.mediaLifetimeMs,
          tokenHash: hash,
          tokenSealed: sealToken(parts.keys, token, identity),
          keySealed: sealAgentKey(parts.keys, keyPem, identity),
          certificate: certificatePem,
          pin: pinOfCertificate(certificatePem),
          trustLevel: VMEDIA_TRUST_LEVEL,
        });
        await createBootMedium(transaction, parts, {
          nodeUuid: node.uuid,
          sessionId: identity.sessionId,
          bootNumber,
          basePath,
          archive,
          expiresMs: nowMs + parts.options.mediaLifetimeMs,
        });
      },
    };
  },
};

const attachMedia: Step = {
  name: 'attach_media',
  isIdempotent: true,
  run: async (job) => {
    const { bootMediumUrl } = await import('../boot-media.ts');
    const url = await bootMediumUrl(job.parts.store.db, job.parts, job.node.uuid);
    if (url === undefined) {
      throw new Failure('media.missing', 'The boot medium of this session was revoked meanwhile.');
    }
    await job.driver.boot.prepareRamdisk(job.node, { url });
    return DONE;
  },
};

const kindOfTimeout = (kind: string): 'deploy' | 'clean' | 'inspect' =>
  kind === 'deploy' || kind === 'inspect' ? kind : 'clean';

const agentWait = (job: Job, isFirst: boolean): StepWait => ({
  kind: 'wait',
  what: 'the agent to call for the first time',
  on: `the machine of node ${job.node.name ?? job.node.uuid}, booting our ramdisk`,
  remedy:
    'Look at the console of the machine: does it boot from the virtual medium, and does it reach the agent ' +
    `listener at ${job.parts.urls.agentApi}?`,
  timeoutCode: 'agent.not-called',
  ...(isFirst
    ? { timeoutMs: job.parts.options.callbackTimeoutMs[kindOfTimeout(job.workflow.kind)] }
    : {}),
});

const hasCalled = async (job: Job): Promise<boolean> => {
  const session = await findOpenSession(job.parts.store.db, job.node.uuid);
  if (session === undefined || session.id !== job.workflow.context['sessionId']) return false;
  if (session.state === 'SUSPECT') throw bindingConflict();
  return session.state === 'BOUND';
};

const waitForAgent: Step = {
  name: 'wait_for_agent',
  isIdempotent: true,
  run: async (job): Promise<StepResult> => ((await hasCalled(job)) ? DONE : agentWait(job, true)),
  look: async (job): Promise<StepResult> => ((await hasCalled(job)) ? DONE : agentWait(job, false)),
};

export const BOOT_RAMDISK_STEPS: readonly Step[] = [
  powerOff,
  openSession,
  attachMedia,
  powerOn,
  waitForAgent,
];

export const bootRamdiskPlan = () => BOOT_RAMDISK_STEPS.map(({ name }) => planned(name, 'boot'));

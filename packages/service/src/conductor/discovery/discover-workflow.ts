// What follows when a machine was found: its agent proves its key at a first lookup, over the same address and with the
// same cards; the BMC gets passwords of the service from inside of the machine, each proved over its network; the
// accounts that were there before are disabled; the machine powers itself off. The node stays in state `enroll` all the time.

import { randomUUID } from 'node:crypto';

import { Failure } from '@bessemer/protocol/errors/failure';

import { closeSession, insertSession, nextBootNumber } from '#store/agent-sessions';
import type { PlannedStep } from '#store/workflows';

import { withAgent } from '../agent-session/with-agent.ts';
import { commandFailure } from '../agent-session/agent-command.ts';
import { doorsOf, rotationPartsOf } from '../bmc-credential/credential-parts.ts';
import { beginTakeOver } from '../bmc-credential/take-over.ts';
import { closeBoot } from '../boot-ramdisk/leave-ramdisk.ts';
import { checkedInventory } from '../inspect/checked-inventory.ts';
import { noteEvent } from '../trust-events.ts';
import { DONE, type Job, planned, type Step } from '../workflow/step.ts';
import type { WorkflowKind } from '../workflow/workflow-kind.ts';
import { DISCOVER_NAME, FOUND_MACS } from './discovery-names.ts';
import { disableFactoryAccounts } from './factory-accounts.ts';

const openDiscoverySession: Step = {
  name: 'open_discovery_session',
  // Run again it makes another session; nobody was given a token of the one before.
  isIdempotent: true,
  run: async ({ parts, node, workflow }) => {
    const bootNumber = await nextBootNumber(parts.store.db, node.uuid);
    const sessionId = randomUUID();
    const nowMs = parts.clock.wallMs();
    return {
      kind: 'done',
      context: { sessionId, bootNumber },
      detail: { boot_number: bootNumber },
      also: async (transaction) => {
        await closeSession(transaction, node.uuid, { reason: 'superseded', nowMs });
        await insertSession(transaction, {
          id: sessionId,
          nodeUuid: node.uuid,
          bootNumber,
          route: 'lookup',
          transport: 'network',
          cause: workflow.kind,
          windowOpenedMs: nowMs,
          windowClosesMs: nowMs + parts.options.lookupWindowMs,
          trustLevel: 1,
          state: 'OPEN',
        });
        await noteEvent(transaction, parts, {
          name: 'agent.session.opened',
          nodeUuid: node.uuid,
          sessionId,
          bootNumber,
          outcome: 'changed',
          detail: { cause: workflow.kind, route: 'lookup', transport: 'network' },
        });
      },
    };
  },
};

/** The agent that has the token now, over the line whose key it proved, says the same as who posted the inventory. */
const confirmMachine: Step = {
  name: 'confirm_discovered_machine',
  isIdempotent: true,
  run: async (job) => {
    const result = await withAgent(job, (agent) =>
      agent.send('poll.get_hardware_info', {}, { isWaiting: true }),
    );
    if (result.command_status !== 'SUCCEEDED') throw commandFailure(result);
    const { interfaces } = checkedInventory(result.command_result);
    const macs = [...new Set(interfaces.map((card) => card.mac_address.toLowerCase()))].toSorted();
    const found = job.workflow.context[FOUND_MACS];
    const isSame =
      Array.isArray(found) && JSON.stringify(found.map(String).toSorted()) === JSON.stringify(macs);
    if (isSame) return DONE;
    throw new Failure(
      'agent.not-believed',
      'The machine that has the token has other cards than the one that was found.',
    );
  },
};

/** Without a way to the BMC, or with nothing to keep passwords in, the node is left to a person. */
const canTakeOver = (job: Job): boolean => {
  const options = rotationPartsOf(job.parts)?.options;
  return options?.isRotatedOnDiscovery === true && doorsOf(job.driver, job.node).length > 0;
};

const takeOverBmc: Step = {
  name: 'take_over_bmc',
  isIdempotent: true,
  run: async (job) => {
    const parts = rotationPartsOf(job.parts);
    if (parts === undefined || !canTakeOver(job)) return { ...DONE, detail: { taken_over: false } };
    return beginTakeOver(job, parts, { trigger: 'discovery', path: 'inband' }, [
      planned(disableFactoryAccounts.name, 'management'),
    ]);
  },
};

/** Nothing is lost when it does not listen: it has no token any more afterwards. */
const switchOff = async (job: Job): Promise<void> => {
  try {
    await withAgent(job, (agent) => agent.send('standby.power_off', {}, { isWaiting: false }));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    job.log.info({ code: error.code }, 'the machine that was found does not power itself off');
  }
};

const dismissMachine: Step = {
  name: 'dismiss_discovered_machine',
  isIdempotent: true,
  run: async (job) => {
    await switchOff(job);
    return DONE;
  },
};

export const DISCOVER_STEPS: readonly Step[] = [
  openDiscoverySession,
  confirmMachine,
  takeOverBmc,
  disableFactoryAccounts,
  dismissMachine,
];

export const discoverPlan = (): readonly PlannedStep[] => [
  planned(openDiscoverySession.name, 'boot'),
  planned('wait_for_agent', 'boot'),
  planned(confirmMachine.name, 'inspect'),
  planned(takeOverBmc.name, 'management'),
  planned(dismissMachine.name, 'power'),
];

export const DISCOVER: WorkflowKind = {
  name: DISCOVER_NAME,
  eventType: 'introspection',
  bringToRest: async (job) => {
    await switchOff(job);
    return [];
  },
  onEnd: closeBoot,
};

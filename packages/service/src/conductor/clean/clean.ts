// Cleaning: nothing of the last tenant, and a record per disk that says so. Automated after `provide` and
// `deleted`, manual with steps of the caller's choice. A node that was not cleaned does not become available.

import { Failure } from '@bessemer/protocol/errors/failure';
import { isJsonObject, type JsonObject } from '@bessemer/protocol/json';
import type { NodeRecord } from '@bessemer/protocol/node/record';

import type { NodeDriver } from '#drivers/driver';
import { listPortsOfNode } from '#store/ports';
import type { PlannedStep } from '#store/workflows';

import { commandFailure } from '../agent-session/agent-command.ts';
import { nodeForAgent, portForAgent } from '../agent-session/node-for-agent.ts';
import { AGENT_STEP_RUNNER, makeAgentStep, REBOOT_KEY } from '../agent-session/run-agent-step.ts';
import { withAgent } from '../agent-session/with-agent.ts';
import { recoverBoot } from '../boot-ramdisk/boot-again.ts';
import { bootRamdiskPlan } from '../boot-ramdisk/boot-ramdisk.ts';
import { bringRamdiskToRest, closeBoot } from '../boot-ramdisk/leave-ramdisk.ts';
import { keepErasures } from './keep-erasures.ts';
import type { StepRequest } from '../conductor.ts';
import type { ConductorParts } from '../conductor-parts.ts';
import { DONE, planned, type Step } from '../workflow/step.ts';
import type { WorkflowKind } from '../workflow/workflow-kind.ts';

/** Equal priority: the outermost interface first. */
const INTERFACE_RANK: { readonly [kind: string]: number } = {
  vendor: 7,
  power: 6,
  management: 5,
  firmware: 4,
  deploy: 3,
  bios: 2,
  raid: 1,
};

type OfferedStep = {
  readonly step: string;
  readonly interface: string;
  readonly priority: number;
  readonly reboot_requested?: boolean;
};

const isOffered = (step: unknown): step is OfferedStep =>
  isJsonObject(step) &&
  typeof step['step'] === 'string' &&
  typeof step['interface'] === 'string' &&
  typeof step['priority'] === 'number';

/** A list that cannot be read is no empty list: a node is not available because nobody knew how to erase it. */
const offeredSteps = (result: unknown): OfferedStep[] => {
  const byManager = isJsonObject(result) ? result['clean_steps'] : undefined;
  const offered: unknown[] = isJsonObject(byManager)
    ? Object.values(byManager).flat()
    : [undefined];
  if (!offered.every(isOffered)) {
    throw new Failure('agent.protocol', 'The agent did not say which clean steps it has.');
  }
  // Which of two would run is the agent's choice then, and one of them may only look like erasing.
  const names = offered.map((step) => `${step.interface}.${step.step}`);
  const double = names.find((name, index) => names.indexOf(name) !== index);
  if (double === undefined) return offered;
  throw new Failure(
    'steps.invalid',
    `The agent offers the clean step ${double} more than once; a plug-in may not bring a step that the agent has.`,
  );
};

const agentStep = (step: OfferedStep, args: JsonObject = {}): PlannedStep => ({
  name: step.step,
  interface: step.interface,
  priority: step.priority,
  args: {
    runner: AGENT_STEP_RUNNER.clean,
    args,
    ...(step.reboot_requested === true ? { [REBOOT_KEY]: true } : {}),
  },
});

const withOverrides = (step: OfferedStep, parts: ConductorParts): OfferedStep => {
  const overrides: { readonly [step: string]: number | undefined } = parts.options.erasePriority;
  return { ...step, priority: overrides[step.step] ?? step.priority };
};

const automatedSteps = (offered: readonly OfferedStep[], parts: ConductorParts): PlannedStep[] =>
  offered
    .map((step) => withOverrides(step, parts))
    .filter((step) => step.priority > 0)
    .sort(
      (a, b) =>
        b.priority - a.priority ||
        (INTERFACE_RANK[b.interface] ?? 0) - (INTERFACE_RANK[a.interface] ?? 0),
    )
    .map((step) => agentStep(step));

const manualSteps = (
  asked: readonly StepRequest[],
  offered: readonly OfferedStep[],
): PlannedStep[] =>
  asked.map((wish) => {
    const known = offered.find(
      (step) => step.step === wish.step && step.interface === wish.interface,
    );
    if (known === undefined) {
      throw new Failure(
        'steps.invalid',
        `The node offers no clean step ${wish.interface}.${wish.step}. It offers ${offered
          .map((step) => `${step.interface}.${step.step}`)
          .join(', ')}.`,
      );
    }
    return agentStep(known, wish.args);
  });

const getCleanSteps: Step = {
  name: 'get_clean_steps',
  isIdempotent: true,
  run: async (job) => {
    const ports = await listPortsOfNode(job.parts.store.db, job.node.uuid);
    const params = { node: nodeForAgent(job.node), ports: ports.map(portForAgent) };
    const result = await withAgent(job, (agent) =>
      agent.send('clean.get_clean_steps', params, { isWaiting: true }),
    );
    if (result.command_status !== 'SUCCEEDED') throw commandFailure(result);
    const offered = offeredSteps(result.command_result);
    const { asked } = job.planned.args;
    const steps = Array.isArray(asked)
      ? manualSteps(asked as unknown as StepRequest[], offered)
      : automatedSteps(offered, job.parts);
    const isErasingOff = job.parts.options.erasePriority.erase_devices === 0;
    if (!Array.isArray(asked) && steps.length === 0 && !isErasingOff) {
      throw new Failure(
        'steps.invalid',
        'The agent offers no automated clean step that erases disks.',
      );
    }
    return { kind: 'done', steps, detail: { steps: steps.map(({ name }) => name) } };
  },
};

const simulatedClean: Step = {
  name: 'simulated_clean',
  isIdempotent: true,
  run: async (job) => {
    if (job.driver.deploy.kind === 'simulated') await job.driver.deploy.work.clean(job.node);
    return DONE;
  },
};

export const CLEAN_STEPS: readonly Step[] = [
  getCleanSteps,
  simulatedClean,
  makeAgentStep(AGENT_STEP_RUNNER.clean, { kind: 'clean', onDone: keepErasures }),
];

/** `asked` undefined: the automated steps. */
export const cleanPlan = (
  driver: NodeDriver,
  asked: readonly StepRequest[] | undefined,
): PlannedStep[] => {
  if (driver.deploy.kind === 'simulated') return [planned('simulated_clean', 'deploy')];
  const args = asked === undefined ? {} : { asked: asked as unknown as JsonObject[] };
  return [
    ...bootRamdiskPlan(),
    planned('get_clean_steps', 'deploy', args),
    planned('power_off', 'power'),
    planned('clean_up_ramdisk', 'boot'),
  ];
};

export const isAutomatedCleanOn = (
  node: Pick<NodeRecord, 'automatedClean'>,
  parts: ConductorParts,
): boolean => node.automatedClean ?? parts.options.automatedClean;

const isManual = (plan: readonly PlannedStep[]): boolean =>
  plan.some((step) => step.args['asked'] !== undefined || step.args['isManual'] === true);

/** A cleaning that began to change the machine leaves it for a person to look at. */
const hasBegun = (plan: readonly PlannedStep[], cursor: number): boolean =>
  plan.slice(0, cursor + 1).some((step) => step.args['runner'] === AGENT_STEP_RUNNER.clean);

export const CLEAN: WorkflowKind = {
  name: 'clean',
  eventType: 'cleaning',
  // A retired node is not offered again.
  doneEvent: (workflow, node) => (isManual(workflow.plan) || node.retired ? 'manage' : 'done'),
  failEvent: 'fail',
  targetOverride: (workflow) => (isManual(workflow.plan) ? 'manageable' : undefined),
  onFailed: (_node, workflow, failure) =>
    hasBegun(workflow.plan, workflow.cursor)
      ? { maintenance: true, maintenanceReason: failure.text, fault: 'clean failure' }
      : {},
  recover: recoverBoot,
  bringToRest: bringRamdiskToRest,
  onEnd: closeBoot,
};

// The steps of a deployment: our own, those of templates, and those that the caller asked for, in one order. A later
// word about the same step counts; priority 0 leaves the step out.

import { Failure } from '@bessemer/protocol/errors/failure';
import type { JsonObject } from '@bessemer/protocol/json';

import type { PlannedStep } from '#store/workflows';

import type { StepRequest } from '../conductor.ts';
import { makeStepChooser } from '../steps/choose-steps.ts';
import { byPriority, nameOf, type OfferedStep } from '../steps/offered-step.ts';
import { planAsked, planOffered } from '../steps/plan-step.ts';
import { isReserved } from '../steps/reserved-steps.ts';
import { SHOWN_AS_KEY } from '../workflow/shown-step.ts';

/** As clients know it. */
const clientNameOf = (item: PlannedStep): string => {
  const { [SHOWN_AS_KEY]: shownAs } = item.args;
  return typeof shownAs === 'string' ? `deploy.${shownAs}` : `${item.interface}.${item.name}`;
};

const FIRST = 'deploy.deploy';

/** Each step once: who asks twice means the last. Several holds or pauses are several. */
const lastWords = (asked: readonly StepRequest[]): readonly StepRequest[] => {
  const byName = new Map<string, StepRequest>();
  for (const wish of asked) {
    const isRepeatable = wish.step === 'hold' || wish.step === 'wait';
    byName.set(isRepeatable ? `${nameOf(wish)} ${wish.priority}` : nameOf(wish), wish);
  }
  return [...byName.values()];
};

const overriding = (item: PlannedStep, wish: StepRequest | undefined): PlannedStep =>
  wish === undefined
    ? item
    : {
        ...item,
        priority: wish.priority ?? item.priority,
        args: { ...item.args, ...(Object.keys(wish.args).length === 0 ? {} : { args: wish.args }) },
      };

export const mergeDeploySteps = (
  core: readonly PlannedStep[],
  offered: readonly OfferedStep[],
  asked: readonly StepRequest[],
): readonly PlannedStep[] => {
  const wishes = lastWords(asked);
  const wishOf = new Map(wishes.map((wish) => [nameOf(wish), wish]));
  const known = new Set([FIRST, ...core.map(clientNameOf)]);
  const own = core.map((item) => overriding(item, wishOf.get(clientNameOf(item))));
  const further = wishes
    .filter((wish) => !known.has(nameOf(wish)) && wish.priority !== 0)
    .map((wish) => planAsked('deploy', wish, offered));
  const isAsked = new Set(wishes.map(nameOf));
  const byThemselves = offered
    .filter(({ by, priority }) => by === 'driver' && priority > 0)
    .filter((step) => !known.has(nameOf(step)) && !isAsked.has(nameOf(step)))
    .map((step) => planOffered('deploy', step));
  return [...own, ...further, ...byThemselves]
    .filter(({ priority }) => priority > 0)
    .toSorted(byPriority);
};

export const chooseDeploySteps = makeStepChooser('deploy', (job, offered, asked) => {
  const { core } = job.planned.args;
  if (!Array.isArray(core)) throw new Failure('internal', 'a plan without its own steps');
  return mergeDeploySteps(core as unknown as PlannedStep[], offered, asked ?? []);
});

/** Steps that come before everything else and need no agent for that, and the rest of what was asked for. */
export const splitSteps = (
  asked: readonly StepRequest[],
  byDriver: readonly OfferedStep[],
  firstPriority: number,
): { readonly before: readonly PlannedStep[]; readonly others: readonly StepRequest[] } => {
  const names = new Set(byDriver.map(nameOf));
  const isBefore = (wish: StepRequest): boolean =>
    (wish.priority ?? 0) > firstPriority && (isReserved(wish.step) || names.has(nameOf(wish)));
  const wishes = lastWords(asked);
  return {
    before: wishes
      .filter(isBefore)
      .map((wish) => planAsked('deploy', wish, byDriver))
      .toSorted(byPriority),
    // Named again with nothing to do, so that a step that also runs by itself is not run twice.
    others: wishes.map((wish) => (isBefore(wish) ? { ...wish, args: NONE, priority: 0 } : wish)),
  };
};

const NONE: JsonObject = {};

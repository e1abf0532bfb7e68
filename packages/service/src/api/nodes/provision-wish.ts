// The arguments of PUT states/provision beside its verb, checked in the order of the contract.

import type { FastifyRequest } from 'fastify';

import type { ProvisionRequest, StepRequest } from '#conductor/conductor';
import { Secret } from '#trust/secret';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { JsonObject, JsonValue } from '@bessemer/protocol/json';
import { offers } from '@bessemer/protocol/microversion/features';
import type { NodeRecord } from '@bessemer/protocol/node/record';
import type { ProvisionVerb } from '@bessemer/protocol/node/verbs';

import type { ApiParts } from '../api-parts.ts';
import { notAcceptable } from '../error-envelope.ts';
import { asFlag, requireFeature } from '../query.ts';
import { readConfigDrive } from './config-drive-input.ts';
import { readRunbook } from './runbook-steps.ts';
import { readSteps, type StepKind } from './steps-input.ts';

/** What is asked, of which node, and with what. */
export type Asked = {
  readonly request: FastifyRequest;
  readonly node: NodeRecord;
  readonly verb: ProvisionVerb;
  readonly given: JsonObject;
};

export const readWish = async (parts: ApiParts, asked: Asked): Promise<ProvisionRequest> => {
  const { request, node, verb, given } = asked;
  const configDrive = readDrive(asked);
  const runbook = await readRunbook(parts, request, node, verb, given);
  const isDisabled = readRamdiskFlag(asked) ?? runbook?.isRamdiskDisabled;
  const clean = stepsFor(parts, asked, 'clean_steps', ['clean'], runbook?.steps);
  if (given['deploy_steps'] !== undefined) requireFeature(request, 'deploy-steps');
  const deploy = stepsFor(parts, asked, 'deploy_steps', ['active', 'deploy', 'rebuild']);
  const rescuePassword = readRescuePassword(asked);
  requireVersionOfState(asked);
  const service = stepsFor(parts, asked, 'service_steps', ['service'], runbook?.steps);
  const steps = clean ?? deploy ?? service;
  return {
    verb,
    ...(configDrive === undefined ? {} : { configDrive }),
    ...(steps === undefined ? {} : { steps }),
    ...(isDisabled === undefined ? {} : { isRamdiskDisabled: isDisabled }),
    ...(rescuePassword === undefined ? {} : { rescuePassword }),
  };
};

const readDrive = ({ request, verb, given }: Asked): string | JsonObject | undefined => {
  const value = given['configdrive'];
  if (value === undefined) return undefined;
  const isRight =
    verb === 'active' || (verb === 'rebuild' && offers(request.minor, 'rebuild-configdrive'));
  if (isRight) return readConfigDrive(value, request.minor);
  throw new Refusal(
    400,
    `Adding a config drive is only supported when setting provision state to active or rebuild, not ${verb}`,
  );
};

const readRamdiskFlag = ({ request, verb, given }: Asked): boolean | undefined => {
  const isDisabled = asFlag('disable_ramdisk', given['disable_ramdisk']);
  if (isDisabled === undefined) return undefined;
  if (verb === 'clean') requireFeature(request, 'clean-disable-ramdisk');
  else if (verb === 'service') requireFeature(request, 'service-disable-ramdisk');
  else throw new Refusal(400, '"disable_ramdisk" is only valid with clean and service');
  return isDisabled;
};

const OPTIONAL: ReadonlySet<StepKind> = new Set<StepKind>(['deploy_steps']);

/** `fromRunbook` stands for the list that is asked for, when there is a runbook. */
const stepsFor = (
  parts: ApiParts,
  { verb, given }: Asked,
  kind: StepKind,
  verbs: readonly ProvisionVerb[],
  fromRunbook?: readonly StepRequest[],
): readonly StepRequest[] | undefined => {
  const value = given[kind];
  if (!verbs.includes(verb)) {
    if (value === undefined) return undefined;
    throw onlyWith(kind, verbs);
  }
  if (value !== undefined) return readSteps(kind, value, parts.options.disallowedSteps);
  if (fromRunbook !== undefined || OPTIONAL.has(kind)) return fromRunbook;
  throw new Refusal(400, `"${kind}" is required when setting target provision state to ${verb}`);
};

const onlyWith = (name: string, verbs: readonly ProvisionVerb[]): Refusal =>
  new Refusal(
    400,
    `"${name}" is only valid when setting target provision state to ${verbs.join(' or ')}`,
  );

/** No login needs more, and hashing takes time that grows with it. */
const PASSWORD_CHARS_MAX = 1_024;

const readRescuePassword = ({ request, verb, given }: Asked): Secret<string> | undefined => {
  const value = given['rescue_password'];
  if (verb !== 'rescue') {
    if (value === undefined) return undefined;
    throw onlyWith('rescue_password', ['rescue']);
  }
  const isInUrl = Object.hasOwn(request.query as object, 'rescue_password');
  if (isInUrl) {
    throw new Refusal(400, '"rescue_password" belongs into the body: URLs are written into logs');
  }
  const password = asPassword(value);
  if (password.trim() !== '' && password.length <= PASSWORD_CHARS_MAX) return new Secret(password);
  throw new Refusal(
    400,
    'A non-empty "rescue_password" is required when setting target provision state to rescue, ' +
      `of at most ${PASSWORD_CHARS_MAX} characters`,
  );
};

/** What has the wrong form is not shown again. */
const asPassword = (value: JsonValue | undefined): string => {
  if (value === undefined) return '';
  if (typeof value === 'string') return value;
  throw new Refusal(400, 'Expected string for rescue_password');
};

const requireVersionOfState = ({ request, node, verb }: Asked): void => {
  const { minor } = request;
  const state = node.provisionState;
  const isTooOld =
    (verb === 'unhold' && !offers(minor, 'unhold')) ||
    (verb === 'service' && !offers(minor, 'service')) ||
    (verb === 'abort' &&
      ((state === 'inspect wait' && !offers(minor, 'abort-inspect-wait')) ||
        (state === 'wait call-back' && !offers(minor, 'abort-deploy-wait'))));
  if (isTooOld) throw notAcceptable();
};

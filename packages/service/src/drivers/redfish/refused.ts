// A request that the BMC understood and did not want. Carries what it said, for those who know a way round.

import { Failure } from '@bessemer/protocol/errors/failure';

import { CHANGE_DEMANDED } from '../change-demanded.ts';
import type { Answer, Request } from './exchange.ts';
import { messagesOf, textOf, type BmcMessage } from './messages.ts';

export class BmcRefused extends Failure {
  readonly status: number;
  readonly messages: readonly BmcMessage[];

  constructor(text: string, status: number, messages: readonly BmcMessage[], path: string) {
    super('bmc.refused', text, {
      details: { status, path, keys: messages.map((each) => each.key) },
    });
    this.status = status;
    this.messages = messages;
  }
}

/** Of the specification; and what iDRAC 9 says while its password is the one that it was sold with. */
const CHANGE_DEMANDS: readonly string[] = ['PasswordChangeRequired', 'SWC1908'];

/** Nothing for a success; otherwise the failure that the answer means. `secrets` are cut out of its text. */
export const refusalOf = (
  origin: string,
  request: Request,
  answer: Answer,
  secrets: readonly string[],
): Failure | undefined => {
  if (answer.status < 400) return undefined;
  const messages = messagesOf(answer.body, secrets);
  const demand = messages.find((message) => CHANGE_DEMANDS.includes(message.key));
  if (demand !== undefined) {
    return new Failure(
      'bmc.credentials',
      `The BMC at ${origin} demands a new password for its account before anything else. Change it there, then ` +
        'in redfish_password, or let the service take the BMC over (adopt_bmc_account).',
      { details: { reason: CHANGE_DEMANDED, account: demand.arguments[0] ?? null } },
    );
  }
  const said = textOf(messages);
  const text =
    `The BMC at ${origin} refused ${request.method} ${request.path} with status ${answer.status}` +
    (said === '' ? '' : `: ${said}`);
  if (
    answer.status === 503 ||
    answer.status === 429 ||
    answer.status === 502 ||
    answer.status === 504
  ) {
    return new Failure('bmc.unreachable', text, {
      isRetryable: true,
      details: { status: answer.status },
    });
  }
  return new BmcRefused(text, answer.status, messages, request.path);
};

// Why a BMC could not be spoken to over IPMI, told apart as far as the protocol allows: what an operator must
// change differs for each, and a wrong password must never look like a lost packet (it would be tried again).

import type { FailureCode } from '@bessemer/protocol/errors/codes';
import { Failure } from '@bessemer/protocol/errors/failure';
import type { JsonObject } from '@bessemer/protocol/json';

type TroubleKind = {
  readonly code: FailureCode;
  readonly text: string;
  readonly isRetryable: boolean;
};

const TROUBLES = {
  'no-answer': {
    code: 'bmc.unreachable',
    text: 'The BMC does not answer over IPMI.',
    isRetryable: true,
  },
  'not-ipmi': {
    code: 'bmc.protocol',
    text: 'What answers at the address of the BMC does not speak IPMI.',
    isRetryable: false,
  },
  'no-ipmi-2': {
    code: 'bmc.unsupported',
    text: 'The BMC has no IPMI 2.0 over LAN.',
    isRetryable: false,
  },
  altered: {
    code: 'bmc.protocol',
    text: 'Answers of the BMC were altered on their way; none was believed.',
    isRetryable: true,
  },
  'wrong-user': {
    code: 'bmc.credentials',
    text: 'The BMC does not know the IPMI user name.',
    isRetryable: false,
  },
  'wrong-password': {
    code: 'bmc.credentials',
    text: 'The BMC has another password for the IPMI user.',
    isRetryable: false,
  },
  'wrong-bmc-key': {
    code: 'bmc.credentials',
    text: 'The BMC has another IPMI key (Kg) than the one given.',
    isRetryable: false,
  },
  'privilege-too-low': {
    code: 'bmc.refused',
    text: 'The IPMI user may not have the privilege level that was asked for.',
    isRetryable: false,
  },
  'no-cipher-suite': {
    code: 'bmc.unsupported',
    text: 'The BMC accepts none of the allowed IPMI cipher suites.',
    isRetryable: false,
  },
  'sessions-full': {
    code: 'bmc.refused',
    text: 'The BMC has no free IPMI session.',
    isRetryable: true,
  },
  'session-ended': {
    code: 'bmc.unreachable',
    text: 'The IPMI session is closed.',
    isRetryable: true,
  },
  'command-unsupported': {
    code: 'bmc.unsupported',
    text: 'The BMC lacks an IPMI command.',
    isRetryable: false,
  },
  'command-refused': {
    code: 'bmc.refused',
    text: 'The BMC refused an IPMI command.',
    isRetryable: false,
  },
  busy: {
    code: 'bmc.refused',
    text: 'The BMC is too busy for an IPMI command.',
    isRetryable: true,
  },
  malformed: {
    code: 'bmc.protocol',
    text: 'The BMC answered an IPMI command with something else than its answer.',
    isRetryable: false,
  },
} as const satisfies { readonly [name: string]: TroubleKind };

export type IpmiTrouble = keyof typeof TROUBLES;

export class IpmiFailure extends Failure {
  readonly trouble: IpmiTrouble;
  readonly #more: string;

  constructor(trouble: IpmiTrouble, more = '', details: JsonObject = {}) {
    const { code, text, isRetryable } = TROUBLES[trouble];
    super(code, more === '' ? text : `${text} ${more}`, {
      isRetryable,
      details: { ipmi: trouble, ...details },
    });
    this.name = 'IpmiFailure';
    this.trouble = trouble;
    this.#more = more;
  }

  /** The same, of a BMC that has a name. */
  at(origin: string): IpmiFailure {
    const where = `(BMC at ${origin})`;
    return new IpmiFailure(this.trouble, this.#more === '' ? where : `${this.#more} ${where}`, {
      ...this.details,
      bmc: origin,
    });
  }
}

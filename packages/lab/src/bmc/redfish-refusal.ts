// An answer that says no, in the shape of the Redfish specification (error object with extended information).

import type { JsonObject } from '@bessemer/protocol/json';

export class RedfishRefusal extends Error {
  readonly status: number;
  readonly messageId: string;
  readonly messageArguments: readonly string[];

  constructor(
    status: number,
    messageId: string,
    text: string,
    messageArguments: readonly string[] = [],
  ) {
    super(text);
    this.name = 'RedfishRefusal';
    this.status = status;
    this.messageId = messageId;
    this.messageArguments = messageArguments;
  }
}

export const redfishErrorBody = (
  messageId: string,
  text: string,
  messageArguments: readonly string[] = [],
): JsonObject => ({
  error: {
    code: 'Base.1.8.GeneralError',
    message: text,
    '@Message.ExtendedInfo': [extendedInfo(messageId, text, messageArguments)],
  },
});

export const extendedInfo = (
  messageId: string,
  text: string,
  messageArguments: readonly string[],
): JsonObject => ({
  '@odata.type': '#Message.v1_1_1.Message',
  MessageId: `Base.1.8.${messageId}`,
  Message: text,
  MessageArgs: [...messageArguments],
  Severity: 'Critical',
  Resolution: 'None.',
});

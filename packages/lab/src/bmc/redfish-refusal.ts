// An answer that says no, in the shape of the Redfish specification (error object with extended information).

import type { JsonObject } from '@bessemer/protocol/json';

export class RedfishRefusal extends Error {
  readonly status: number;
  readonly messageId: string;

  constructor(status: number, messageId: string, text: string) {
    super(text);
    this.name = 'RedfishRefusal';
    this.status = status;
    this.messageId = messageId;
  }
}

export const redfishErrorBody = (messageId: string, text: string): JsonObject => ({
  error: {
    code: 'Base.1.8.GeneralError',
    message: text,
    '@Message.ExtendedInfo': [
      {
        '@odata.type': '#Message.v1_1_1.Message',
        MessageId: `Base.1.8.${messageId}`,
        Message: text,
        MessageArgs: [],
        Severity: 'Critical',
        Resolution: 'None.',
      },
    ],
  },
});

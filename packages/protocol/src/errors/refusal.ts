// A refusal: the caller asked for something that cannot be, and nothing was changed. Carries the HTTP status
// and the text that the API shows; the text names the field and what would be right, never a secret value.

export class Refusal extends Error {
  readonly status: number;
  /** Name of the event about trust that goes with it; the caller never sees it. */
  readonly event: string | undefined;

  constructor(status: number, text: string, event?: string) {
    // Where it was thrown is of no interest: it is the caller's fault. Writing that down would cost more than all the
    // rest of a refusal, and whoever floods us with wrong calls should not have that from us.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(text);
    Error.stackTraceLimit = stackTraceLimit;
    this.name = 'Refusal';
    this.status = status;
    this.event = event;
  }
}

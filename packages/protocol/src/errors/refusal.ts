// A refusal: the caller asked for something that cannot be, and nothing was changed. Carries the HTTP status
// and the text that the API shows; the text names the field and what would be right, never a secret value.

export class Refusal extends Error {
  readonly status: number;
  /** Name of the event about trust that goes with it; the caller never sees it. */
  readonly event: string | undefined;

  constructor(status: number, text: string, event?: string) {
    super(text);
    this.name = 'Refusal';
    this.status = status;
    this.event = event;
  }
}

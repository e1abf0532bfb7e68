// Something that a person at the lab's command line must know: one sentence that says what to do.

export class LabFailure extends Error {
  constructor(text: string, options?: ErrorOptions) {
    super(text, options);
    this.name = 'LabFailure';
  }
}

/** Something of a transfer that may go better next time. */
export class TransferBroken extends Error {
  constructor(text: string) {
    super(text);
    this.name = 'TransferBroken';
  }
}

// What the builder cannot do, in one sentence for the person who asked.

export class RamdiskFailure extends Error {
  override readonly name = 'RamdiskFailure';
}

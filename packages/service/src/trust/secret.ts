// A value that must not be printed: it shows as *** in texts, JSON and inspection, and only reveal() opens it.

import { inspect } from 'node:util';

const MASK = '***';

export class Secret<T> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  /** For trust/ and drivers/ only, as late as possible. */
  reveal(): T {
    return this.#value;
  }

  toString(): string {
    return MASK;
  }

  toJSON(): string {
    return MASK;
  }

  [inspect.custom](): string {
    return MASK;
  }
}

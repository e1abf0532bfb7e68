// One token in memory with the keys that come from it. Prints as the mask.

import { TOKEN_MASK } from '@bessemer/protocol/agent/token';
import { deriveKeys, type SessionKeys } from './derive-keys.ts';
import { isSameText } from './keyed-digest.ts';

export class HeldToken {
  readonly #text: string;
  #keys: { readonly session: string; readonly keys: SessionKeys } | null = null;

  constructor(text: string) {
    this.#text = text;
  }

  matches(offered: string): boolean {
    return isSameText(offered, this.#text);
  }

  keys(session: string): SessionKeys {
    if (this.#keys?.session !== session) {
      this.#keys = { session, keys: deriveKeys(this.#text, session) };
    }
    return this.#keys.keys;
  }

  /** Only for the heartbeat's body. */
  reveal(): string {
    return this.#text;
  }

  toJSON(): string {
    return TOKEN_MASK;
  }

  toString(): string {
    return TOKEN_MASK;
  }
}

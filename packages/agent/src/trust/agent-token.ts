// The token of this boot: in memory only, compared in constant time, shown to nobody but the service.
//
// Modes: unknown; one token; one token and its successor. A successor comes from a conductor that has shown the
// present one. Both are accepted until a request arrives that uses the successor: then it is the token and the old
// one is dead. So a conductor that lost our answer, or died before it read it, is never locked out.

import { randomBytes } from 'node:crypto';
import {
  TOKEN_BYTES,
  TOKEN_CHARS_MIN,
  TOKEN_MASK,
  TOKEN_PATTERN,
} from '@bessemer/protocol/agent/token';
import { HeldToken } from './held-token.ts';

export class AgentToken {
  #current: HeldToken | null = null;
  #successor: HeldToken | null = null;
  /** Compared with where there is no token: nobody has seen it. */
  readonly #nobodys = new HeldToken(randomBytes(TOKEN_BYTES).toString('base64url'));

  /** False when `text` cannot be a token; the present one is kept then. */
  accept(text: string): boolean {
    if (text === TOKEN_MASK || text.length < TOKEN_CHARS_MIN) return false;
    this.#current = new HeldToken(text);
    this.#successor = null;
    return true;
  }

  /** False when `text` is no token of ours. Telling the same one again changes nothing. */
  replaceBy(text: string): boolean {
    if (!TOKEN_PATTERN.test(text) || this.#current === null) return false;
    if (this.#current.matches(text)) return true;
    if (this.#successor?.matches(text) !== true) this.#successor = new HeldToken(text);
    return true;
  }

  get isKnown(): boolean {
    return this.#current !== null;
  }

  /** The token that was offered, if it is alive. Also does the work of a comparison when there is nothing to compare. */
  find(offered: string | null): HeldToken | null {
    const isCurrent = (this.#current ?? this.#nobodys).matches(offered ?? '');
    const isSuccessor = (this.#successor ?? this.#nobodys).matches(offered ?? '');
    if (offered === null) return null;
    if (isCurrent) return this.#current;
    return isSuccessor ? this.#successor : null;
  }

  /** A request that used it was believed. False when the token died meanwhile. */
  use(held: HeldToken): boolean {
    if (held === this.#successor) {
      this.#current = held;
      this.#successor = null;
    }
    return held === this.#current;
  }

  get current(): HeldToken | null {
    return this.#current;
  }

  /** Those that are alive, the older first. */
  all(): readonly HeldToken[] {
    return [this.#current, this.#successor].filter((held) => held !== null);
  }

  toJSON(): string {
    return TOKEN_MASK;
  }

  toString(): string {
    return TOKEN_MASK;
  }
}

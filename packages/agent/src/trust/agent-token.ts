// The token of this boot: in memory only, compared in constant time, shown to nobody but the service.

import { createHash, timingSafeEqual } from 'node:crypto';
import { TOKEN_CHARS_MIN, TOKEN_MASK } from '@bessemer/protocol/agent/token';

export class AgentToken {
  #text: string | null = null;

  /** False when `text` cannot be a token; the present one is kept then. */
  accept(text: string): boolean {
    if (text === TOKEN_MASK || text.length < TOKEN_CHARS_MIN) return false;
    this.#text = text;
    return true;
  }

  get isKnown(): boolean {
    return this.#text !== null;
  }

  /** Also does the work of a comparison when there is nothing to compare with. */
  matches(offered: string | null): boolean {
    const isEqual = timingSafeEqual(digestOf(offered ?? ''), digestOf(this.#text ?? ''));
    return isEqual && offered !== null && this.#text !== null;
  }

  /** Only for the heartbeat's body. */
  reveal(): string | null {
    return this.#text;
  }

  toJSON(): string {
    return TOKEN_MASK;
  }

  toString(): string {
    return TOKEN_MASK;
  }
}

const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest();

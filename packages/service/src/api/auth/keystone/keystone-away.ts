// We do not know whether a token is good: Keystone cannot be asked now, or does not let us ask.

export class KeystoneAway extends Error {}

export const away = (what: string, cause?: unknown): KeystoneAway =>
  new KeystoneAway(
    cause instanceof Error ? `${what}: ${cause.message}` : what,
    cause === undefined ? {} : { cause },
  );

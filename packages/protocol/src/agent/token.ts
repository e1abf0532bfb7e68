// The agent token on the wire.

/** What a caller sees in place of a token that was already given. A value of its own: never stored, never compared. */
export const TOKEN_MASK = '******';

/** 32 random bytes, URL-safe base64 without padding. */
export const TOKEN_BYTES = 32;
export const TOKEN_PATTERN = /^[A-Za-z0-9_-]{43}$/;
/** Stock agents refuse to store anything shorter. */
export const TOKEN_CHARS_MIN = 32;

// The cipher suites that are spoken. Suite 0 (no authentication at all), the MD5 suites and the suites without
// encryption are not in the table, so nothing can propose or accept them.

export type CipherSuiteId = 3 | 17;

export type CipherSuite = {
  readonly id: CipherSuiteId;
  readonly hash: 'sha1' | 'sha256';
  readonly hashBytes: number;
  /** Bytes that are left of a hash in the trailer of packets and in RAKP 4. */
  readonly integrityBytes: number;
  /** Numbers in the messages of session opening. */
  readonly authentication: number;
  readonly integrity: number;
  readonly confidentiality: number;
};

export const CIPHER_SUITES: { readonly [id in CipherSuiteId]: CipherSuite } = {
  17: {
    id: 17,
    hash: 'sha256',
    hashBytes: 32,
    integrityBytes: 16,
    authentication: 3,
    integrity: 4,
    confidentiality: 1,
  },
  3: {
    id: 3,
    hash: 'sha1',
    hashBytes: 20,
    integrityBytes: 12,
    authentication: 1,
    integrity: 1,
    confidentiality: 1,
  },
};

export const isCipherSuiteId = (value: unknown): value is CipherSuiteId =>
  value === 3 || value === 17;

// What the words of trust.ts come to for one token and one session. The service and the agent are each tested
// against these, so that neither can drift from the other. Where trust.ts leaves a choice, this is the choice:
//
// - the token enters HKDF as its 43 characters, not as the 32 bytes that they encode;
// - `path` of a signed request is without the query, `target` of a lookup is with it; `host` is the Host header;
// - the salt of a sealed token is the public key of the service, then that of the agent, 32 bytes each;
// - a sealed token holds the 43 characters.
//
// The private keys are test keys: every byte of each is the same.

import type { SealedToken } from './trust.ts';

export const VECTOR_TOKEN = 'Zq3vS0m9xT1kPp7cWJ4uHnA2bL5yR8dEfG6iK-oQ_sU';
export const VECTOR_SESSION = '0d9fdc0b-67a8-4c51-8d76-8f5a5b8c7a11';

/** Hex. */
export const VECTOR_KEYS = {
  up: 'b5f9559f6bbd3c2807796f6dda462411a0b57c63fd97b4d80ca7e389a204ac6a',
  down: '862f26356511f2ebc08e2d7a7d529d8b06d6bed734c110002f4b61208bb48201',
  prove: '131218633560194929d16c5af532fe4f081feda1df448efff59cc3ccdbe6d4af',
} as const;

/** Signed with the key `up`. */
export const VECTOR_HEARTBEAT = {
  method: 'POST',
  path: '/v1/heartbeat/5f6c3c7e-8a64-4b6c-9f1d-0a4a1c1f5f10',
  body: '{"callback_url":"https://10.99.0.51:9999"}',
  bodyDigest: '55dc4e25d60830a411fd4821d2268246901033291ea3500daf854c4c41b9f0a4',
  sequence: '1795000000001',
  signature: 'nN5BAJcWge87wpPj1KeHIUIP5oAkWaWRM30OVIMV3q0',
} as const;

/** Signed with the key `down`. */
export const VECTOR_COMMAND = {
  method: 'POST',
  path: '/v1/commands/',
  body: '{"name":"standby.sync","params":{}}',
  bodyDigest: 'bb27b2028a14ef45084c89818d43647c24b6d0a8c31c45fa5645f1c0f3a2463e',
  sequence: '12.7',
  signature: 'gjguG2Wd2WdRxsGqm2MoSVq-m24c6-ISfmZrEptl23g',
} as const;

/** Raw X25519 keys, base64url; the service's is the one that it makes for the answer. */
export const VECTOR_SEAL: {
  readonly agentPrivate: string;
  readonly agentPublic: string;
  readonly servicePrivate: string;
  readonly sealed: SealedToken;
} = {
  agentPrivate: 'ERERERERERERERERERERERERERERERERERERERERERE',
  agentPublic: 'e06Qm75__kTEZaIgA31gjuNYl9Me-XLwf3SJLLD3PxM',
  servicePrivate: 'IiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiI',
  sealed: {
    key: 'D6poTtKIZ7l_Smot7l34zpdOdrcBjj8iocTPJnhXDyA',
    nonce: 'MzMzMzMzMzMzMzMz',
    ciphertext: '5f3BgJKCeZ3xMHu0nt8_1zZdJx75AbP5aBkBGK07RrKlYqu1Eq8zKey7mA',
    tag: 'M-c9swM0-ZmyHiQCM7g70A',
  },
};

/** Valid, and not the only valid one: ECDSA takes chance. The certificate is P-256, its dates are over. */
export const VECTOR_LOOKUP = {
  host: '10.99.0.1:6386',
  target: '/v1/lookup?addresses=52%3A54%3A00%3A00%3A00%3A77',
  dateMs: 1795000000000,
  sealKey: 'e06Qm75__kTEZaIgA31gjuNYl9Me-XLwf3SJLLD3PxM',
  certificateHeader:
    'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUJSVENCN0tBREFnRUNBaEFhd2NUbXNCQTFYUmRYMUpnQUFUTnFNQW9HQ0NxR1NNNDlCQU1DTUJreEZ6QVYKQmdOVkJBTVREbUpsYzNObGJXVnlMV0ZuWlc1ME1CNFhEVEkxTVRJek1USXpNREF3TUZvWERUSTJNREV6TVRBdwpNREF3TUZvd0dURVhNQlVHQTFVRUF4TU9ZbVZ6YzJWdFpYSXRZV2RsYm5Rd1dUQVRCZ2NxaGtqT1BRSUJCZ2dxCmhrak9QUU1CQndOQ0FBUXF2TDBJdWZ0OVRmUm8xWUFDNlppMHhIRnEwTDZKWlduT3k2bWFvcElOcXl6N3NOZUsKd1ppZnFWVlNvbXAzSGJEc0kzYUtnQ1c2UUlWMzMvVjVra1k1b3hZd0ZEQVNCZ05WSFJFQkFmOEVDREFHaHdRSwpZd0F6TUFvR0NDcUdTTTQ5QkFNQ0EwZ0FNRVVDSVFEdElXbzdJQWV6OGUxc2JGdEIzVFR2SjMxZXV3bFdudUo3CnYrbGQ0eXNMaGdJZ0FicXUyOFhJZEdwcGpzSkhFcFBBQjNUaXZjRnpNSEMzYlNPOFdFVThJVnM9Ci0tLS0tRU5EIENFUlRJRklDQVRFLS0tLS0K',
  proof: 'MdFtMBCAT_CVG-wpDsCUCvdObWQrHQExwhRG5FfuWMkLnu7WH2-S4OtL2efggnVw0nKsFYoFks0sxRVT3KwspQ',
} as const;

export const VECTOR_PROVE = {
  pin: '67bdadc68eb826245b2c2676231091314128cbdd6ace81689ee13cb95787c64e',
  conductorNonce: 'REREREREREREREREREREREREREREREREREREREREREQ',
  conductorProof: '7p7VolmzdUIy19UvRYRlWhHwDttCr1kbjSYcT6PNyQg',
  agentNonce: 'VVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVU',
  agentProof: 'qx5-l9I_Norw2kjIKOFraPzuMklgXBnW7I7sOu0H1aY',
} as const;

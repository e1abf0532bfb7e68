// Section [audit]: where the audit log is shipped to.

import type { Setting } from './setting.ts';

export const AUDIT_SETTINGS = {
  syslog_url: {
    kind: 'text',
    default: null,
    meaning:
      'Receiver of audit records by syslog (RFC 5424): tls://HOST:PORT, tcp://HOST:PORT or udp://HOST:PORT, port 6514 or ' +
      '514 when left out. udp loses records without telling.',
  },
  syslog_ca_file: {
    kind: 'text',
    default: null,
    meaning: 'PEM authority of a tls:// receiver; those that Node.js comes with when not set.',
  },
  webhook_url: {
    kind: 'text',
    default: null,
    meaning:
      'Receiver of audit records by HTTP POST, as JSON; https, or http on loopback. Any 2xx says that it has them.',
  },
  webhook_ca_file: {
    kind: 'text',
    default: null,
    meaning: 'PEM authority of webhook_url; those that Node.js comes with when not set.',
  },
  webhook_token_file: {
    kind: 'text',
    default: null,
    meaning:
      'File with the bearer token for webhook_url and nothing else, which no other user can read. Read again for each batch.',
  },
  ship_interval: {
    kind: 'count',
    unit: 'seconds',
    default: 5,
    min: 0.1,
    max: 3_600,
    meaning: 'How often new audit records are shipped.',
  },
} as const satisfies { readonly [key: string]: Setting };

// From the keys of [audit] to the receivers that they name.

import type { SyslogReceiver } from '#observe/audit-shipping/syslog-destination';

import { isLoopback } from './endpoint.ts';
import type { Settings } from './schema.ts';
import { ConfigInvalid } from './setting.ts';

export type AuditOptions = {
  readonly intervalMs: number;
  readonly syslog: Omit<SyslogReceiver, 'authorityPem'> | undefined;
  /** HTTPS, or HTTP to a loopback address. */
  readonly webhookUrl: string | undefined;
};

const SECOND_MS = 1_000;
const PORTS = { tls: 6514, tcp: 514, udp: 514 };
const SYSLOG_PATTERN =
  /^(?<protocol>tls|tcp|udp):\/\/(?<host>[A-Za-z0-9._-]+|\[[0-9a-fA-F:.]+\])(?::(?<port>\d{1,5}))?\/?$/;

const syslogOf = (text: string | null): AuditOptions['syslog'] => {
  if (text === null) return undefined;
  const { protocol, host, port } = SYSLOG_PATTERN.exec(text)?.groups ?? {};
  const isKnown = protocol === 'tls' || protocol === 'tcp' || protocol === 'udp';
  if (!isKnown || host === undefined) {
    throw new ConfigInvalid('audit.syslog_url must be tls://, tcp:// or udp:// with HOST:PORT');
  }
  const number = port === undefined ? PORTS[protocol] : Number(port);
  if (number < 1 || number > 65_535) {
    throw new ConfigInvalid(`audit.syslog_url: ${number} is not a port`);
  }
  return { protocol, host: host.replaceAll(/^\[|\]$/g, ''), port: number };
};

const webhookOf = (text: string | null): string | undefined => {
  if (text === null) return undefined;
  const url = URL.parse(text);
  const isPrivate =
    url?.protocol === 'https:' ||
    (url?.protocol === 'http:' && isLoopback(url.hostname.replaceAll(/^\[|\]$/g, '')));
  if (url === null || !isPrivate || url.username !== '' || url.password !== '') {
    throw new ConfigInvalid(
      'audit.webhook_url must be https, or http on loopback, without a user in it',
    );
  }
  return url.href;
};

/** Throws ConfigInvalid. */
export const auditOptions = ({ audit }: Pick<Settings, 'audit'>): AuditOptions => {
  const [syslog, webhookUrl] = [syslogOf(audit.syslog_url), webhookOf(audit.webhook_url)];
  for (const key of ['webhook_ca_file', 'webhook_token_file'] as const) {
    if (audit[key] !== null && webhookUrl === undefined) {
      throw new ConfigInvalid(`audit.${key} has no use without audit.webhook_url`);
    }
  }
  if (audit.syslog_ca_file !== null && syslog?.protocol !== 'tls') {
    throw new ConfigInvalid('audit.syslog_ca_file has no use without audit.syslog_url tls://');
  }
  return { intervalMs: audit.ship_interval * SECOND_MS, syslog, webhookUrl };
};

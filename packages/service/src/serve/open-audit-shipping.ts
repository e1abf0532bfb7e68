// From the configuration to the receivers of the audit log, and to what ships to them.

import { readFile } from 'node:fs/promises';

import type { Clock } from '#clock';
import { type AuditShipping, makeAuditShipping } from '#conductor/audit-shipping/ship-audit';
import { auditOptions } from '#config/audit-options';
import type { Settings } from '#config/schema';
import { ConfigInvalid } from '#config/setting';
import type { Destination } from '#observe/audit-shipping/destination';
import { makeSyslogDestination } from '#observe/audit-shipping/syslog-destination';
import { makeWebhookDestination } from '#observe/audit-shipping/webhook-destination';
import type { Log } from '#observe/log';
import type { Store } from '#store/database';

import { openSecretFile } from './secret-file.ts';

const readAuthority = async (key: string, path: string | null): Promise<string | undefined> => {
  if (path === null) return undefined;
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new ConfigInvalid(`${key}: ${path} cannot be read: ${(error as Error).message}`);
  }
};

/** Throws ConfigInvalid. */
export const openAuditShipping = async (
  settings: Settings,
  parts: {
    readonly store: Store;
    readonly clock: Clock;
    readonly log: Log;
    readonly hostname: string;
  },
): Promise<AuditShipping> => {
  const { audit } = settings;
  const { intervalMs, syslog, webhookUrl } = auditOptions(settings);
  const destinations: Destination[] = [];
  if (syslog !== undefined) {
    const authorityPem = await readAuthority('audit.syslog_ca_file', audit.syslog_ca_file);
    const sender = { hostname: parts.hostname, processId: process.pid };
    destinations.push(makeSyslogDestination({ ...syslog, authorityPem }, sender));
  }
  if (webhookUrl !== undefined) {
    const authorityPem = await readAuthority('audit.webhook_ca_file', audit.webhook_ca_file);
    const { webhook_token_file: path } = audit;
    const token =
      path === null ? undefined : await openSecretFile('audit.webhook_token_file', path);
    const readToken = token && (async () => (await token()).reveal());
    destinations.push(
      makeWebhookDestination({ url: webhookUrl, authorityPem, readToken }, parts.hostname),
    );
  }
  return makeAuditShipping({ ...parts, destinations, intervalMs });
};

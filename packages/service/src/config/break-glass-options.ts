// From the keys about break-glass to its options.

import { isAbsolute } from 'node:path';

import type { BreakGlassOptions } from '#conductor/bmc-credential/break-glass/break-glass-options';
import { parseRecipients, type Recipient, RecipientInvalid } from '#trust/break-glass/recipient';

import type { Settings } from './schema.ts';
import { ConfigInvalid } from './setting.ts';

const SECOND_MS = 1_000;

/** Throws ConfigInvalid. */
export const breakGlassOptions = ({
  bmc_credentials: settings,
}: Pick<Settings, 'bmc_credentials'>): BreakGlassOptions => ({
  kit: kitOf(settings.break_glass_directory, settings.break_glass_recipients),
  holdMs: settings.break_glass_ttl * SECOND_MS,
  approvals: settings.export_approvals === 2 ? 2 : 1,
  exportsPerHourMax: settings.exports_per_hour,
});

const kitOf = (directory: string | null, texts: readonly string[]): BreakGlassOptions['kit'] => {
  const recipients = recipientsOf(texts);
  if (directory === null && recipients.length === 0) return undefined;
  if (directory === null || recipients.length === 0) {
    throw new ConfigInvalid(
      'bmc_credentials.break_glass_directory and bmc_credentials.break_glass_recipients go together: set both',
    );
  }
  if (!isAbsolute(directory)) {
    throw new ConfigInvalid(
      `bmc_credentials.break_glass_directory: "${directory}" is not an absolute path`,
    );
  }
  return { directory, recipients };
};

const recipientsOf = (texts: readonly string[]): readonly Recipient[] => {
  try {
    return parseRecipients(texts);
  } catch (error) {
    if (!(error instanceof RecipientInvalid)) throw error;
    throw new ConfigInvalid(`bmc_credentials.break_glass_recipients: ${error.message}`);
  }
};

// The rules that `bessemer policy` looks at: those of a service, or those of a file that is not installed yet.

import { access } from 'node:fs/promises';

import { systemClock } from '#clock';
import { loadConfig } from '#config/load';
import { policyOptions } from '#config/policy-options';
import type { Settings } from '#config/schema';
import { makeHttpCheck, refuseHttp, type AskHttp } from '#policy/http-check';
import { loadPolicy, type LoadedPolicy } from '#policy/load-policy';
import type { PolicyOptions } from '#policy/policy-options';
import { PolicyInvalid } from '#policy/policy-problem';

import { UsageInvalid } from '../command.ts';

export type PolicyValues = {
  readonly data?: string | undefined;
  readonly config?: string | undefined;
  readonly set: readonly string[];
  /** A policy file instead of the service's own. */
  readonly file?: string | undefined;
};

export type RulesInForce = LoadedPolicy & {
  readonly settings: Settings;
  readonly options: PolicyOptions;
  readonly askHttp: AskHttp;
};

export const readOptions = async (
  values: PolicyValues,
): Promise<{ readonly settings: Settings; readonly options: PolicyOptions }> => {
  const { settings } = await loadConfig({
    file: values.config,
    environment: process.env,
    overrides: values.set,
  });
  if (values.data !== undefined) {
    await access(values.data).catch(() => {
      throw new UsageInvalid(`there is no directory ${values.data}`);
    });
  }
  const places = { config: values.config, data: values.data ?? '.' };
  const options = policyOptions(settings, places);
  if (values.file !== undefined) {
    return {
      settings,
      options: { ...options, files: [values.file], isFileNeeded: true, directories: [] },
    };
  }
  // Without a service there is no file of one: what lies in the working directory is nobody's policy.
  const isNowhere = values.data === undefined && values.config === undefined;
  return {
    settings,
    options: isNowhere ? { ...options, files: [], isFileNeeded: false, directories: [] } : options,
  };
};

/** Throws UsageInvalid when the rules cannot be used. */
export const rulesInForce = async (values: PolicyValues): Promise<RulesInForce> => {
  const { settings, options } = await readOptions(values);
  const warn = (text: string): void => {
    process.stderr.write(`${text}\n`);
  };
  const askHttp =
    options.http === undefined
      ? refuseHttp
      : makeHttpCheck(options.http, { clock: systemClock, warn });
  try {
    return { ...(await loadPolicy(options, askHttp)), settings, options, askHttp };
  } catch (error) {
    if (!(error instanceof PolicyInvalid)) throw error;
    throw new UsageInvalid(`the access rules cannot be used: ${error.message}`);
  }
};

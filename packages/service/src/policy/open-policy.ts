// Opens the policy: the defaults and what the operator's files change in them, now and whenever they change. Files
// that cannot be used stop the start; later the last good ones stay, and everybody is told.

import { existsSync } from 'node:fs';
import { dirname } from 'node:path';

import type { Clock } from '#clock';

import type { Credentials } from './credentials.ts';
import { decide } from './decide.ts';
import { makeHttpCheck, refuseHttp } from './http-check.ts';
import type { Asker } from './language/asker.ts';
import { loadPolicy, type LoadedPolicy } from './load-policy.ts';
import type { Policy } from './policy.ts';
import type { PolicyOptions } from './policy-options.ts';
import { PolicyInvalid, problemText } from './policy-problem.ts';
import { watchFiles } from './watched-files.ts';

export type PolicyEvent = {
  readonly name: 'policy.reloaded' | 'policy.rejected';
  readonly text: string;
  readonly paths: readonly string[];
};

export type PolicyParts = {
  readonly clock: Clock;
  readonly options: PolicyOptions;
  readonly warn: (text: string) => void;
  /** Hears of every change of the files after the start. */
  readonly onEvent: (event: PolicyEvent) => void;
};

/** Throws PolicyInvalid. */
export const openPolicy = async (parts: PolicyParts): Promise<Policy> => {
  const { options, clock } = parts;
  const askHttp = options.http === undefined ? refuseHttp : makeHttpCheck(options.http, parts);
  // Before reading: what changes in between is then seen as a change.
  const watched = watchFiles(options.files, options.directories, clock);
  let loaded = await loadPolicy(options, askHttp);
  tellWarnings(loaded, parts);
  let reloading: Promise<void> | undefined;
  const reload = async (): Promise<void> => {
    try {
      const next = await loadPolicy(options, askHttp);
      refuseLoss(loaded, next, options);
      loaded = next;
      tellWarnings(next, parts);
      parts.onEvent({
        name: 'policy.reloaded',
        text: 'The policy files have changed and count now.',
        paths: next.paths,
      });
    } catch (error) {
      if (!(error instanceof PolicyInvalid)) throw error;
      const paths = [...new Set(error.problems.map(({ path }) => path))];
      const text = `The policy files have changed and cannot be used: ${error.message}`;
      parts.onEvent({ name: 'policy.rejected', text, paths });
    } finally {
      reloading = undefined;
    }
  };
  const answer = (asker: Asker): boolean | Promise<boolean> =>
    decide(loaded.rules, asker, options.isScopeEnforced);
  const afterChanges = <T>(work: () => T): T | Promise<Awaited<T>> => {
    if (reloading === undefined && watched.hasChanged()) reloading = reload();
    return reloading === undefined ? work() : (reloading.then(work) as Promise<Awaited<T>>);
  };
  const askerOf = (rule: string, credentials: Credentials, target: Asker['target']): Asker => ({
    rule,
    credentials,
    target,
    serviceProject: options.serviceProject,
  });
  return {
    allows: (rule, credentials, target) =>
      afterChanges(() => answer(askerOf(rule, credentials, target))),
    allowsIfDefined: (rule, credentials, target) => {
      const asker = askerOf(rule, credentials, target);
      // While files are read nobody knows yet whether they have the rule: without it nothing is refused.
      const ask = (): boolean | Promise<boolean> | undefined =>
        loaded.rules.rules.has(rule) ? answer(asker) : undefined;
      const now = afterChanges(ask);
      return now instanceof Promise ? now.then((allowed) => allowed ?? true) : now;
    },
  };
};

const tellWarnings = ({ warnings }: LoadedPolicy, { warn }: PolicyParts): void => {
  for (const each of warnings) warn(problemText(each));
};

/** Files that are gone may be a disk that is gone: that must not bring the defaults back, which may allow more. */
const refuseLoss = (
  before: LoadedPolicy,
  after: LoadedPolicy,
  { files, directories }: PolicyOptions,
): void => {
  const [file] = before.paths.filter((path) => files.includes(path));
  const isFileLost = file !== undefined && !after.paths.some((path) => files.includes(path));
  const directory = before.paths
    .map((path) => dirname(path))
    .find((each) => directories.includes(each) && !existsSync(each));
  const lost = isFileLost ? file : directory;
  if (lost === undefined) return;
  const text =
    'is gone; its rules stay until the service starts again, or until an empty one is there';
  throw new PolicyInvalid([{ severity: 'error', path: lost, text }]);
};

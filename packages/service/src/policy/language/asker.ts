// Who asks about what: the two sides that a check compares.

import type { Credentials } from '../credentials.ts';
import type { PolicyTarget } from '../policy.ts';
import { currentName } from './check.ts';
import { pythonText } from './python-text.ts';

export type Asker = {
  /** The rule that was asked, whatever others it refers to. */
  readonly rule: string;
  readonly credentials: Credentials;
  readonly target: PolicyTarget | undefined;
  /** Project whose service accounts work for the whole system; undefined: there is none. */
  readonly serviceProject: string | undefined;
};

const SERVICE_PROJECT_KEY = 'config.service_project_name';

/** What `%(key)s` stands for: of the object, else of the caller. Undefined: it has no value, the check is false. */
export const targetValue = (asker: Asker, key: string): string | undefined => {
  const { target, credentials } = asker;
  if (target !== undefined && Object.hasOwn(target, key)) return target[key] ?? undefined;
  if (key === SERVICE_PROJECT_KEY) return asker.serviceProject;
  const name = currentName(key);
  return Object.hasOwn(credentials, name)
    ? pythonText(credentials[name as keyof Credentials])
    : undefined;
};

/** Everything that a rule can compare with, for people and for HTTP services. */
export const targetOf = (asker: Asker): { readonly [key: string]: unknown } => ({
  ...asker.credentials,
  ...(asker.serviceProject === undefined ? {} : { [SERVICE_PROJECT_KEY]: asker.serviceProject }),
  ...Object.fromEntries(Object.entries(asker.target ?? {}).filter(([, value]) => value !== null)),
});

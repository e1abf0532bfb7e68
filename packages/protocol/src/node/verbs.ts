// What a person may ask for with PUT states/provision: verb, the event it fires, and since when.

import type { ProvisionEvent } from './states.ts';

export type VerbRow = { readonly event: ProvisionEvent; readonly since: string };

export const PROVISION_VERBS = {
  active: { event: 'deploy', since: '1.1' },
  deploy: { event: 'deploy', since: '1.73' },
  rebuild: { event: 'rebuild', since: '1.1' },
  deleted: { event: 'delete', since: '1.1' },
  undeploy: { event: 'delete', since: '1.73' },
  manage: { event: 'manage', since: '1.4' },
  provide: { event: 'provide', since: '1.4' },
  inspect: { event: 'inspect', since: '1.6' },
  abort: { event: 'abort', since: '1.13' },
  clean: { event: 'clean', since: '1.15' },
  adopt: { event: 'adopt', since: '1.17' },
  rescue: { event: 'rescue', since: '1.38' },
  unrescue: { event: 'unrescue', since: '1.38' },
  unhold: { event: 'unhold', since: '1.85' },
  service: { event: 'service', since: '1.87' },
} as const satisfies { readonly [verb: string]: VerbRow };

export type ProvisionVerb = keyof typeof PROVISION_VERBS;

export const isProvisionVerb = (text: string): text is ProvisionVerb =>
  Object.hasOwn(PROVISION_VERBS, text);

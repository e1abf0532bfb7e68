// How a BMC can misbehave. Switched on and off while it runs, from outside of Redfish, so that a test decides
// when the world breaks. A fault may carry a number: how often, how long, how many.

import { ACCOUNT_FAULTS } from './account-faults.ts';

export const FAULTS = {
  slow: { value: 3000, text: 'every answer comes after <value> ms' },
  unavailable: { value: 3, text: 'the next <value> requests get 503' },
  'drop-connection': { value: 1, text: 'the next <value> requests are cut without an answer' },
  'stale-power': { value: 3, text: 'after a change, PowerState shows the old state <value> times' },
  'wrong-power': { value: 1, text: 'PowerState shows the opposite of the truth' },
  'stuck-power': { value: 1, text: 'Reset is accepted and nothing happens' },
  'strict-power': { value: 1, text: 'Reset to the state that the machine is in gets 409' },
  'lost-sessions': { value: 1, text: 'each session is forgotten after its first request' },
  'refuse-login': { value: 1, text: 'no password is right' },
  lockout: { value: 3, text: 'an account is locked after <value> wrong passwords' },
  'media-failure': { value: 1, text: 'the image cannot be fetched' },
  'media-lost': { value: 1, text: 'InsertMedia succeeds and the machine sees no medium' },
  'override-ignored': { value: 1, text: 'a boot override is accepted and not kept' },
  'patch-media': { value: 1, text: 'virtual media by PATCH only, no actions' },
  tasks: { value: 200, text: 'actions answer 202 with a task that takes <value> ms longer' },
  'require-if-match': { value: 1, text: 'PATCH without If-Match gets 428' },
  'huge-answer': { value: 8, text: 'the system resource has <value> MiB' },
  'deep-answer': { value: 500, text: 'the system resource is nested <value> deep' },
  'foreign-links': { value: 1, text: 'links of the service root lead to another host' },
  redirect: { value: 1, text: 'every answer is a redirect to another host' },
  'not-json': { value: 1, text: 'answers are HTML with status 200' },
  ...ACCOUNT_FAULTS,
} as const;

export type FaultName = keyof typeof FAULTS;

export const isFaultName = (text: string): text is FaultName => Object.hasOwn(FAULTS, text);

export type FaultSet = {
  /** The fault's number, undefined while it is off. */
  readonly valueOf: (name: FaultName) => number | undefined;
  readonly isOn: (name: FaultName) => boolean;
  /** Counts a fault down by one; true while it lasted. */
  readonly use: (name: FaultName) => boolean;
  readonly set: (name: FaultName, value?: number) => void;
  readonly clear: (name: FaultName) => void;
  readonly list: () => { readonly [name: string]: number };
};

export const makeFaultSet = (
  onChange: (name: FaultName, isOn: boolean) => void = () => undefined,
): FaultSet => {
  const active = new Map<FaultName, number>();
  return {
    valueOf: (name) => active.get(name),
    isOn: (name) => active.has(name),
    use: (name) => {
      const left = active.get(name);
      if (left === undefined) return false;
      if (left <= 1) active.delete(name);
      else active.set(name, left - 1);
      return true;
    },
    set: (name, value) => {
      active.set(name, value ?? FAULTS[name].value);
      onChange(name, true);
    },
    clear: (name) => {
      active.delete(name);
      onChange(name, false);
    },
    list: () => Object.fromEntries(active),
  };
};

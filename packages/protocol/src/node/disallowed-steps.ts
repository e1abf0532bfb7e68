// Steps, and vendor methods as such, that the operator lets nobody run, whatever the policy says.

import { Refusal } from '../errors/refusal.ts';

type Named = { readonly interface: string; readonly step: string };

/** Gives whoever runs it the whole BMC, so it is a matter of access and not of a bad request. */
export const RAW_COMMAND = 'vendor.send_raw';

/** `disallowed` as `interface.step`. Throws Refusal(403) for raw commands, and Refusal(400) for all others. */
export const refuseDisallowed = (
  steps: readonly Named[],
  disallowed: readonly string[],
  what = 'step',
): void => {
  for (const step of steps) {
    const name = `${step.interface}.${step.step}`;
    if (!disallowed.includes(name)) continue;
    throw new Refusal(
      name === RAW_COMMAND ? 403 : 400,
      `The ${what} ${name} is disallowed by the configuration`,
    );
  }
};

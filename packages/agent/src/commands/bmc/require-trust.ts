// Passwords of a BMC are taken only from who proved to be the conductor: token, a TLS key that the service knew
// before it spoke, and the conductor's own certificate. The service asks for the same before it sends.

import type { AgentContext } from '../../agent-context.ts';
import { CommandFailure } from '../../command-failure.ts';

export const requireTrust = ({
  configuration,
  trust,
}: Pick<AgentContext, 'configuration' | 'trust'>): void => {
  const isTrusted =
    configuration.requiresConductorCertificate &&
    trust.mustCommandsBeSigned &&
    trust.session !== null &&
    trust.pin !== null;
  if (isTrusted) return;
  throw new CommandFailure(
    'InvalidCommandParamsError',
    'trust too low: in this boot nobody has to prove to be the conductor',
  );
};

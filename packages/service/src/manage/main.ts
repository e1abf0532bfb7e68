// `bessemer audit|discovery|kek|policy|secret|trust|network|user`: what the operator of a service asks or does at its data directory.

import { ConfigInvalid } from '#config/setting';

import { audit, AUDIT_USAGE } from './audit.ts';
import { bootHost, BOOT_HOST_USAGE } from './boot-host.ts';
import { type Command, UsageInvalid } from './command.ts';
import { discovery, DISCOVERY_USAGE } from './discovery.ts';
import { kek, KEK_USAGE } from './kek.ts';
import { network, NETWORK_USAGE } from './network.ts';
import { policy, POLICY_USAGE } from './policy/policy.ts';
import { secret, SECRET_USAGE } from './secret.ts';
import { trust, TRUST_USAGE } from './trust.ts';
import { user, USER_USAGE } from './user/user.ts';

const COMMANDS: { readonly [name: string]: { readonly run: Command; readonly usage: string } } = {
  audit: { run: audit, usage: AUDIT_USAGE },
  'boot-host': { run: bootHost, usage: BOOT_HOST_USAGE },
  discovery: { run: discovery, usage: DISCOVERY_USAGE },
  kek: { run: kek, usage: KEK_USAGE },
  network: { run: network, usage: NETWORK_USAGE },
  policy: { run: policy, usage: POLICY_USAGE },
  secret: { run: secret, usage: SECRET_USAGE },
  trust: { run: trust, usage: TRUST_USAGE },
  user: { run: user, usage: USER_USAGE },
};

const USAGE_INVALID = 2;

const isTyping = (error: unknown): error is Error =>
  error instanceof UsageInvalid ||
  error instanceof ConfigInvalid ||
  String((error as { readonly code?: unknown }).code).startsWith('ERR_PARSE_ARGS');

const run = async ([name = '', ...args]: readonly string[]): Promise<number> => {
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) {
    const names = Object.keys(COMMANDS).join(', ');
    process.stderr.write(`bessemer: there is no command "${name}" here, only ${names}\n`);
    return USAGE_INVALID;
  }
  if (args.length === 0 || args.includes('--help') || args.includes('-h')) {
    process.stdout.write(command.usage);
    return args.length === 0 ? USAGE_INVALID : 0;
  }
  try {
    return await command.run(args, (line) => process.stdout.write(`${line}\n`));
  } catch (error) {
    if (!isTyping(error)) throw error;
    process.stderr.write(`bessemer ${name}: ${error.message}\n`);
    return USAGE_INVALID;
  }
};

process.umask(0o077);
// Whoever reads the output may have seen enough, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});
process.exitCode = await run(process.argv.slice(2));

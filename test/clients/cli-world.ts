// What each case of the command line has at hand: the client, and the API to read back with.

import assert from 'node:assert/strict';

import { type ApiClient, type Body, makeApiClient } from './api-client.ts';
import type { ServiceInMode } from './modes.ts';
import type { OpenstackHost } from './openstack-host.ts';

export type CliWorld = ApiClient & {
  /** Of `openstack baremetal`; fails when the command does. */
  readonly run: (...args: string[]) => Promise<string>;
  readonly json: (...args: string[]) => Promise<Body>;
  /** What the command says on its way out; it must fail. */
  readonly refused: (...args: string[]) => Promise<string>;
  readonly directory: string;
};

/** By the name of a sub-command as the client has it, such as `baremetal node list`. */
export type CliCases = { readonly [subCommand: string]: (world: CliWorld) => Promise<void> };

export const makeCliWorld = (host: OpenstackHost, inMode: ServiceInMode): CliWorld => {
  const { service, headers } = inMode;
  // By password and catalog once: logins take Keystone longer than all that is tried here.
  let { environment } = inMode;
  const openstack = (args: readonly string[]) => {
    const ran = host.run(environment, ['baremetal', ...args]);
    environment = inMode.loggedIn;
    return ran;
  };
  const run = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await openstack(args);
    assert.equal(code, 0, `openstack baremetal ${args.join(' ')}: ${stderr}`);
    return stdout;
  };
  return {
    ...makeApiClient(service.url, headers),
    directory: service.directory,
    run,
    json: async (...args) => JSON.parse(await run(...args, '-f', 'json')),
    refused: async (...args) => {
      const { code, stderr } = await openstack(args);
      assert.notEqual(code, 0, `openstack baremetal ${args.join(' ')} should have failed`);
      return stderr;
    },
  };
};

export const sorted = (values: readonly unknown[]): readonly string[] => values.map(String).sort();

/** The column of a list by the client. */
export const columnOf = (rows: Body, name: string): readonly unknown[] =>
  rows.map((row: Body) => row[name]);

// The least that changes the password of an account: a login and the change. No budget of logins, no queue, no proof.

import { Client } from 'undici';

import { systemClock } from '../packages/service/src/clock.ts';
import { connectIpmi } from '../packages/service/src/drivers/ipmi/client.ts';
import { setUserPassword } from '../packages/service/src/drivers/ipmi/commands/user-password.ts';
import {
  openUdpTransport,
  systemRandom,
} from '../packages/service/src/drivers/ipmi/udp-transport.ts';
import { Secret } from '../packages/service/src/trust/secret.ts';

export type Login = { readonly username: string; readonly password: string };

/** Where the lab's BMC has its first account. */
const IPMI_USER_ID = 2;
const REDFISH_ACCOUNT = '/redfish/v1/AccountService/Accounts/1';

export const setIpmiPassword = async (port: number, login: Login): Promise<void> => {
  const password = new Secret(login.password);
  const session = await connectIpmi(
    {
      transport: await openUdpTransport('127.0.0.1', port),
      clock: systemClock,
      random: systemRandom,
    },
    { username: login.username, password, privilege: 'administrator', cipherSuites: [17] },
  );
  await session.run(setUserPassword(IPMI_USER_ID, password, 16));
  await session.close();
};

export const setRedfishPassword = async (
  port: number,
  login: Login,
  authority: string,
): Promise<void> => {
  const client = new Client(`https://127.0.0.1:${port}`, {
    connect: { ca: authority, maxCachedSessions: 0 },
  });
  const headers = { 'content-type': 'application/json' };
  const opened = await client.request({
    method: 'POST',
    path: '/redfish/v1/SessionService/Sessions',
    headers,
    body: JSON.stringify({ UserName: login.username, Password: login.password }),
  });
  await opened.body.dump();
  // The BMC ends the session with the change of its account.
  const changed = await client.request({
    method: 'PATCH',
    path: REDFISH_ACCOUNT,
    headers: { ...headers, 'x-auth-token': String(opened.headers['x-auth-token']) },
    body: JSON.stringify({ Password: login.password }),
  });
  await changed.body.dump();
  await client.destroy();
  if (changed.statusCode !== 200) {
    throw new Error(`the bare change of a password was answered with ${changed.statusCode}`);
  }
};

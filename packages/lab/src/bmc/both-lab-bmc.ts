// A BMC that speaks Redfish and IPMI at the same address, HTTPS and UDP on the same number, with one set of accounts
// behind both. What Redfish says about IPMI is so: switched off there, it is silent here.

import { IPMI_FAULTS, isIpmiFault, makeIpmiBmc, type IpmiBmc } from './ipmi/bmc-memory.ts';
import { openInBandPort } from './ipmi/in-band-port.ts';
import { startIpmiServer } from './ipmi/ipmi-server.ts';
import { shareUsers } from './ipmi/shared-users.ts';
import { redfishLabBmc, type LabBmc } from './lab-bmc.ts';
import { startRedfishBmc, type RedfishBmcOptions } from './redfish-server.ts';

/** The administrator's id; user 1 of IPMI is whoever gives no name. */
export const FIRST_SHARED_ID = '2';

export const startBothLabBmc = async (
  options: Omit<RedfishBmcOptions, 'ipmi'> & { readonly insidePort: number },
): Promise<LabBmc> => {
  const { machine, clock, host, port, insidePort, saveAccounts } = options;
  const redfish = await startRedfishBmc({
    ...options,
    ipmi: {
      isOn: () => ipmi.isOverLan,
      switch: (isOn) => {
        ipmi.isOverLan = isOn;
      },
    },
  });
  const ipmi: IpmiBmc = makeIpmiBmc({
    machine,
    clock,
    username: '',
    password: '',
    users: shareUsers(redfish.accounts),
    saveUsers: () => saveAccounts?.(redfish.accounts),
  });
  const server = await startIpmiServer(ipmi, { clock, host, port }).catch(
    async (error: unknown) => {
      await redfish.close();
      throw error;
    },
  );
  const inside = await openInBandPort(ipmi, { host, port: insidePort });
  return joined(redfishLabBmc(redfish), ipmi, {
    ...server,
    close: async () => {
      await inside.close();
      await server.close();
    },
  });
};

/** A fault that both know is set at both. */
const joined = (
  redfish: LabBmc,
  ipmi: IpmiBmc,
  server: Awaited<ReturnType<typeof startIpmiServer>>,
): LabBmc => ({
  faultNames: [...new Set([...redfish.faultNames, ...Object.keys(IPMI_FAULTS)])],
  setFault: (name, value) => {
    redfish.setFault(name, value);
    if (isIpmiFault(name)) ipmi.faults.set(name, value ?? redfish.faults()[name] ?? 1);
  },
  clearFault: (name) => {
    redfish.clearFault(name);
    if (isIpmiFault(name)) ipmi.faults.delete(name);
  },
  faults: () => ({ ...Object.fromEntries(ipmi.faults), ...redfish.faults() }),
  counters: () => ({ ...redfish.counters(), ipmi: { ...ipmi.counters } }),
  dropSessions: () => {
    redfish.dropSessions();
    server.dropSessions();
  },
  close: async () => {
    await server.close();
    await redfish.close();
  },
});

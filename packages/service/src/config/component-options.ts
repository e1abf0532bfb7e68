// From the keys that operators know to the options of each component. The only file that knows both.

import { join } from 'node:path';
import { hostname } from 'node:os';

import { type ApiOptions, DEFAULT_API_OPTIONS } from '#api/api-parts';
import { type ConductorOptions, DEFAULT_CONDUCTOR_OPTIONS } from '#conductor/conductor-parts';
import { isCipherSuiteId } from '#drivers/ipmi/cipher-suites';
import { DEFAULT_DRIVER_OPTIONS, type DriverOptions } from '#drivers/registry';

import {
  cacheDirectory,
  RAMDISK_INITRAMFS,
  RAMDISK_ISO,
  RAMDISK_KERNEL,
} from '@bessemer/protocol/paths';

import { isAgentApiOff } from './agent-listener-options.ts';
import { isLoopback } from './endpoint.ts';
import type { Settings } from './schema.ts';

const SECOND_MS = 1_000;

type Environment = { readonly [name: string]: string | undefined };

export const hostnameOf = (settings: Settings): string => settings.DEFAULT.host ?? hostname();

export const driverOptions = (settings: Settings, agentHost: string): DriverOptions => {
  const { redfish, ipmi, fake } = settings;
  const defaults = DEFAULT_DRIVER_OPTIONS;
  return {
    enabledHardwareTypes: settings.DEFAULT.enabled_hardware_types,
    fake: {
      delayMs: {
        power: fake.power_delay * SECOND_MS,
        management: fake.management_delay * SECOND_MS,
        boot: fake.boot_delay * SECOND_MS,
        deploy: fake.deploy_delay * SECOND_MS,
        clean: fake.clean_delay * SECOND_MS,
        inspect: fake.inspect_delay * SECOND_MS,
      },
    },
    redfish: {
      ...defaults.redfish,
      allowedNetworks: redfish.allowed_networks.length === 0 ? null : redfish.allowed_networks,
      // A service whose agents are on loopback has its BMCs there too: a lab on one machine.
      isLoopbackAllowed: redfish.allow_loopback || isLoopback(agentHost),
      isPlainHttpAllowed: redfish.allow_plain_http,
      requestTimeoutMs: redfish.request_timeout * SECOND_MS,
    },
    ipmi: {
      ...defaults.ipmi,
      allowedNetworks: ipmi.allowed_networks.length === 0 ? null : ipmi.allowed_networks,
      allowedPorts: ipmi.allowed_ports.map(Number),
      isLoopbackAllowed: ipmi.allow_loopback || isLoopback(agentHost),
      cipherSuites: ipmi.cipher_suite_versions.map(Number).filter(isCipherSuiteId),
    },
  };
};

const sourceCheckOf = (asked: string | null): ConductorOptions['lookupSourceCheck'] =>
  asked === 'lease' || asked === 'network' || asked === 'off' ? asked : 'automatic';

export const conductorOptions = (
  settings: Settings,
  environment: Environment,
  agentHost: string,
): ConductorOptions => {
  const { conductor, agent, boot, deploy, image, api, netboot } = settings;
  const cache = cacheDirectory(environment);
  return {
    ...DEFAULT_CONDUCTOR_OPTIONS,
    hostname: hostnameOf(settings),
    leaseMs: conductor.heartbeat_timeout * SECOND_MS,
    workersMax: conductor.workers_pool_size,
    callbackTimeoutMs: {
      deploy: conductor.deploy_callback_timeout * SECOND_MS,
      clean: conductor.clean_callback_timeout * SECOND_MS,
      inspect: conductor.inspect_wait_timeout * SECOND_MS,
    },
    commandTimeoutMs: agent.command_timeout * SECOND_MS,
    disallowedSteps: conductor.disallowed_steps,
    powerTimeoutMs: conductor.power_state_change_timeout * SECOND_MS,
    automatedClean: conductor.automated_clean,
    erasePriority: {
      erase_devices: deploy.erase_devices_priority ?? undefined,
      erase_devices_metadata: deploy.erase_devices_metadata_priority ?? undefined,
    },
    heartbeatTimeoutMs: api.ramdisk_heartbeat_timeout * SECOND_MS,
    requireTls: agent.require_tls,
    lookupWindowMs: agent.lookup_window * SECOND_MS,
    lookupWindow: agent.lookup_window_enforce === 'warn' ? 'warn' : 'enforce',
    lookupSourceCheck: sourceCheckOf(agent.lookup_source_check),
    isLookupRestricted: api.restrict_lookup,
    settleMs: agent.settle * SECOND_MS,
    grantRetryMs: agent.grant_retry * SECOND_MS,
    minTrustLevel: agent.min_trust_level ?? (agent.require_tls ? 1 : 0),
    clockSkewMs: agent.clock_skew * SECOND_MS,
    isRecoveredAutomatically: agent.auto_recover,
    isPollOnly: agent.poll_only,
    pollIntervalMs: (agent.poll_interval ?? api.ramdisk_heartbeat_timeout) * SECOND_MS,
    pollNetworks: agent.poll_networks,
    allowedNetworks: agent.allowed_networks,
    isLoopbackAllowed: isLoopback(agentHost),
    ramdiskIso: deploy.ramdisk_iso ?? join(cache, RAMDISK_ISO),
    ramdiskKernel: deploy.deploy_kernel ?? join(cache, RAMDISK_KERNEL),
    ramdiskInitramfs: deploy.deploy_ramdisk ?? join(cache, RAMDISK_INITRAMFS),
    kernelAppendParams: netboot.kernel_append_params,
    isoDirectories: [join(cache, 'ramdisk'), ...deploy.iso_directories],
    isMediumSourceChecked: boot.media_source_check,
    mediumNetworks: boot.media_networks,
    imageNetworks: image.allowed_networks,
    imageDirectories: image.file_directories,
    isMd5Allowed: agent.allow_md5_checksum,
    ruleCallHosts: settings.inspection_rules.api_call_hosts,
  };
};

export const apiOptions = (settings: Settings): ApiOptions => ({
  ...DEFAULT_API_OPTIONS,
  publicEndpoint: settings.api.public_endpoint?.replace(/\/+$/, '').replace(/\/v1$/, ''),
  maxLimit: settings.api.max_limit,
  isReferenceServed: settings.api.enable_docs,
  canProjectsManageOwnNodes: settings.api.project_admin_can_manage_own_nodes,
  defaultResourceClass: settings.DEFAULT.default_resource_class,
  isDeletingAvailableAllowed: settings.conductor.allow_deleting_available_nodes,
  conductorTimeoutMs: settings.conductor.heartbeat_timeout * SECOND_MS,
  disallowedSteps: settings.conductor.disallowed_steps,
  publicAgentRoutes: settings.api.public_agent_routes === 'policy' ? 'policy' : '404',
  isShowPasswordAllowed: settings.bmc_credentials.allow_show_password,
  isAgentApiOff: isAgentApiOff(settings),
});

// Keys of driver_info, as `GET drivers/ipmi/properties` shows them.

/** How a BMC is reached, for nodes that speak something else to it, too. */
export const IPMI_REACH_PROPERTIES: { readonly [key: string]: string } = {
  ipmi_port: 'UDP port of the BMC; default 623.',
  ipmi_cipher_suite:
    '17 (SHA-256) or 3 (SHA-1); default: what [ipmi] cipher_suite_versions lists. 0 is never used.',
  ipmi_hex_kg_key: 'Key of the BMC (Kg), 40 hex digits, where one is set there.',
};

export const IPMI_PROPERTIES: { readonly [key: string]: string } = {
  ipmi_address: 'IP address or host name of the BMC. Required.',
  ipmi_username: 'User name, at most 16 bytes. Required: nobody logs in without a name.',
  ipmi_password: 'Password, at most 20 bytes; many BMCs keep 16. Required.',
  ...IPMI_REACH_PROPERTIES,
  ipmi_priv_level:
    'Privilege level of the session: ADMINISTRATOR (default), OPERATOR, USER or CALLBACK.',
  ipmi_disable_boot_timeout:
    'Whether the BMC is told to keep a boot device for longer than a minute: true (default) or false.',
  ipmi_protocol_version: 'Only 2.0, which is the default.',
  ipmi_bridging: 'Only "no", which is the default.',
  ipmi_terminal_port: 'Accepted for clients that set it; there is no console over IPMI.',
  ipmi_force_boot_device:
    'Accepted for clients that set it; the boot device is set before each boot that the service causes.',
  ipmi_verify_ca: 'Accepted for clients that set it; IPMI has no certificates.',
  ipmi_local_address: 'Accepted for clients that set it; only bridging uses it.',
  ipmi_target_address: 'Accepted for clients that set it; only bridging uses it.',
  ipmi_target_channel: 'Accepted for clients that set it; only bridging uses it.',
  ipmi_transit_address: 'Accepted for clients that set it; only bridging uses it.',
  ipmi_transit_channel: 'Accepted for clients that set it; only bridging uses it.',
};

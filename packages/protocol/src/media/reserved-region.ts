// The place in a base ISO that the service fills per node and boot, and that the ramdisk unpacks as an
// additional initramfs. The ramdisk builder writes the file, the service overlays it, the lab's simulated
// firmware reads it: so its name and size live here.

/** Path of the zero-filled file inside the ISO; upper case 8.3 so that plain ISO 9660 shows it unchanged. */
export const RESERVED_REGION_PATH = '/BOOT/CONFIG.CPI';
/** Room for configuration, certificates, keys and network data of one boot; a multiple of 2,048. */
export const RESERVED_REGION_BYTES = 256 * 1024;
/** ISO volume label by which firmware loaders and the ramdisk find the medium. */
export const RAMDISK_ISO_LABEL = 'BESSEMER_BOOT';

/** Paths inside the configuration archive, as a stock agent reads them too. */
export const AGENT_CONFIG_PATH = 'etc/ironic-python-agent.d/bessemer.conf';
export const AGENT_CA_PATH = 'etc/ironic-python-agent/ironic.crt';
export const AGENT_CERT_PATH = 'etc/ironic-python-agent/agent.crt';
export const AGENT_KEY_PATH = 'etc/ironic-python-agent/agent.key';
export const NETWORK_DATA_PATH = 'openstack/latest/network_data.json';

// The microversions that this service speaks: 1.1 to 1.115. Inside, a microversion is its minor number.

export const MINOR_MIN = 1;
export const MINOR_MAX = 115;
/** Requests without a version header are served as this one. */
export const MINOR_WITHOUT_HEADER = 1;

export const versionText = (minor: number): string => `1.${minor}`;

export const VERSION_HEADER = 'x-openstack-ironic-api-version';
export const VERSION_MINIMUM_HEADER = 'x-openstack-ironic-api-minimum-version';
export const VERSION_MAXIMUM_HEADER = 'x-openstack-ironic-api-maximum-version';
export const STANDARD_VERSION_HEADER = 'openstack-api-version';
/** Our name in the standard header: `OpenStack-API-Version: baremetal 1.81`. */
export const SERVICE_TYPE = 'baremetal';

// What gophercloud makes of an answer: Go types that fail as a whole when one value is of another type.

import assert from 'node:assert/strict';

import type { Body } from '../api-client.ts';

type Check = (value: unknown) => boolean;

const isMap: Check = (value) =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isText: Check = (value) => typeof value === 'string';
const isFlag: Check = (value) => typeof value === 'boolean';
const isWhole: Check = (value) => Number.isSafeInteger(value);
const isList =
  (each: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(each);
const isLink: Check = (value) => isMap(value) && isText((value as Body).href);
/** RFC 3339: a zone is a must, and the offset has its colon. */
const isTime: Check = (value) =>
  isText(value) &&
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.test(value as string);

type Shape = { readonly [key: string]: Check };

const all = (check: Check, keys: string): Shape =>
  Object.fromEntries(keys.split(/\s+/).map((key) => [key, check]));

const NODE: Shape = {
  ...all(
    isText,
    `uuid name instance_uuid power_state target_power_state provision_state target_provision_state
    maintenance_reason fault last_error reservation driver resource_class chassis_uuid owner lessee
    conductor conductor_group description protected_reason retired_reason allocation_uuid health
    bios_interface boot_interface console_interface deploy_interface firmware_interface
    inspect_interface management_interface network_interface power_interface raid_interface
    rescue_interface storage_interface vendor_interface shard parent_node`,
  ),
  ...all(isFlag, 'maintenance console_enabled protected retired disable_power_off automated_clean'),
  ...all(
    isMap,
    `clean_step deploy_step service_step raid_config target_raid_config driver_info properties
    network_data instance_info extra driver_internal_info`,
  ),
  ...all(
    isTime,
    `created_at updated_at provision_updated_at inspection_started_at inspection_finished_at`,
  ),
  ...all(isList(isLink), 'links ports portgroups states volume'),
  traits: isList(isText),
};

const PORT: Shape = {
  ...all(isText, 'uuid address node_uuid portgroup_uuid physical_network'),
  ...all(isFlag, 'pxe_enabled is_smartnic'),
  ...all(isMap, 'extra internal_info local_link_connection'),
  ...all(isTime, 'created_at updated_at'),
  links: isList(isLink),
};

const DRIVER: Shape = {
  ...all(isText, 'name type'),
  hosts: isList(isText),
  ...all(isList(isLink), 'links properties'),
};

const BIOS: Shape = {
  ...all(isText, 'name value attribute_type'),
  ...all(isWhole, 'lower_bound upper_bound min_length max_length'),
  ...all(isFlag, 'read_only reset_required unique'),
  ...all(isTime, 'created_at updated_at'),
  allowable_values: isList(isText),
};

const FIRMWARE: Shape = {
  ...all(isText, 'component initial_version current_version last_version_flashed'),
  ...all(isTime, 'created_at updated_at'),
};

const ALWAYS: { readonly [key: string]: readonly string[] } = { firmware: ['created_at'] };

const checkShape = (what: string, value: Body, shape: Shape): void => {
  assert.ok(isMap(value), `${what} is an object`);
  for (const [key, check] of Object.entries(shape)) {
    // null leaves the zero value of any type.
    const isFine = value[key] === undefined || value[key] === null || check(value[key]);
    assert.ok(isFine, `${what}: ${key} is ${JSON.stringify(value[key])}`);
  }
  for (const key of ALWAYS[what] ?? []) assert.ok(isText(value[key]), `${what} needs ${key}`);
};

/** One of them, or a page or list under its name. */
const SHAPES: readonly (readonly [RegExp, string, Shape])[] = [
  [/\/bios\b/, 'bios', BIOS],
  [/\/firmware\b/, 'firmware', FIRMWARE],
  [/^\/v1\/nodes(\/[^/]+)?$/, 'nodes', NODE],
  [/^\/v1\/ports(\/[^/]+)?$/, 'ports', PORT],
  [/^\/v1\/drivers(\/[^/]+)?$/, 'drivers', DRIVER],
];

const STATUSES: { readonly [method: string]: readonly number[] } = {
  GET: [200, 404],
  POST: [200, 201, 202, 204],
  PUT: [201, 202, 204],
  PATCH: [200],
  // 200 for methods of a vendor only.
  DELETE: [200, 202, 204],
};

export const checkStrictly = (path: string, method: string, status: number, body: Body): void => {
  assert.ok(STATUSES[method]?.includes(status), `${method} ${path}: ${status}`);
  if (status === 404) return;
  if (path.endsWith('/validate')) {
    for (const [name, each] of Object.entries<Body>(body)) {
      assert.ok(isMap(each) && (each.result === null || isFlag(each.result)), name);
      assert.ok(each.reason === undefined || each.reason === null || isText(each.reason), name);
    }
    return;
  }
  const { pathname } = new URL(path, 'http://any');
  const found = SHAPES.find(([pattern]) => pattern.test(pathname));
  if (found === undefined || body === undefined) return;
  const [, name, shape] = found;
  const values = Array.isArray(body[name]) ? body[name] : [body];
  for (const value of values) checkShape(name, value, shape);
};

// Which service, and who asks: from clouds.yaml as the openstack client reads it. Only the two ways that need no
// identity service: `none` and `http_basic`.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { isJsonObject, type JsonObject, type JsonValue } from '@bessemer/protocol/json';
import { parse } from 'yaml';

import { CliFailure } from './cli-failure.ts';

export type CloudAccess = {
  /** Without `/v1` and without a slash at its end. */
  readonly endpoint: string;
  readonly account: { readonly user: string; readonly password: string } | undefined;
  /** PEM of the authorities that may vouch for the service; undefined: those of the system. */
  readonly ca: string | undefined;
};

type Environment = { readonly [name: string]: string | undefined };

/** The cloud that `serve` writes into the clouds.yaml of its data directory. */
export const DEFAULT_CLOUD = 'bessemer';

const placesOf = (environment: Environment, directory: string): readonly string[] => {
  const named = environment['OS_CLIENT_CONFIG_FILE'];
  if (named !== undefined && named !== '') return [named];
  const home = environment['XDG_CONFIG_HOME'] ?? join(environment['HOME'] ?? '/root', '.config');
  return [
    join(directory, 'clouds.yaml'),
    join(home, 'openstack', 'clouds.yaml'),
    '/etc/openstack/clouds.yaml',
  ];
};

export const findCloud = (
  environment: Environment,
  directory: string,
  cloudName: string | undefined,
): CloudAccess => {
  const places = placesOf(environment, directory);
  const path = places.find((place) => existsSync(place));
  if (path === undefined) {
    throw new CliFailure(
      'usage',
      `there is no ${places.length === 1 ? places[0] : 'clouds.yaml here or in ~/.config/openstack'}; ` +
        'point OS_CLIENT_CONFIG_FILE to the clouds.yaml in the data directory of `serve`',
    );
  }
  // An empty variable is one that is not set.
  const named = environment['OS_CLOUD'] === '' ? undefined : environment['OS_CLOUD'];
  return readCloud(path, readText(path), cloudName ?? named);
};

const readText = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new CliFailure('usage', `cannot read ${path}: ${String(error)}`, { cause: error });
  }
};

const parseClouds = (path: string, text: string): JsonObject => {
  let content: unknown;
  try {
    content = parse(text);
  } catch (error) {
    throw new CliFailure('usage', `${path} is not YAML: ${String(error)}`, { cause: error });
  }
  const clouds = isJsonObject(content) ? content['clouds'] : undefined;
  if (!isJsonObject(clouds)) throw new CliFailure('usage', `${path} has no section "clouds"`);
  return clouds;
};

const asText = (value: JsonValue | undefined): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

/** `asked` undefined: `bessemer`, or the only cloud that there is. */
export const readCloud = (path: string, text: string, asked: string | undefined): CloudAccess => {
  const clouds = parseClouds(path, text);
  const names = Object.keys(clouds);
  const name = asked ?? (names.length === 1 ? names[0] : undefined) ?? DEFAULT_CLOUD;
  const cloud = clouds[name];
  if (!isJsonObject(cloud)) {
    throw new CliFailure('usage', `${path} has no cloud ${name}; it has ${names.join(', ')}`);
  }
  const auth = isJsonObject(cloud['auth']) ? cloud['auth'] : {};
  const endpoint =
    asText(cloud['endpoint']) ??
    asText(auth['endpoint']) ??
    asText(cloud['baremetal_endpoint_override']);
  if (endpoint === undefined || !URL.canParse(endpoint)) {
    throw new CliFailure('usage', `the cloud ${name} in ${path} has no usable endpoint`);
  }
  const ca = asText(cloud['cacert']);
  return {
    endpoint: endpoint.replace(/\/+$/, '').replace(/\/v1$/, ''),
    account: accountOf(path, name, asText(cloud['auth_type']), auth),
    ca: ca === undefined ? undefined : readText(ca),
  };
};

const accountOf = (
  path: string,
  name: string,
  authType: string | undefined,
  auth: JsonObject,
): CloudAccess['account'] => {
  if (authType === 'none') return undefined;
  if (authType !== 'http_basic') {
    throw new CliFailure(
      'usage',
      `the cloud ${name} in ${path} has auth_type ${authType ?? '(not given)'}; this program knows http_basic and none`,
    );
  }
  const [user, password] = [asText(auth['username']), asText(auth['password'])];
  if (user === undefined || password === undefined) {
    throw new CliFailure('usage', `the cloud ${name} in ${path} lacks username or password`);
  }
  return { user, password };
};

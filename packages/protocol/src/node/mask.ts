// What must not be shown of the free-form maps: values under keys that look like secrets, and secrets written
// inside other texts. The same list holds in every authentication mode.

import { isJsonObject, type JsonObject, type JsonValue } from '../json.ts';

export const SECRET_MASK = '******';

/** A key is secret when, lower-cased, it contains one of these. */
const SECRET_WORDS = [
  'adminpass',
  'admin_pass',
  'password',
  'admin_password',
  'auth_token',
  'new_pass',
  'auth_password',
  'secret_uuid',
  'secret',
  'sys_pswd',
  'token',
  'configdrive',
  'chappassword',
  'encrypted_key',
  'private_key',
  'fernetkey',
  'sslkey',
  'passphrase',
  'cephclusterfsid',
  'octaviaheartbeatkey',
  'rabbitcookie',
  'cephmanilaclientkey',
  'pacemakerremoteauthkey',
  'designaterndckey',
  'cephadminkey',
  'heatauthencryptionkey',
  'cephclientkey',
  'keystonecredential',
  'barbicansimplecryptokek',
  'cephrgwkey',
  'swifthashsuffix',
  'migrationsshkey',
  'cephmdskey',
  'cephmonkey',
] as const;

const WORDS = SECRET_WORDS.join('|');
const SECRET_KEY = new RegExp(WORDS, 'i');

// Each alternative is anchored by a word of the list and consumes a run of characters that cannot match what
// follows it, so matching stays linear in the text.
const SECRETS_IN_TEXT: readonly RegExp[] = [
  new RegExp(`((?:${WORDS})[0-9]*["']?\\s{0,8}[=:]\\s{0,8}["'])[^"']*`, 'gi'),
  new RegExp(`((?:${WORDS})[0-9]*\\s{0,8}=\\s{0,8})[^\\s"'&]+`, 'gi'),
  new RegExp(`(--[a-z_-]{0,32}(?:${WORDS})[0-9]*\\s{1,8})[^\\s"'=]+`, 'gi'),
  new RegExp(`(<[a-z_]{0,32}(?:${WORDS})[0-9]*>)[^<]*`, 'gi'),
];

export const isSecretKey = (key: string): boolean => SECRET_KEY.test(key);

/** `password = x` becomes `password = ******`; texts without such a word are returned as they are. */
export const maskText = (text: string): string => {
  if (!SECRET_KEY.test(text)) return text;
  let masked = text;
  for (const pattern of SECRETS_IN_TEXT) masked = masked.replace(pattern, `$1${SECRET_MASK}`);
  return masked;
};

/** A copy with every secret replaced, at any depth, in arrays too. */
export const maskSecrets = (value: JsonObject): JsonObject => maskObject(value);

const maskObject = (value: JsonObject): JsonObject => {
  const masked: JsonObject = {};
  for (const [key, each] of Object.entries(value)) {
    masked[key] = isSecretKey(key) ? SECRET_MASK : maskValue(each);
  }
  return masked;
};

const maskValue = (value: JsonValue): JsonValue => {
  if (typeof value === 'string') return maskText(value);
  if (Array.isArray(value)) return value.map(maskValue);
  return isJsonObject(value) ? maskObject(value) : value;
};

/** These keys carry no word of the list, and only their place at the top says that they are secrets. */
const DRIVER_INFO_SECRETS = ['snmp_auth_key', 'snmp_priv_key', 'ipmi_hex_kg_key'];

export const maskDriverInfo = (driverInfo: JsonObject): JsonObject => {
  const masked = maskObject(driverInfo);
  for (const key of DRIVER_INFO_SECRETS) {
    if (Object.hasOwn(masked, key)) masked[key] = SECRET_MASK;
  }
  return masked;
};

/** `image_url` may be a signed URL; an empty one is shown so that people see that it is empty. */
export const maskInstanceInfo = (instanceInfo: JsonObject): JsonObject => {
  const masked = maskObject(instanceInfo);
  for (const key of ['configdrive', 'image_url']) {
    if (!Object.hasOwn(instanceInfo, key)) continue;
    masked[key] = isTruthy(instanceInfo[key]) ? SECRET_MASK : (instanceInfo[key] ?? null);
  }
  return masked;
};

const isTruthy = (value: JsonValue | undefined): boolean => {
  if (Array.isArray(value)) return value.length > 0;
  return isJsonObject(value) ? Object.keys(value).length > 0 : Boolean(value);
};

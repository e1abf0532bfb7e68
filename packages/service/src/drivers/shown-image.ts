// The address of an inserted image as it may be shown: whoever holds all of it can fetch the image, and with it
// the agent's token.

/** Name, password, query and long parts of the path are left out: each may be what lets its holder in. */
export const shownImage = (image: string): string => {
  if (!URL.canParse(image)) return '***';
  const url = new URL(image);
  const path = url.pathname
    .split('/')
    .map((part) => (SIGNATURE_PATTERN.test(part) ? '***' : part))
    .join('/');
  return `${url.protocol}//${url.host}${path}`;
};

/** Base64 or hex of 128 bits and more; UUIDs, which identify but open nothing, stay. */
const SIGNATURE_PATTERN =
  /^(?![0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$)[\w=-]{22,}$/i;

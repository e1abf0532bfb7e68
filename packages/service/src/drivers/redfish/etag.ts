// ETags as BMCs use them: in the header, or only in the body; weak ones are sent back as they came.

import type { JsonValue } from '@bessemer/protocol/json';

import { memberAt } from './json-guard.ts';

const ETAG_PATTERN = /^(?:W\/)?"[\x21\x23-\x7e]*"$/;

/** Undefined when there is none, or none that may be sent back as a header. */
export const etagOf = (
  header: string | undefined,
  body: JsonValue | undefined,
): string | undefined => {
  const inBody = memberAt(body, '@odata.etag');
  return [header, typeof inBody === 'string' ? inBody : undefined].find(
    (etag) => etag !== undefined && ETAG_PATTERN.test(etag),
  );
};

/** Some BMCs hand out weak tags and compare strongly; they want the tag without its mark. */
export const strongEtag = (etag: string): string => etag.replace(/^W\//, '');

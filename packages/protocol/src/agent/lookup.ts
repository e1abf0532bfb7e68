// The answer to a lookup, as far as an agent reads it. Unknown keys are ignored on both sides.

import type { JsonObject } from '../json.ts';

export type LookupResponse = {
  readonly node: {
    readonly uuid: string;
    readonly properties: JsonObject;
    readonly instance_info: JsonObject;
    readonly driver_internal_info: JsonObject;
  };
  readonly config: {
    readonly heartbeat_timeout: number;
    readonly agent_token: string | null;
    readonly agent_token_required: true;
    readonly permitted_image_formats?: readonly string[];
    readonly enable_bios_bootloader_install?: boolean;
    readonly tls_min_version?: string;
    /** Present when the service is ours. */
    readonly bessemer?: JsonObject;
  };
};

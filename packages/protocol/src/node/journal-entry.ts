// One line of a node's journal, as GET /bessemer/nodes/{ident}/journal and the event stream send it.

import type { JsonObject } from '../json.ts';

export type JournalEntry = {
  readonly seq: number;
  /** ISO 8601. */
  readonly at: string;
  /** UUID of the workflow. */
  readonly workflow: string;
  readonly kind: string;
  readonly stepIndex: number;
  readonly step: string;
  readonly interface: string;
  readonly event: string;
  readonly detail: JsonObject;
};

// What a node waits for, as GET /bessemer/nodes/{ident}/why answers. Times are ISO 8601.

export type WhyReport = {
  /** UUID. */
  readonly node: string;
  readonly name: string | null;
  readonly provisionState: string;
  readonly targetProvisionState: string | null;
  readonly isBusy: boolean;
  readonly workflow: string | null;
  readonly step: string | null;
  readonly waitsFor: string | null;
  readonly since: string | null;
  readonly until: string | null;
  readonly on: string | null;
  /** What a person can do, in one or two sentences. */
  readonly remedy: string | null;
  readonly failure: { readonly code: string; readonly text: string } | null;
};

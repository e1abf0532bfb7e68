// A deploy template: steps that a deployment gets when the template's name, which is a trait, is asked for.

import type { JsonObject } from '../json.ts';

export type TemplateStep = {
  readonly interface: string;
  readonly step: string;
  readonly args: JsonObject;
  /** 0 switches a step off that would run by itself; higher runs earlier. */
  readonly priority: number;
};

export type DeployTemplateRecord = {
  readonly id: number;
  readonly uuid: string;
  readonly name: string;
  readonly steps: readonly TemplateStep[];
  readonly extra: JsonObject;
  /** Taken and kept; the API does not show it. */
  readonly description: string | null;
  readonly createdAt: string;
  readonly updatedAt: string | null;
};

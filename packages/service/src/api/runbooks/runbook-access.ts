// Who may see and do what with a runbook: those of the project that owns it, everybody with one that is public, and
// the people of the system with all.

import type { FastifyReply, FastifyRequest } from 'fastify';

import type { PolicyTarget } from '#policy/policy';
import type { RuleName } from '#policy/rules';
import { findRunbook } from '#store/runbooks';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { JsonValue } from '@bessemer/protocol/json';
import { runbookAt } from '@bessemer/protocol/runbook/fields';
import type { RunbookRecord } from '@bessemer/protocol/runbook/record';

import { authorize, may } from '../access/authorize.ts';
import type { ApiParts } from '../api-parts.ts';
import { identOf } from '../nodes/find-node.ts';
import { findResource } from '../resource/find-resource.ts';
import { maskSteps } from '../resource/kept-steps.ts';
import type { ShowSpecial } from '../resource/resource-text.ts';
import { sendResource } from '../resource/send-resource.ts';

export const RUNBOOK_NOUN = 'runbook';

export const runbookMissing = (ident: string): Refusal =>
  new Refusal(404, `Runbook ${ident} could not be found.`);

const NAMING = { noun: RUNBOOK_NOUN, hasNames: true, missing: runbookMissing };

const targetOf = (runbook: RunbookRecord): PolicyTarget => ({ 'runbook.owner': runbook.owner });

/** 404 for one that the caller may not see; else every rule has to allow it (403). No rules: it is only shown. */
export const requireRunbook = async (
  parts: ApiParts,
  request: FastifyRequest,
  rules: readonly RuleName[],
): Promise<RunbookRecord> => {
  const runbook = await findResource(request, NAMING, (ident) =>
    findRunbook(parts.store.db, ident),
  );
  request.isRuleAsked = true;
  const target = targetOf(runbook);
  const isVisible = runbook.public || (await may(parts, request, 'baremetal:runbook:get', target));
  if (!isVisible) throw runbookMissing(identOf(request));
  for (const rule of rules) await authorize(parts, request, rule, target);
  return runbook;
};

/** Names and traits are texts; what is left are steps. */
export const showSpecial: ShowSpecial = (value) =>
  Array.isArray(value) ? maskSteps(value as JsonValue[]) : value;

export const sendRunbook = (
  request: FastifyRequest,
  reply: FastifyReply,
  runbook: RunbookRecord,
  fields?: readonly string[],
): FastifyReply =>
  sendResource(request, reply, { table: runbookAt(request.minor), showSpecial }, runbook, fields);

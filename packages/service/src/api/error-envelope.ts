// The shapes of errors on the wire, all in one place. Clients decode the inner string, so the text form stays.

import { Refusal } from '@bessemer/protocol/errors/refusal';

/** A refusal by routing or version selection: it has another inner document than those of controllers. */
export class RoutingRefusal extends Refusal {
  override readonly name = 'RoutingRefusal';
}

/** A refusal whose body is not wrapped: the two guards in front of the API (size and depth of bodies). */
export class GuardRefusal extends Refusal {
  override readonly name = 'GuardRefusal';
}

const TITLES: { readonly [status: number]: string } = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  409: 'Conflict',
  413: 'Request Entity Too Large',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

const faultcode = (status: number): string => (status < 500 ? 'Client' : 'Server');

export const errorBody = (refusal: Refusal): string => {
  const { status, message } = refusal;
  if (refusal instanceof GuardRefusal) {
    return JSON.stringify({ faultcode: faultcode(status), faultstring: message });
  }
  const inner =
    refusal instanceof RoutingRefusal
      ? { code: status, title: TITLES[status] ?? 'Error', description: message }
      : { faultcode: faultcode(status), faultstring: message, debuginfo: null };
  return JSON.stringify({ error_message: JSON.stringify(inner) });
};

export const notFound = (): RoutingRefusal =>
  new RoutingRefusal(404, 'The resource could not be found.');
export const methodNotAllowed = (method: string): RoutingRefusal =>
  new RoutingRefusal(405, `The method ${method} is not allowed for this resource.`);
export const notAcceptable = (): Refusal => new Refusal(406, 'Request not acceptable.');
export const resourceMissing = (): Refusal => new Refusal(404, 'Resource could not be found.');

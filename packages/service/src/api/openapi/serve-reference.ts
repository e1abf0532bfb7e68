// `/docs` on the public listener, when `[api] enable_docs` is set: the reference page and the document behind it. For
// users who have logged in, like the rest; the page is whole, nothing of it comes from elsewhere.

import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';

import type { Route } from '../route.ts';
import { makeDocument } from './document.ts';

/** Browsers are told so, too; the policy that the page comes with allows other hosts. */
const CONTENT_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export const serveReference = (app: FastifyInstance, routes: readonly Route[]): void => {
  const document = makeDocument(routes);
  void app.register(swagger, {
    mode: 'static',
    specification: { document: document as never },
  });
  void app.register(swaggerUi, {
    routePrefix: '/docs',
    // The page is looked at with the login of a person: it must not be made to call another service.
    uiConfig: { validatorUrl: null, tryItOutEnabled: false, supportedSubmitMethods: [] },
    staticCSP: CONTENT_POLICY,
  });
};

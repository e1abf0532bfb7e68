// Requests to an image server: whole files and ranges. Redirects are followed on the same host only, because a
// credential or a checked address must not be carried elsewhere.

import { shownUrl } from '../agent-log.ts';
import { CommandFailure } from '../command-failure.ts';
import { TransferBroken } from './transfer-broken.ts';
import { openTransfer, type Transfer } from './transfer.ts';

export type ImageServerOptions = {
  readonly authorization: string | null;
  /** Trusted in addition to the public roots: the service's own. */
  readonly authorityPem: string | null;
  readonly connectTimeoutMs: number;
};

export type ImageBody = {
  readonly body: Transfer;
  /** Of the whole file. */
  readonly totalBytes: number | null;
  /** Strong validator, or null. */
  readonly etag: string | null;
  readonly isRange: boolean;
};

export type ByteRange = { readonly from: number; readonly to: number | null };

const REDIRECTS_MAX = 5;

export const openImage = async (
  options: ImageServerOptions,
  url: string,
  range: ByteRange | null,
  ifRange: string | null = null,
): Promise<ImageBody> => {
  let target = new URL(url);
  for (let hop = 0; hop <= REDIRECTS_MAX; hop += 1) {
    const response = await send(options, target, range, ifRange);
    const { status } = response;
    if (status === 200 || status === 206) return bodyOf(response, status === 206);
    response.destroy();
    if (![301, 302, 303, 307, 308].includes(status)) throw refusalOf(status, target.href);
    target = redirected(target, response.headers.get('location'));
  }
  throw fatal(`${shownUrl(url)} redirects more than ${REDIRECTS_MAX} times`);
};

const redirected = (from: URL, location: string | undefined): URL => {
  if (location === undefined || !URL.canParse(location, from.href)) {
    throw fatal(`${shownUrl(from.href)} redirects to nowhere`);
  }
  const to = new URL(location, from);
  const isSafer = from.protocol === to.protocol || to.protocol === 'https:';
  if (to.hostname !== from.hostname || !isSafer) {
    throw fatal(`${shownUrl(from.href)} redirects to another host, ${to.host}`);
  }
  return to;
};

const send = (
  options: ImageServerOptions,
  url: URL,
  range: ByteRange | null,
  ifRange: string | null,
): Promise<Transfer> =>
  openTransfer(url, {
    headers: {
      'User-Agent': 'bessemer-agent',
      Accept: '*/*',
      ...(options.authorization === null ? {} : { Authorization: options.authorization }),
      ...(range === null ? {} : { Range: `bytes=${range.from}-${range.to ?? ''}` }),
      ...(ifRange === null ? {} : { 'If-Range': ifRange }),
    },
    authorityPem: options.authorityPem,
    silenceMsMax: options.connectTimeoutMs,
  });

const bodyOf = (response: Transfer, isRange: boolean): ImageBody => {
  const length = numberOf(response.headers.get('content-length'));
  const whole = numberOf(/\/([0-9]+)$/.exec(response.headers.get('content-range') ?? '')?.[1]);
  const etag = response.headers.get('etag');
  return {
    body: response,
    totalBytes: isRange ? whole : length,
    etag: etag === undefined || etag.startsWith('W/') ? null : etag,
    isRange,
  };
};

const numberOf = (text: string | undefined): number | null => {
  const value = Number(text ?? Number.NaN);
  return Number.isSafeInteger(value) && value >= 0 ? value : null;
};

/** The caller's fault is final; the server's may pass. */
const refusalOf = (status: number, url: string): Error => {
  const text = `${shownUrl(url)} answered ${status}`;
  const mayPass = status >= 500 || status === 408 || status === 429;
  return mayPass ? new TransferBroken(text) : fatal(text);
};

const fatal = (text: string): CommandFailure =>
  new CommandFailure('ImageDownloadError', text, { failureCode: 'image.download' });

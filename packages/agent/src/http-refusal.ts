// An answer that ends a request: status, and the text for `faultstring`.

export class HttpRefusal extends Error {
  readonly status: number;

  constructor(status: number, text: string) {
    super(text);
    this.name = 'HttpRefusal';
    this.status = status;
  }
}

/** One text for every reason: who has no right learns nothing about why. */
export const tokenInvalid = (): HttpRefusal =>
  new HttpRefusal(401, '401 Unauthorized: Token invalid.');

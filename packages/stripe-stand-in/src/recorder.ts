import { appendFileSync } from 'node:fs';

/** A request as it was written down, a line of JSON each. */
export interface RecordedRequest {
  method: string;
  target: string;
  userAgent: string;
  body: string;
}

/**
 * Writes each request into the file that `STRIPE_STAND_IN_RECORD` names, if it names one. Whoever runs tests can compare
 * what their app sends with Stripe's own description of the API.
 */
export function record(request: {
  method: string;
  target: string;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}): void {
  const file = process.env['STRIPE_STAND_IN_RECORD'];
  if (file !== undefined && file !== '') {
    const { method, target, headers, body } = request;
    const userAgent = String(headers['user-agent'] ?? '');
    const recorded: RecordedRequest = { method, target, userAgent, body };
    appendFileSync(file, `${JSON.stringify(recorded)}\n`);
  }
}

/** What the gateway lets pages on other origins do: API Gateway in AWS, and the local one alike. */
export const CORS = {
  methods: ['GET', 'POST', 'DELETE'],
  /** What a page may send. */
  headers: ['authorization', 'content-type', 'idempotency-key'],
  /** What a page may read of an answer. */
  exposed: ['retry-after', 'idempotent-replayed', 'location', 'link'],
  /** For how long a browser keeps the answer to a preflight. */
  maxAgeSeconds: 3_600,
} as const;

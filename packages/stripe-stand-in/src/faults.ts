/**
 * How the API answers when it fails before anything has happened. A `kept_server_error` is kept under the idempotency
 * key, so that each repetition is the same 500.
 */
export const API_FAULTS = [
  'server_error',
  'kept_server_error',
  'rate_limit',
  'garbage',
  'cut',
  'hang',
] as const;
export type ApiFault = (typeof API_FAULTS)[number];

/** What goes wrong, by probabilities of 0 to 1. */
export interface Faults {
  webhooks: {
    /** Deliver in any order. */
    shuffle: boolean;
    /** How often an event is delivered twice. */
    duplicate: number;
    delayMs: number;
    /** How often a delivery is held back until a flush, as Stripe would deliver it again later. */
    drop: number;
  };
  api: {
    latencyMs: number;
    /** How often a request fails before it has had an effect. */
    errorRate: number;
    /** In which ways it fails then. */
    errors: readonly ApiFault[];
    /** How often a request that changes something is cut off after it has had its effect. */
    dropAfterEffect: number;
    /** How often a request has its effect and answers 500 nevertheless, which its key then keeps. */
    errorAfterEffect: number;
    /** What the key has no right to, as `POST /v1/refunds`: a method and the beginning of a path. */
    forbidden: readonly string[];
  };
}

export const NO_FAULTS: Faults = {
  webhooks: { shuffle: false, duplicate: 0, delayMs: 0, drop: 0 },
  api: {
    latencyMs: 0,
    errorRate: 0,
    errors: ['server_error'],
    dropAfterEffect: 0,
    errorAfterEffect: 0,
    forbidden: [],
  },
};

/** True stands for always, and false for never. */
export type Probability = boolean | number;

/** Faults as they are asked for: what is left out does not go wrong. */
export interface FaultOrder {
  webhooks?:
    | {
        shuffle?: boolean | undefined;
        duplicate?: Probability | undefined;
        delayMs?: number | undefined;
        drop?: Probability | undefined;
      }
    | undefined;
  api?:
    | {
        latencyMs?: number | undefined;
        errorRate?: Probability | undefined;
        errors?: readonly ApiFault[] | undefined;
        dropAfterEffect?: Probability | undefined;
        errorAfterEffect?: Probability | undefined;
        forbidden?: readonly string[] | undefined;
      }
    | undefined;
}

export function faultsOf({ webhooks = {}, api = {} }: FaultOrder): Faults {
  return {
    webhooks: {
      shuffle: webhooks.shuffle ?? false,
      duplicate: Number(webhooks.duplicate ?? 0),
      delayMs: webhooks.delayMs ?? 0,
      drop: Number(webhooks.drop ?? 0),
    },
    api: {
      latencyMs: api.latencyMs ?? 0,
      errorRate: Number(api.errorRate ?? 0),
      errors: api.errors === undefined || api.errors.length === 0 ? NO_FAULTS.api.errors : api.errors,
      dropAfterEffect: Number(api.dropAfterEffect ?? 0),
      errorAfterEffect: Number(api.errorAfterEffect ?? 0),
      forbidden: api.forbidden ?? [],
    },
  };
}

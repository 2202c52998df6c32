import { type Failure, problemIn, usesUpKey } from '../api/failure.ts';

/** Whether the API keeps the refusal under the request's key: a new try takes another key. */
export function isDecided(failure: Failure): boolean {
  const refused = problemIn(failure, 'illegal_transition');
  return (
    usesUpKey(failure) ||
    // A mail that no card could pay for is recorded as failed, and so is a change of plan that did not happen.
    problemIn(failure, 'payment_method_required') !== null ||
    (refused !== null && 'changeId' in refused)
  );
}

/** How much of a request's time is left: one for all its tries, so that retries never outlive the caller. */
export interface Deadline {
  remainingMs(): number;
}

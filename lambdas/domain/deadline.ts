/** How much of a request's time is left: one for all its tries, so that retries never outlive the caller. */
export interface Deadline {
  remainingMs(): number;
  /** Of a job: nobody waits for it, and it works on a bounded number of things at once. It may try until the deadline. */
  isPatient?: boolean;
}

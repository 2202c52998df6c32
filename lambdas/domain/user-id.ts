/**
 * What can name a user, the `sub` of a token: 1 to 128 printable ASCII characters. No `#`, which separates keys; no
 * `%`, so that a path can be decoded twice without harm.
 */
export const USER_ID = /^[!-"$&-~]{1,128}$/;

/**
 * Jest runs tests in a realm of their own, with an `Error` of its own: an `ECONNRESET` of Node's is no `Error` there,
 * and the SDK wraps it and loses its code. In production there is one realm. Importing this file makes them one here
 * too, for `instanceof Error`; the classes that extend it are told apart as ever.
 */
const { [Symbol.hasInstance]: isOrdinaryInstance } = Function.prototype;

/** Of any realm. */
function isError(value: unknown): boolean {
  return Object.prototype.toString.call(value) === '[object Error]';
}

Object.defineProperty(Error, Symbol.hasInstance, {
  value(this: unknown, value: unknown) {
    return (this === Error && isError(value)) || isOrdinaryInstance.call(this, value);
  },
});

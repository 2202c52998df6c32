/** A promise's value, or that of `onTimeout` when it takes longer. Leaves no timer behind. */
export async function orTimeout<Value>(
  promise: Promise<Value>,
  timeoutMs: number,
  onTimeout: () => Value,
): Promise<Value> {
  const { promise: timeout, resolve, reject } = Promise.withResolvers<Value>();
  const timer = setTimeout(() => {
    try {
      resolve(onTimeout());
    } catch (error) {
      reject(error instanceof Error ? error : new Error(String(error)));
    }
  }, timeoutMs);
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

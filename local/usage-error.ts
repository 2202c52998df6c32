/** Something that the program's user can fix. The program prints it as one line, without a stack. */
export class UsageError extends Error {
  override name = 'UsageError';
}

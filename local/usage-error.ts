/** Something that whoever started the program can fix. It is printed as one line, without a stack. */
export class UsageError extends Error {
  override name = 'UsageError';
}

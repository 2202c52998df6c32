/** Tells the demo's steps, and remembers whether they came out as told. */
export class Narrator {
  readonly #write: (text: string) => void;
  readonly #startedAt = performance.now();
  #steps = 0;
  #failures = 0;

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  begins(scene: string): void {
    this.#write(`\n${scene}\n`);
  }

  step(text: string, isAsTold: boolean): void {
    this.#steps += 1;
    this.#failures += isAsTold ? 0 : 1;
    this.#write(`  ${isAsTold ? '✓' : '✗ NOT AS TOLD:'} ${text}\n`);
  }

  fails(text: string): void {
    this.step(text, false);
  }

  says(text: string): void {
    this.#write(`  ${text}\n`);
  }

  /** @returns the code to exit with: 0 only if every step came out as told */
  finish(): number {
    const seconds = ((performance.now() - this.#startedAt) / 1000).toFixed(1);
    this.#write(
      this.#failures === 0
        ? `\nAll ${String(this.#steps)} steps came out as told, in ${seconds} s.\n`
        : `\n${String(this.#failures)} of ${String(this.#steps)} steps did not come out as told.\n`,
    );
    return this.#failures === 0 ? 0 : 1;
  }
}

/** Prints the demo's steps and counts those that did not go as expected. */
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

  step(text: string, isAsExpected: boolean): void {
    this.#steps += 1;
    this.#failures += isAsExpected ? 0 : 1;
    this.#write(`  ${isAsExpected ? '✓' : '✗ NOT AS EXPECTED:'} ${text}\n`);
  }

  says(text: string): void {
    this.#write(`  ${text}\n`);
  }

  /** @returns the code to exit with: 0 only if every step went as expected */
  finish(): number {
    const seconds = ((performance.now() - this.#startedAt) / 1000).toFixed(1);
    this.#write(
      this.#failures === 0
        ? `\nAll ${this.#steps} steps went as expected, in ${seconds} s.\n`
        : `\n${this.#failures} of ${this.#steps} steps did not go as expected.\n`,
    );
    return this.#failures === 0 ? 0 : 1;
  }
}

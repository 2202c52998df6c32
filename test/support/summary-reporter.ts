/** What Jest counted, as far as the line needs it. */
interface Results {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numRuntimeErrorTestSuites: number;
}

/**
 * A Jest reporter that ends a run's output with one line for scripts: `<n> passed, <m> failed`.
 *
 * The line is printed when the process exits, because Jest prints its own summary after all reporters. A test file
 * that could not be loaded has no tests to count, so it counts as one failure.
 */
export default class SummaryReporter {
  onRunComplete(_contexts: unknown, results: Results): void {
    const passed = results.numPassedTests;
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    process.once('exit', () => {
      process.stdout.write(`${passed} passed, ${failed} failed\n`);
    });
  }
}

/** What a run did with the things that it met. */
export interface RunFigures {
  totalProcessed: number;
  successCount: number;
  errorCount: number;
  /** 0 to 1: the share of failures; 0 when the run met nothing. */
  errorRate: number;
}

/** @param outcomes how often each outcome came; `failed` is the one that counts as an error */
export function runFiguresOf(outcomes: Readonly<Record<string, number>>): RunFigures {
  const totalProcessed = Object.values(outcomes).reduce((sum, each) => sum + each, 0);
  const errorCount = outcomes['failed'] ?? 0;
  return {
    totalProcessed,
    successCount: totalProcessed - errorCount,
    errorCount,
    errorRate: totalProcessed === 0 ? 0 : errorCount / totalProcessed,
  };
}

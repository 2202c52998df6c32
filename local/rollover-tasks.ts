import type { RolloverTasks, Task } from './state-machine.ts';

/** The rollover's Lambda functions. The first run loads them. */
export const ROLLOVER_TASKS: RolloverTasks = {
  RollPageFunctionArn: async (event) => {
    const { handler } = await import('../lambdas/jobs/rollover-page.ts');
    return asJson(await handler(event));
  },
  SummarizeFunctionArn: async (event) => {
    const { handler } = await import('../lambdas/jobs/rollover-summary.ts');
    return asJson(await handler(event));
  },
};

/** As Lambda would pass it on. */
function asJson(value: unknown): Awaited<ReturnType<Task>> {
  return JSON.parse(JSON.stringify(value)) as Awaited<ReturnType<Task>>;
}

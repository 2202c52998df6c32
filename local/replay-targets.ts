import * as z from 'zod/mini';
import { outputsOf } from './stack-outputs.ts';
import { UsageError } from './usage-error.ts';

const target = z.union([
  z.strictObject({ queueUrl: z.string() }),
  z.strictObject({ functionName: z.string() }),
  z.strictObject({ stateMachineArn: z.string() }),
  z.strictObject({ bucket: z.string() }),
]);

const replays = z.object({
  queues: z.record(z.string(), z.object({ url: z.string(), to: target })),
  /** The functions on the table's stream, by their names in the bucket. */
  consumers: z.record(z.string(), z.string()),
});

/** The dead-letter queues of a stack, and where their messages belong. */
export type Replays = z.infer<typeof replays>;
export type ReplayTarget = z.infer<typeof target>;

/** @throws UsageError */
export async function findReplays(stage: string): Promise<Replays> {
  const { Replays: text } = await outputsOf(stage);
  if (text === undefined) {
    throw new UsageError(`The stack Postage-${stage} has no output Replays: deploy it again.`);
  }
  return replays.parse(JSON.parse(text));
}

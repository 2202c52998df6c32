import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { UsageError } from './usage-error.ts';

/** What the stack of a stage says of itself. @throws UsageError */
export async function outputsOf(stage: string): Promise<Partial<Record<string, string>>> {
  const StackName = `Postage-${stage}`;
  try {
    const { Stacks } = await new CloudFormationClient().send(new DescribeStacksCommand({ StackName }));
    const outputs = Stacks?.[0]?.Outputs ?? [];
    return Object.fromEntries(
      outputs.map(({ OutputKey, OutputValue }) => [OutputKey ?? '', OutputValue ?? '']),
    );
  } catch (error) {
    throw new UsageError(`The stack ${StackName} can't be read. (${String(error)})`);
  }
}

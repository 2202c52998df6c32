import { CloudFormationClient, paginateListStackResources } from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';

/** The most lines of one log that are shown. */
const MAX_LINES = 20;
const MAX_LINE_LENGTH = 1_000;

/** What a function says when it fails: an error that it logged or threw, a right that it lacks, its end by timeout. */
const FAILURE =
  /"level":"(ERROR|CRITICAL)"|"errorType"|AccessDenied|Task timed out|^\S*\s*(Uncaught|ERROR)\b/;

/** The failures in the stack's logs since then, log by log. */
export async function failuresInLogs(stackName: string, since: number): Promise<string> {
  const logs = new CloudWatchLogsClient();
  const pages = paginateListStackResources({ client: new CloudFormationClient() }, { StackName: stackName });
  const told: string[] = [];
  for await (const { StackResourceSummaries = [] } of pages) {
    for (const { ResourceType, PhysicalResourceId, LogicalResourceId } of StackResourceSummaries) {
      if (ResourceType === 'AWS::Logs::LogGroup') {
        const { events = [] } = await logs.send(
          new FilterLogEventsCommand({ logGroupName: PhysicalResourceId, startTime: since }),
        );
        const lines = events
          .map(({ message = '' }) => message.trimEnd().slice(0, MAX_LINE_LENGTH))
          .filter((line) => FAILURE.test(line));
        if (lines.length > 0) {
          told.push(`${String(LogicalResourceId)}:`, ...lines.slice(-MAX_LINES).map((line) => `  ${line}`));
        }
      }
    }
  }
  return told.join('\n');
}

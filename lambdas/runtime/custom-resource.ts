import type { CloudFormationCustomResourceEvent, CloudFormationCustomResourceResponse } from 'aws-lambda';

type Outcome =
  | Pick<CloudFormationCustomResourceResponse & { Status: 'SUCCESS' }, 'Status' | 'Data'>
  | Pick<CloudFormationCustomResourceResponse & { Status: 'FAILED' }, 'Status' | 'Reason'>;

/** Tells CloudFormation what came of its request. It waits until it has an answer, so a failure is one too. */
export async function answerCloudFormation(
  event: CloudFormationCustomResourceEvent,
  outcome: Outcome,
): Promise<void> {
  const { ResponseURL, StackId, RequestId, LogicalResourceId } = event;
  const body = { ...outcome, PhysicalResourceId: LogicalResourceId, StackId, RequestId, LogicalResourceId };
  // As bytes, so that it has no content type: the address is signed for none.
  const { ok, status } = await fetch(ResponseURL, { method: 'PUT', body: Buffer.from(JSON.stringify(body)) });
  if (!ok) {
    throw new Error(`CloudFormation has answered ${String(status)}.`);
  }
}

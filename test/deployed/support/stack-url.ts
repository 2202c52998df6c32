import { CloudFormationClient, DescribeStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import * as z from 'zod/mini';

/**
 * Where a stack's API answers on this machine: its own address is one of AWS. It is found by its resource, because the
 * outputs name CloudFront where that stands in front.
 */
export async function urlOfStack(StackName: string, endpoint: string): Promise<string> {
  const client = new CloudFormationClient({});
  const { StackResources = [] } = await client.send(new DescribeStackResourcesCommand({ StackName }));
  const api = StackResources.find(({ ResourceType }) => ResourceType === 'AWS::ApiGatewayV2::Api');
  return `${endpoint}/_aws/execute-api/${z.parse(z.string(), api?.PhysicalResourceId)}/$default`;
}

import { Stack } from 'aws-cdk-lib';
import { type LogGroup, QueryDefinition, QueryString, type QueryStringProps } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { PostageFunction } from './postage-function.ts';
import type { Stage } from './stage.ts';

interface Query extends QueryStringProps {
  of: 'access log' | 'functions';
}

/** What one asks the logs when an alarm rings. The runbook names them. */
const QUERIES: Readonly<Record<string, Query>> = {
  'failed-requests': {
    of: 'access log',
    filterStatements: ['status >= 500'],
    statsStatements: ['count(*) as requests by routeKey, status, integrationError'],
    sort: 'requests desc',
  },
  'slow-requests': {
    of: 'access log',
    statsStatements: [
      'count(*) as requests, pct(responseLatencyMs, 50) as p50, pct(responseLatencyMs, 99) as p99 by routeKey',
    ],
    sort: 'p99 desc',
  },
  'refused-callers': {
    of: 'access log',
    filterStatements: ['status in [401, 403, 429]'],
    statsStatements: ['count(*) as requests by ip, routeKey, status'],
    sort: 'requests desc',
    limit: 50,
  },
  errors: {
    of: 'functions',
    fields: ['@timestamp', 'service', 'message', 'error.name', 'error.message', 'error.cause.message'],
    filterStatements: ["level in ['ERROR', 'CRITICAL']"],
    sort: '@timestamp desc',
    limit: 100,
  },
  'busy-table': {
    of: 'functions',
    filterStatements: ["error.name = 'BusyError'"],
    statsStatements: ['count(*) as times by service, error.cause.message'],
    sort: 'times desc',
  },
  'cold-starts': {
    of: 'functions',
    filterStatements: ["@type = 'REPORT'", 'ispresent(@initDuration)'],
    statsStatements: ['count(*) as starts, pct(@initDuration, 99) as p99 by @log'],
    sort: 'starts desc',
  },
};

/** Logs Insights has them under `postage-<stage>`. They cost nothing until somebody runs one. */
export class Queries extends Construct {
  constructor(scope: Construct, id: string, { stage, accessLog }: { stage: Stage; accessLog: LogGroup }) {
    super(scope, id);
    const functions = Stack.of(this)
      .node.findAll()
      .filter((each) => each instanceof PostageFunction)
      .map(({ logGroup }) => logGroup);
    for (const [name, { of, ...query }] of Object.entries(QUERIES)) {
      new QueryDefinition(this, name, {
        queryDefinitionName: `postage-${stage.name}/${name}`,
        logGroups: of === 'functions' ? functions : [accessLog],
        queryString: new QueryString(query),
      });
    }
  }
}

import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { Match } from 'aws-cdk-lib/assertions';
import { resourcesOf, templateOf } from './template.ts';

const template = templateOf({ stage: 'prod' });
const runbook = readFileSync(new URL('../../docs/runbook.md', import.meta.url), 'utf8');

interface Widget {
  type: string;
  properties: { title?: string; alarms?: unknown[]; metrics?: unknown[] };
}

/** The dashboard's text, with a name in place of each reference. */
function widgets(): Widget[] {
  const [[, dashboard] = []] = resourcesOf(template, 'AWS::CloudWatch::Dashboard');
  const { 'Fn::Join': joined } = dashboard?.Properties['DashboardBody'] as {
    'Fn::Join': [string, unknown[]];
  };
  const text = joined[1].map((part) => (typeof part === 'string' ? part : 'reference')).join('');
  return (JSON.parse(text) as { widgets: Widget[] }).widgets;
}

describe('the dashboard', () => {
  it('shows the alarms first, all of them, then what users notice', () => {
    const [title, alarms, ...graphs] = widgets();
    expect(title?.type).toBe('text');
    expect(alarms?.type).toBe('alarm');
    expect(alarms?.properties.alarms).toHaveLength(resourcesOf(template, 'AWS::CloudWatch::Alarm').length);
    expect(graphs.slice(0, 3).map(({ properties }) => properties.title)).toEqual([
      'Requests',
      'Refused and failed requests',
      'Milliseconds',
    ]);
  });

  it('has at most the 50 metrics that cost nothing', () => {
    const metrics = widgets().flatMap(({ properties }) => properties.metrics ?? []);
    expect(metrics.length).toBeGreaterThan(25);
    expect(metrics.length).toBeLessThanOrEqual(50);
  });
});

describe('the queries', () => {
  it('are named after the stage, and in the runbook', () => {
    const names = resourcesOf(template, 'AWS::Logs::QueryDefinition').map(([, { Properties }]) =>
      String(Properties['Name']),
    );
    expect(names.length).toBeGreaterThan(4);
    for (const name of names) {
      expect(name).toMatch(/^postage-prod\//);
      expect(runbook).toContain(`\`${name}\``);
    }
  });
});

describe('the access log', () => {
  it('has the address of the caller, and is forgotten after two weeks', () => {
    template.hasResourceProperties('AWS::ApiGatewayV2::Stage', {
      AccessLogSettings: { Format: Match.stringLikeRegexp('"ip":"\\$context.identity.sourceIp"') },
    });
    template.hasResourceProperties('AWS::Logs::LogGroup', {
      LogGroupName: '/aws/vendedlogs/postage-prod/api',
      RetentionInDays: 14,
    });
    templateOf({ stage: 'prod', retention: { logDays: 7 } }).hasResourceProperties('AWS::Logs::LogGroup', {
      LogGroupName: '/aws/vendedlogs/postage-prod/api',
      RetentionInDays: 7,
    });
  });

  it.each([
    ['RateLimited-prod', '{ $.status = "429" }'],
    ['WebhooksRefused-prod', '{ $.status = "401" && $.routeKey = "POST /webhooks/*" }'],
  ])('counts %s', (MetricName, FilterPattern) => {
    template.hasResourceProperties('AWS::Logs::MetricFilter', {
      FilterPattern,
      MetricTransformations: [Match.objectLike({ MetricNamespace: 'Postage', MetricName, MetricValue: '1' })],
    });
  });
});

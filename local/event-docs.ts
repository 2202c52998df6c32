/** Writes docs/events.md from the catalogue: `npm run docs:events`. */
import { writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import * as z from 'zod/mini';
import { detailSchema } from '../lambdas/letters/adapters/event-schemas.ts';
import { type EventName, EVENTS } from '../lambdas/letters/domain/events.ts';

const FILE = new URL('../docs/events.md', import.meta.url);

const INTRODUCTION = `# Events

Postage publishes what happens on the EventBridge bus \`postage-<stage>\` (the stack's output \`EventBusName\`), with the
source \`postage\` and the event's name as the detail type. \`npm run docs:events\` writes this page from
\`lambdas/domain/events.ts\` and \`lambdas/letters/domain/events.ts\`.

- **At least once.** An event may come again, late and out of order, always under the same \`id\`. Remember the ids that
  you have handled.
- **After the fact.** An event follows a committed write, mostly within a second. Nothing in Postage waits for it.
- **Not personal.** The data are ids, counts and instants (ISO 8601, UTC, milliseconds), never what a letter says or
  whom it goes to. \`userId\` is the \`sub\` of the user's token.
- **Versions.** New members may be added to the data of a version. A change that could break a reader gets a new
  \`version\`.

A rule that takes one kind of event to a function or a queue:

\`\`\`json
{ "source": ["postage"], "detail-type": ["UsageThresholdReached"] }
\`\`\`

On a laptop (\`npm start\`), \`GET /dev/events?name=…&user=…&limit=…\` shows what was published, newest first.
`;

/** The page, from the catalogue. */
export async function eventDocs(): Promise<string> {
  const names = Object.keys(EVENTS) as EventName[];
  const page = [INTRODUCTION, ...names.map(sectionOf)].join('\n');
  return format(page, { ...(await resolveConfig(FILE)), parser: 'markdown' });
}

function sectionOf(name: EventName): string {
  const { version, says } = EVENTS[name];
  const schema = z.toJSONSchema(detailSchema(name), {
    override: ({ jsonSchema }) => {
      // The format says the same in a word.
      if (jsonSchema.format === 'date-time') {
        delete jsonSchema.pattern;
      }
      if (jsonSchema.format === 'starts_with') {
        delete jsonSchema.format;
      }
    },
  });
  return `## ${name}

${says} Version ${version}.

\`\`\`json
${JSON.stringify(schema, null, 2)}
\`\`\`
`;
}

if (import.meta.main) {
  writeFileSync(FILE, await eventDocs());
}

import { afterAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { externalDynamodb } from '../../local/command-line.ts';
import { startEngine } from '../../local/engine.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'postage-engine-'));
const isEmbedded = externalDynamodb() === null;

afterAll(() => {
  rmSync(dataDir, { recursive: true });
});

/** How the engine finds the number of the next record of a stream, once for each item that is written. */
function planOfWriting(): string {
  const database = new DatabaseSync(join(dataDir, 'dynamodb.sqlite'));
  const lastNumber = 'SELECT MAX(CAST(sequence_number AS INTEGER)) FROM _stream_records WHERE table_name = ?';
  const plan = database.prepare(`EXPLAIN QUERY PLAN ${lastNumber}`).all('table');
  // As data are that an engine without the index has written.
  database.exec('DROP INDEX IF EXISTS postage_stream');
  database.close();
  return JSON.stringify(plan);
}

(isEmbedded ? describe : describe.skip)('the embedded engine', () => {
  it.each(['new data', 'data of before'])('does not read the whole stream for a write to %s', async () => {
    const engine = await startEngine({ dataDir });
    await engine.stop();
    expect(planOfWriting()).toContain('SEARCH _stream_records USING COVERING INDEX postage_stream');
  });
});

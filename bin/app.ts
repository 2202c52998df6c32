import { ConfigFileError, loadConfig } from '../lib/load-config.ts';
import { createPostageApp } from '../lib/postage-app.ts';

try {
  // Which file, and nothing that it says.
  createPostageApp(await loadConfig(process.env['POSTAGE_CONFIG'])).synth();
} catch (error) {
  if (!(error instanceof ConfigFileError)) {
    throw error;
  }
  console.error(error.message);
  process.exitCode = 2;
}

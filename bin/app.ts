import { ConfigFileError, loadConfig } from '../lib/load-config.ts';
import { configFileInContext, createPostageApp } from '../lib/postage-app.ts';

try {
  createPostageApp(await loadConfig(configFileInContext())).synth();
} catch (error) {
  if (!(error instanceof ConfigFileError)) {
    throw error;
  }
  console.error(error.message);
  process.exitCode = 2;
}

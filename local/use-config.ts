import { pathToFileURL } from 'node:url';
import type { CatalogueFile } from '../lambdas/domain/catalogue.ts';
import { loadConfig, type LoadedConfig, resolveTo } from '../lib/load-config.ts';

/**
 * Makes an owner's file the one that modules import as `#config`. A module that has been loaded keeps the one that it got.
 *
 * @param file the one at the top unless told
 * @throws ConfigFileError
 */
export async function useConfig(file: string | undefined): Promise<LoadedConfig['config']> {
  const { file: found, config } = await loadConfig(file);
  resolveTo('#config', pathToFileURL(found).href);
  return config;
}

/** Does the same with a catalogue that was recorded. */
export function useCatalogue(catalogue: CatalogueFile): void {
  const text = `export const catalogue = ${JSON.stringify(catalogue)};`;
  resolveTo('#config', `data:text/javascript,${encodeURIComponent(text)}`);
}

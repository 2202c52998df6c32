/** The files of the page: how the local gateway and the bucket in AWS tell browsers of them. */

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  json: 'application/json',
};

/** @param file its path within the page */
export function mediaType(file: string): string {
  return MEDIA_TYPES[file.slice(file.lastIndexOf('.') + 1)] ?? 'application/octet-stream';
}

/** Files with a hash in their name never change; all others are asked for each time. */
export function cacheControl(file: string): string {
  return file.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache';
}

/** Where the page lies beneath the address of the API. */
export const PAGE_PATH = '/app/';

export const PAGE_INDEX = 'index.html';

/** What a deployment tells the page. */
export const PAGE_CONFIG = 'config.json';

/** The folder beside the bundle of the function that publishes the page. */
export const PAGE_FOLDER = 'page';

/** The bucket that CloudFront gets the page from. Keys are the paths that browsers ask for. */
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { DeleteObjectsCommand, paginateListObjectsV2, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { cacheControl, mediaType, PAGE_CONFIG, PAGE_INDEX, PAGE_PATH } from '../wiring/page-files.ts';

export interface PageBucket {
  client: S3Client;
  bucket: string;
}

export function connectPageBucket(bucket: string): PageBucket {
  const client = new S3Client({
    requestHandler: { requestTimeout: 10_000, throwOnRequestTimeout: true, connectionTimeout: 1_000 },
  });
  return { client, bucket };
}

/**
 * Puts the built page there, with what this deployment tells it.
 *
 * What former versions have brought stays: a page that is open in a browser still asks for parts of its own version, which
 * have names of their own. A hundred versions are some 100 MB, so nothing clears them away. A lifecycle rule could not: it
 * knows how old a file is, and not whether the present version uses it.
 */
export async function publishPage(to: PageBucket, folder: string, config: string): Promise<void> {
  const put = async (file: string): Promise<void> => putFile(to, file, await readFile(join(folder, file)));
  const files = await filesIn(folder);
  await Promise.all(files.filter((file) => file !== PAGE_INDEX).map(put));
  await putFile(to, PAGE_CONFIG, config);
  // It names the others, so it comes when they are there.
  await put(PAGE_INDEX);
}

async function putFile(
  { client, bucket }: PageBucket,
  file: string,
  body: Uint8Array | string,
): Promise<void> {
  await client.send(
    new PutObjectCommand({
      Bucket: bucket,
      Key: `${PAGE_PATH.slice(1)}${file}`,
      Body: body,
      ContentType: mediaType(file),
      CacheControl: cacheControl(file),
    }),
  );
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(folder, join(parentPath, name)));
}

/** Deletes all that is in the bucket, which only an empty one lets itself be. @throws Error when something stays */
export async function emptyBucket({ client, bucket }: PageBucket): Promise<void> {
  for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket: bucket })) {
    const Objects = Contents.map(({ Key }) => ({ Key }));
    if (Objects.length > 0) {
      const { Errors = [] } = await client.send(
        new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }),
      );
      if (Errors.length > 0) {
        throw new Error(`S3 did not delete ${String(Errors.length)} files: ${String(Errors[0]?.Message)}`);
      }
    }
  }
}

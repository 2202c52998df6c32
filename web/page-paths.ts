/**
 * Which file of the page a path names. A path that names none is a place within the page, which finds its way by itself.
 *
 * CloudFront runs the text of this function too, so it uses nothing around it, and only what CloudFront knows:
 * https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/functions-javascript-runtime-20.html
 *
 * @param path what follows `/app/`
 */
export function fileAt(path: string): string {
  if (path === 'example/') {
    return 'example/index.html';
  }
  // Names of users stand in places too, and may have dots.
  return /^((assets|example)\/)?[^/]+\.[a-z0-9]+$/.test(path) ? path : 'index.html';
}

/** Shows how far a long task is. */
export interface ProgressBar {
  advance: (count: number) => void;
  end: () => void;
}

const WIDTH = 30;
const REDRAW_AFTER_MS = 100;
const LINE_AFTER_MS = 2_000;

/** Redraws one line on a terminal; writes a line every two seconds into a file or a pipe. */
export function startProgressBar(total: number, unit: string, stream: NodeJS.WriteStream): ProgressBar {
  const startedAt = performance.now();
  let done = 0;
  let shownAt = startedAt;
  const show = (): void => {
    shownAt = performance.now();
    const text = describe(done, total, unit, shownAt - startedAt);
    stream.write(stream.isTTY ? `\r\u001b[K${drawBar(done, total)} ${text}` : `${text}\n`);
  };
  const showAfterMs = stream.isTTY ? REDRAW_AFTER_MS : LINE_AFTER_MS;
  if (stream.isTTY) {
    show();
  }
  return {
    advance: (count) => {
      done += count;
      if (performance.now() - shownAt >= showAfterMs) {
        show();
      }
    },
    end: () => {
      show();
      if (stream.isTTY) {
        stream.write('\n');
      }
    },
  };
}

function drawBar(done: number, total: number): string {
  const filled = total === 0 ? WIDTH : Math.min(WIDTH, Math.floor((done / total) * WIDTH));
  return `[${'#'.repeat(filled)}${'-'.repeat(WIDTH - filled)}]`;
}

function describe(done: number, total: number, unit: string, elapsedMs: number): string {
  const perSecond = done / Math.max(elapsedMs / 1_000, 0.001);
  const secondsLeft = done === 0 || done >= total ? null : Math.ceil((total - done) / perSecond);
  const left = secondsLeft === null ? '' : `, about ${secondsLeft} s left`;
  return `${done} of ${total} ${unit} (${perSecond.toFixed(0)}/s${left})`;
}

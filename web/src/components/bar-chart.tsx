import { type ReactElement, useEffect, useId, useRef, useState } from 'react';
import { format } from '../format/reader.ts';
import './chart.css';

interface BarChartProps {
  /** What the picture is of; the table beneath has the figures. */
  label: string;
  /** From the oldest to the newest. */
  points: readonly { name: string; value: number }[];
}

/** Until it is known how much room there is. */
const USUAL_WIDTH = 720;
const HEIGHT = 180;
const BASE = 150;
const TOP = 22;
const WIDEST = 48;
/** Names and figures nearer than these would overlap. */
const NAME_WIDTH = 64;
const VALUE_WIDTH = 26;

/** Bars from zero, each with its figure. */
export function BarChart({ label, points }: BarChartProps): ReactElement {
  const id = useId();
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(USUAL_WIDTH);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(entry?.contentRect.width ?? USUAL_WIDTH));
    if (box.current !== null) {
      observer.observe(box.current);
    }
    return () => observer.disconnect();
  }, []);
  const room = Math.max(width, 1);
  const most = Math.max(1, ...points.map(({ value }) => value));
  const step = room / Math.max(points.length, 1);
  const barWidth = Math.min(step * 0.6, WIDEST);
  const namesEvery = Math.max(1, Math.ceil(NAME_WIDTH / step));
  return (
    <div className="chart-box" ref={box}>
      <svg
        height={HEIGHT}
        viewBox={`0 0 ${room} ${HEIGHT}`}
        role="img"
        aria-labelledby={id}
        className="chart-picture"
      >
        <title id={id}>{label}</title>
        <line className="chart-line" x1="0" x2={room} y1={BASE} y2={BASE} />
        {points.map(({ name, value }, index) => {
          const height = (value / most) * (BASE - TOP);
          const middle = step * (index + 0.5);
          return (
            <g key={`${index} ${name}`}>
              <rect
                className={value === 0 ? 'chart-zero' : 'chart-bar'}
                x={middle - barWidth / 2}
                y={value === 0 ? BASE - 1 : BASE - height}
                width={barWidth}
                height={value === 0 ? 1 : height}
                rx={value === 0 ? 0 : 3}
              />
              {step >= VALUE_WIDTH && (
                <text className="chart-value" x={middle} y={BASE - height - 6} textAnchor="middle">
                  {format.count(value)}
                </text>
              )}
              {index % namesEvery === 0 && (
                <text className="chart-text" x={middle} y={BASE + 18} textAnchor="middle">
                  {name}
                </text>
              )}
            </g>
          );
        })}
      </svg>
    </div>
  );
}

// The line that fits points best (least squares): what a figure does over time, whatever single ones do.

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** @returns what `y` grows by when `x` grows by one; NaN for fewer than two points, or when all have one `x` */
export function slopeOf(points: readonly Point[]): number {
  const mean = (value: (point: Point) => number) =>
    points.reduce((sum, point) => sum + value(point), 0) / points.length;
  const [meanX, meanY] = [mean(({ x }) => x), mean(({ y }) => y)];
  const spread = points.reduce((sum, { x }) => sum + (x - meanX) ** 2, 0);
  return points.reduce((sum, { x, y }) => sum + (x - meanX) * (y - meanY), 0) / spread;
}

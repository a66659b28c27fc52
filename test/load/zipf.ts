// Popularity as it is among people and things: the k-th is asked for 1/k^s times as often as the first.

/** @returns for a random number in [0, 1) an index below `count`; 0 is the most popular */
export function createZipf(count: number, exponent: number): (random: number) => number {
  const ends: number[] = [];
  let sum = 0;
  for (let rank = 1; rank <= count; rank += 1) {
    sum += rank ** -exponent;
    ends.push(sum);
  }
  return (random) => {
    const wanted = random * sum;
    let [low, high] = [0, count - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((ends[middle] ?? sum) > wanted) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}

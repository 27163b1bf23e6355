import { formatBytes, formatDuration, secondsBetween } from './format';

describe('formatBytes', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1 kB'],
    [1440, '1.4 kB'],
    [999_499, '999 kB'],
    [999_500, '1 MB'],
    [12_345_678, '12.3 MB'],
    [5e20, '500000 PB']
  ])('%d is %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));
});

describe('formatDuration', () => {
  it.each([
    [0, '0 s'],
    [0.04, '40 ms'],
    [0.9996, '1 s'],
    [1.44, '1.4 s'],
    [59.4, '59 s'],
    [59.6, '1 min'],
    [200, '3 min 20 s'],
    [7500, '2 h 5 min'],
    [86_400 * 4 + 3600 * 3, '4 d 3 h']
  ])('%d is %s', (seconds, text) => expect(formatDuration(seconds)).toBe(text));
});

describe('secondsBetween', () => {
  it('is null before the start and grows until the end', () => {
    const start = '2026-01-01T00:00:00Z';
    const now = Date.parse('2026-01-01T00:00:05Z');
    expect(secondsBetween(null, null, now)).toBeNull();
    expect(secondsBetween(start, null, now)).toBe(5);
    expect(secondsBetween(start, '2026-01-01T00:00:02Z', now)).toBe(2);
  });
});

import { IAnswer, Latest } from './latest';

function setup() {
  const asked: {
    question: string;
    answer: (value: string) => void;
    fail: () => void;
  }[] = [];
  const latest = new Latest<string, string>(
    question =>
      new Promise((resolve, reject) =>
        asked.push({ question, answer: resolve, fail: () => reject(new Error('no')) })
      ),
    { delay: 100, patience: 1000 }
  );
  const heard: IAnswer<string, string>[] = [];
  latest.answered.connect((_, answer) => heard.push(answer));
  return { latest, asked, heard, questions: () => asked.map(one => one.question) };
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

it('asks once after the last of several changes', async () => {
  const { latest, asked, heard, questions } = setup();
  latest.put('a');
  jest.advanceTimersByTime(60);
  latest.put('b');
  jest.advanceTimersByTime(60);
  expect(questions()).toEqual([]);
  jest.advanceTimersByTime(60);
  expect(questions()).toEqual(['b']);
  asked[0].answer('B');
  await jest.advanceTimersByTimeAsync(0);
  expect(heard).toEqual([{ question: 'b', answer: 'B' }]);
  expect(latest.busy).toBe(false);
});

it('has one question under way, and asks the newest when that is answered', async () => {
  const { latest, asked, questions } = setup();
  for (const question of ['a', 'b', 'c']) {
    latest.put(question);
    jest.advanceTimersByTime(150);
  }
  expect(questions()).toEqual(['a']);
  asked[0].answer('A');
  await jest.advanceTimersByTimeAsync(0);
  expect(questions()).toEqual(['a', 'c']);
});

it('does not hear an answer that comes after a newer one', async () => {
  const { latest, asked, heard } = setup();
  latest.put('a');
  jest.advanceTimersByTime(100);
  latest.put('b');
  await jest.advanceTimersByTimeAsync(1000); // patience with a ends, b goes out
  asked[1].answer('B');
  await jest.advanceTimersByTimeAsync(0);
  asked[0].answer('A');
  await jest.advanceTimersByTimeAsync(0);
  expect(heard.map(one => one.answer)).toEqual([undefined, 'B']);
});

it('goes on after a failure', async () => {
  const { latest, asked, heard } = setup();
  latest.put('a');
  jest.advanceTimersByTime(100);
  asked[0].fail();
  await jest.advanceTimersByTimeAsync(0);
  expect(heard[0].failure).toBeInstanceOf(Error);
  latest.put('b', 0);
  jest.advanceTimersByTime(1);
  asked[1].answer('B');
  await jest.advanceTimersByTimeAsync(0);
  expect(heard[1]).toEqual({ question: 'b', answer: 'B' });
});

it('forgets', async () => {
  const { latest, asked, heard } = setup();
  latest.put('a');
  jest.advanceTimersByTime(100);
  latest.clear();
  asked[0].answer('A');
  await jest.advanceTimersByTimeAsync(0);
  expect(heard).toEqual([]);
});

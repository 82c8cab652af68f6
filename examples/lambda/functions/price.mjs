// Gets what the request template makes, and knows nothing of WebSockets.
const prices = { tea: 4, coffee: 5 };

export async function handler({ item, currency }) {
  if (!Object.hasOwn(prices, item)) throw new Error(`Unknown item ${item}`);
  return { price: `${prices[item]} ${currency}` };
}

// Who is connected. At AWS this is a DynamoDB table; the API is not about it, so here it is a map of the runtime.
const connectionIds = new Set();

export const table = {
  async put(connectionId) {
    connectionIds.add(connectionId);
  },
  async delete(connectionId) {
    connectionIds.delete(connectionId);
  },
  async scan() {
    return [...connectionIds];
  },
};

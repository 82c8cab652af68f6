// Who is in which room, in memory: fine for one process of an example. A real back end keeps this in its database, since
// the gateway may send the next message of the same connection to any of its processes.

const roomsMax = 1_000;
const membersMax = 500;

export class Rooms {
  /** Connection id → { room, name }. */
  #members = new Map();
  /** Room → set of connection ids. */
  #rooms = new Map();

  /** Puts a connection into a room, out of its former one. Returns why not, or undefined. */
  join(connectionId, room, name) {
    const ids = this.#rooms.get(room);
    if (ids === undefined && this.#rooms.size >= roomsMax) return 'There are too many rooms.';
    if (ids !== undefined && !ids.has(connectionId)) {
      if (ids.size >= membersMax) return 'This room is full.';
      if (this.names(room).includes(name)) return `Somebody in ${room} is called ${name} already.`;
    }
    this.leave(connectionId);
    this.#members.set(connectionId, { room, name });
    this.#rooms.set(room, (this.#rooms.get(room) ?? new Set()).add(connectionId));
    return undefined;
  }

  /** Takes a connection out of its room. Returns what it was, or undefined. */
  leave(connectionId) {
    const member = this.#members.get(connectionId);
    if (member === undefined) return undefined;
    this.#members.delete(connectionId);
    const ids = this.#rooms.get(member.room);
    ids?.delete(connectionId);
    if (ids?.size === 0) this.#rooms.delete(member.room);
    return member;
  }

  member(connectionId) {
    return this.#members.get(connectionId);
  }

  connections(room) {
    return [...(this.#rooms.get(room) ?? [])];
  }

  names(room) {
    return this.connections(room).map((id) => this.#members.get(id)?.name);
  }
}

/** One database for the page: what it works on, pieces where there are no files, and leases where there are no locks. */
const NAME = "shoal";
const VERSION = 1;

export type TableName = "work" | "pieces" | "leases";

const TABLES: readonly TableName[] = ["work", "pieces", "leases"];

/** Keys are texts and numbers, compared in order (IndexedDB's arrays). */
export type Key = readonly (string | number)[];

/** Opens the database. Rejects where the browser has none, and when it is full or damaged. */
export async function openDatabase(factory: IDBFactory = indexedDB): Promise<Database> {
  const request = factory.open(NAME, VERSION);
  request.onupgradeneeded = () => {
    for (const name of TABLES) request.result.createObjectStore(name);
  };
  const opened = await resultOf(request);
  // A later version of the page wants to change it: this one lets go.
  opened.onversionchange = () => opened.close();
  return new Database(opened);
}

/** IndexedDB in promises, with what is needed of it. Every method rejects with the browser's own error. */
export class Database {
  readonly #db: IDBDatabase;

  constructor(db: IDBDatabase) {
    this.#db = db;
  }

  async get(table: TableName, key: Key): Promise<unknown> {
    return await resultOf(this.#store(table, "readonly").get([...key]));
  }

  /** Values whose key begins with `prefix`, in order of their keys; all for an empty one. */
  async all(table: TableName, prefix: Key = []): Promise<readonly unknown[]> {
    return await resultOf<unknown[]>(this.#store(table, "readonly").getAll(rangeOf(prefix)));
  }

  async keys(table: TableName, prefix: Key): Promise<readonly IDBValidKey[]> {
    return await resultOf(this.#store(table, "readonly").getAllKeys(rangeOf(prefix)));
  }

  /** Resolves once it is stored for good. */
  async put(table: TableName, key: Key, value: unknown): Promise<void> {
    const store = this.#store(table, "readwrite");
    store.put(value, [...key]);
    await committed(store.transaction);
  }

  /** Replaces a value by what `change` makes of it, with nobody in between; undefined leaves it. Resolves to the new one. */
  async change<T>(table: TableName, key: Key, change: (value: unknown) => T | undefined): Promise<T | undefined> {
    const store = this.#store(table, "readwrite");
    const value = change(await resultOf<unknown>(store.get([...key])));
    if (value !== undefined) store.put(value, [...key]);
    await committed(store.transaction);
    return value;
  }

  async delete(table: TableName, prefix: Key): Promise<void> {
    const store = this.#store(table, "readwrite");
    store.delete(rangeOf(prefix));
    await committed(store.transaction);
  }

  close(): void {
    this.#db.close();
  }

  #store(table: TableName, mode: IDBTransactionMode): IDBObjectStore {
    return this.#db.transaction(table, mode).objectStore(table);
  }
}

/** Arrays sort after texts and numbers, so an empty one at the end is behind every longer key with this prefix. */
function rangeOf(prefix: Key): IDBKeyRange {
  return IDBKeyRange.bound([...prefix], [...prefix, []]);
}

function resultOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("The browser's database failed"));
  });
}

function committed(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    const fail = (): void => reject(transaction.error ?? new Error("The browser's database failed"));
    transaction.onabort = fail;
    transaction.onerror = fail;
  });
}
